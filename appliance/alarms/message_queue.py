"""The messages that wait: which go to their channels now, and what became of those that went.

    queue.settle()                # answers that came
    queue.send(level)             # what is due, the most important first
    queue.find_next()             # when something is due again, None: nothing waits

Reads and writes: `Alarm` and `AlarmDelivery` rows, channels through their workers.
Never: gives a message to a channel before `sending` is on disk, or forgets an answer that could not
be stored.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from appliance.alarms.answer_files import AnswerFiles
from appliance.alarms.channels.requests import SendAnswer
from appliance.alarms.deliveries import (
    Answer,
    begin,
    drop,
    expire,
    list_due,
    postpone,
    settle,
    withdraw,
)
from appliance.alarms.holding import ChannelPause, Conditions, find_hold
from appliance.alarms.limits import DAY, SentMessage
from appliance.alarms.requesting import Requester
from appliance.alarms.switching import LATEST_S, LOOK_EVERY_S, SwitchDesk
from appliance.alarms.workers import Workers
from appliance.model import EnergyLevel
from appliance.model_alarms import Alarm, AlarmDelivery, DeliveryState
from appliance.settings import Settings
from appliance.store import alarm_rows
from appliance.store.store import Store
from appliance.store.unit_time import read_time
from appliance.wording.site_time import find_zone

DAY_S = 86_400.0
MOST_AT_ONCE = 200  # that one pass looks at
MANY_FAILURES = 3  # of a message, from which on its channel is a fault


class MessageQueue:
    """For one thread."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        workers: Workers,
        requester: Requester,
        files: AnswerFiles | None = None,
    ) -> None:
        self._store, self._settings = store, settings
        self._workers, self._requester = workers, requester
        self._zone = find_zone(settings.site.timezone)
        self._files, self._desk = files, SwitchDesk(store, settings)
        self._answers: list[SendAnswer] = []
        self._handed: dict[str, AlarmDelivery] = {}
        self._pauses: dict[str, ChannelPause] = {}
        self._random = Random()
        self._open: Sequence[AlarmDelivery] = ()
        self._time = read_time(store)

    def settle(self) -> None:
        """Store what channels have answered. Raises `StoreError`; then it is kept."""
        self._resume()
        self._answers += self._workers.take_answers()
        while self._answers:
            self._settle_one(self._answers[0])
            self._workers.release(self._answers.pop(0).delivery_id)
        for answer in self._desk.list_answers():
            self._settle_one(answer)
            self._desk.release(answer.delivery_id)

    def _resume(self) -> None:
        """Answers that were not stored before a kill."""
        if self._files is None or self._files.is_clear:
            return
        self.resume(self._files.take_left())
        self._files.forget()

    def resume(self, answers: Sequence[SendAnswer]) -> None:
        """Store answers that a service before this one was killed too early for. Raises
        `StoreError`.
        """
        waiting = {one.delivery_id: one for one in alarm_rows.list_open(self._store)}
        for answer in answers:
            delivery = waiting.get(answer.delivery_id)
            if delivery is not None and delivery.state is DeliveryState.SENDING:
                self._handed[answer.delivery_id] = delivery
                self._settle_one(answer)

    def send(self, level: EnergyLevel | None) -> None:
        """Give the channels what they may have. Raises `StoreError`."""
        now = self._store.clock.stamp().utc
        self._open = alarm_rows.list_open(self._store)
        sent = alarm_rows.list_sent(self._store, now - DAY)
        self._time = read_time(self._store)
        for delivery in list_due(self._open, now)[:MOST_AT_ONCE]:
            if not self._is_under_way(delivery):
                self._send_one(delivery, level, sent)
        self._open = alarm_rows.list_open(self._store)

    def _is_under_way(self, delivery: AlarmDelivery) -> bool:
        """Whether a channel has it; also where that is a process of a killed service."""
        if delivery.delivery_id in self._workers.under_way | self._desk.under_way:
            return True
        is_left = self._files is not None and not self._files.is_clear
        return is_left and delivery.state is DeliveryState.SENDING

    def find_next(self) -> datetime | None:
        """When a message is due that waits for a time; None where none does."""
        soon = self._store.clock.stamp().utc + timedelta(seconds=LOOK_EVERY_S)
        times = (
            soon if self._is_under_way(one) else self._find_time(one)
            for one in self._open
            if one.delivery_id not in self._workers.under_way
        )
        return min(times, default=None)

    @property
    def waiting(self) -> Sequence[AlarmDelivery]:
        """Those that are not sent yet."""
        return self._open

    def list_troubles(self) -> Iterator[str]:
        """Channels that fail again and again, each with its last reason."""
        told: set[str] = set()
        for one in self._open:
            if one.attempts >= MANY_FAILURES and one.channel not in told:
                told.add(one.channel)
                yield f"the channel {one.channel} does not take messages: {one.reason}"

    def _find_time(self, delivery: AlarmDelivery) -> datetime:
        pause = self._pauses.get(delivery.channel)
        if pause is None or not pause.holds(delivery, self._store.clock.stamp().utc):
            return delivery.not_before
        return max(delivery.not_before, pause.find_end(delivery))

    # --- one message ---------------------------------------------------------------------------

    def _send_one(
        self, delivery: AlarmDelivery, level: EnergyLevel | None, sent: Sequence[AlarmDelivery]
    ) -> None:
        alarm = alarm_rows.find_alarm(self._store, delivery.alarm_id)
        refused = self._refuse(delivery, alarm)
        if refused is not None or alarm is None:
            self._store.add(refused or drop(delivery, "dropped: its alarm cannot be read"))
            return
        if self._desk.is_switch(delivery.channel) and delivery.state is DeliveryState.SENDING:
            self._desk.ask(delivery, alarm)  # before this service was killed
            self._handed[delivery.delivery_id] = delivery
            return
        now = self._store.clock.stamp().utc
        pause = self._pauses.get(delivery.channel)
        if self._workers.is_busy(delivery.channel) or (pause and pause.holds(delivery, now)):
            return
        hold = find_hold(delivery, alarm, self._find_conditions(delivery, level, sent))
        if hold is not None:
            self._store.add(postpone(delivery, hold.until, hold.reason))
            return
        self._hand_over(delivery, alarm, level)

    def _refuse(self, delivery: AlarmDelivery, alarm: Alarm | None) -> AlarmDelivery | None:
        """A message that is not sent any more; None for one that may be."""
        days = self._settings.alarms.queue_days
        age_s = self._time.measure_age_s(delivery.stamp.boot_id, delivery.stamp.uptime_s)
        if age_s is not None and age_s > days * DAY_S:
            return expire(delivery, days)
        if delivery.channel not in self._settings.channel:
            return drop(delivery, f"dropped: there is no [channel.{delivery.channel}] any more")
        if delivery.recipient not in self._settings.recipient:
            return drop(delivery, f"dropped: there is no [recipient.{delivery.recipient}] any more")
        if self._desk.is_switch(delivery.channel) and is_too_late(delivery, age_s):
            return drop(delivery, f"dropped: too late for a switch: {delivery.reason}")
        if alarm is not None and alarm.acknowledged_by:
            return withdraw(delivery, alarm.acknowledged_by)
        return None

    def _find_conditions(
        self, delivery: AlarmDelivery, level: EnergyLevel | None, sent: Sequence[AlarmDelivery]
    ) -> Conditions:
        now = self._store.clock.stamp().utc
        own = [
            SentMessage(one.sent or now, one.size_bytes)
            for one in (*sent, *self._handed.values())
            if one.recipient == delivery.recipient
        ]
        recipient = self._settings.recipient[delivery.recipient]
        return Conditions(now, now.astimezone(self._zone), level, recipient, own)

    def _hand_over(self, delivery: AlarmDelivery, alarm: Alarm, level: EnergyLevel | None) -> None:
        begun = begin(delivery, covers=alarm.occurrences)
        if self._desk.is_switch(delivery.channel):
            self._store.add(begun, self._desk.ask(delivery, alarm))
            self._handed[delivery.delivery_id] = begun
            return
        request = self._requester.build(delivery, alarm, level)
        self._store.add(begun)
        self._handed[delivery.delivery_id] = begun
        self._workers.give(request)

    def _settle_one(self, answer: SendAnswer) -> None:
        delivery = self._handed.get(answer.delivery_id)
        if delivery is None:
            return
        if self._desk.is_switch(delivery.channel) and not answer.sent:
            self._store.add(drop(delivery, answer.text))
            del self._handed[answer.delivery_id]
            return
        now = self._store.clock.stamp().utc
        pause = self._pauses.get(delivery.channel)
        failures = pause.failures if pause else 0
        settled = settle(
            delivery,
            Answer(answer.sent, answer.text, answer.refused, answer.size_bytes),
            now,
            self._random,
            failures=failures,
        )
        self._store.add(settled)
        del self._handed[answer.delivery_id]
        self._requester.discard(answer.delivery_id)
        if answer.sent:
            self._pauses.pop(delivery.channel, None)
        else:
            until = settled.not_before
            self._pauses[delivery.channel] = ChannelPause(failures + 1, now, until)


def is_too_late(delivery: AlarmDelivery, age_s: float | None) -> bool:
    """For a siren: it waited for a limit, quiet hours, or the unit was off."""
    is_new = delivery.state is DeliveryState.WAITING
    return is_new and (age_s is None or age_s > LATEST_S)
