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
from appliance.alarms.condition_reader import ConditionReader
from appliance.alarms.deliveries import (
    LONGEST_PAUSE,
    Answer,
    begin,
    drop,
    list_due,
    postpone,
    settle,
    wait_behind,
)
from appliance.alarms.ending import find_end
from appliance.alarms.holding import ChannelPause, find_hold
from appliance.alarms.requesting import Requester
from appliance.alarms.switching import LOOK_EVERY_S, SwitchDesk
from appliance.alarms.workers import Workers
from appliance.model import EnergyLevel
from appliance.model_alarms import Alarm, AlarmDelivery, DeliveryState
from appliance.settings import Settings
from appliance.store import alarm_rows
from appliance.store.alarm_erasing import is_there
from appliance.store.store import Store
from appliance.store.unit_time import read_time
from appliance.wording.sentence import say

MOST_AT_ONCE = 200  # of a channel, that one pass looks at
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
        self._files, self._desk = files, SwitchDesk(store, settings)
        self._answers: list[SendAnswer] = []
        self._left: list[SendAnswer] = []  # by a service before this one
        self._handed: dict[str, AlarmDelivery] = {}
        self._pauses: dict[str, ChannelPause] = {}
        self._random = Random()
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
        if self._files is not None and self.is_settled:
            self._files.trim()

    @property
    def is_settled(self) -> bool:
        """Whether no message is with its channel: each answer is stored."""
        return not self._handed

    def _resume(self) -> None:
        """Answers that were not stored before a kill; they are kept until they are."""
        if self._files is None:
            return
        self._left += self._files.take_left()
        self.resume(self._left)
        self._left.clear()
        self._files.forget()

    def resume(self, answers: Sequence[SendAnswer]) -> None:
        """Store answers that a service before this one was killed too early for. Raises
        `StoreError`.
        """
        if not answers:
            return
        sending = {one.delivery_id: one for one in alarm_rows.list_sending(self._store)}
        # What was sent once was sent, whatever else a file that was not deleted says.
        for answer in sorted(answers, key=lambda one: one.sent):
            delivery = sending.get(answer.delivery_id)
            if delivery is not None:
                self._handed[answer.delivery_id] = delivery
                self._settle_one(answer)

    def send(self, level: EnergyLevel | None) -> None:
        """Give the channels what they may have. Raises `StoreError`."""
        self._time = read_time(self._store)
        reader = ConditionReader(self._store, self._settings, level)
        changed: list[AlarmDelivery] = []
        for channel in alarm_rows.list_open_channels(self._store):
            for delivery in self._list_due(channel):
                if not self._is_under_way(delivery):
                    changed += self._send_one(delivery, level, reader)
        if changed:
            self._store.add(*changed)

    def _list_due(self, channel: str) -> Sequence[AlarmDelivery]:
        """The first of one channel: what waits for another holds up none of them."""
        now = self._store.clock.stamp().utc
        latest = now + LONGEST_PAUSE
        return list_due(alarm_rows.list_due(self._store, channel, now, latest, MOST_AT_ONCE), now)

    def _is_under_way(self, delivery: AlarmDelivery) -> bool:
        """Whether a channel has it; also where that is a process of a killed service."""
        if delivery.delivery_id in self._workers.under_way | self._desk.under_way:
            return True
        is_left = self._files is not None and not self._files.is_clear
        return is_left and delivery.state is DeliveryState.SENDING

    def find_next(self) -> datetime | None:
        """When a message is due that waits for a time; None where none does. A channel that has one
        in hand rings when it has answered.
        """
        channels = alarm_rows.list_open_channels(self._store)
        free = [name for name in channels if not self._workers.is_busy(name)]
        return min((time for name in free for time in self._list_times(name)), default=None)

    def _list_times(self, channel: str) -> Iterator[datetime]:
        now = self._store.clock.stamp().utc
        pause = self._pauses.get(channel)
        for one in (*self._list_due(channel), *alarm_rows.list_next(self._store, channel, now)):
            if self._is_under_way(one):
                yield now + timedelta(seconds=LOOK_EVERY_S)
            elif pause is not None and pause.holds(one, now):
                yield max(one.not_before, pause.find_end(one))
            else:
                yield one.not_before

    @property
    def waiting(self) -> Sequence[AlarmDelivery]:
        """Those that are not sent yet, the most important first."""
        return alarm_rows.list_open(self._store)

    def list_troubles(self) -> Iterator[str]:
        """Channels that fail again and again, each with its last reason."""
        for channel in alarm_rows.list_open_channels(self._store):
            for one in alarm_rows.list_failing(self._store, channel, MANY_FAILURES):
                yield say(
                    "the channel {channel} does not take messages: {reason}",
                    channel=channel,
                    reason=one.reason,
                )

    # --- one message ---------------------------------------------------------------------------

    def _send_one(
        self, delivery: AlarmDelivery, level: EnergyLevel | None, reader: ConditionReader
    ) -> Iterator[AlarmDelivery]:
        """Hand it over; else yield what is to be stored of it."""
        alarm = alarm_rows.find_alarm(self._store, delivery.alarm_id)
        age_s = self._time.measure_age_s(delivery.stamp.boot_id, delivery.stamp.uptime_s)
        ended = find_end(delivery, alarm, age_s=age_s, settings=self._settings)
        if ended is not None or alarm is None:
            yield ended or drop(delivery, say("dropped: its alarm cannot be read"))
            return
        if self._desk.is_switch(delivery.channel) and delivery.state is DeliveryState.SENDING:
            self._desk.ask(delivery, alarm)  # before this service was killed
            self._handed[delivery.delivery_id] = delivery
            return
        now = self._store.clock.stamp().utc
        pause = self._pauses.get(delivery.channel)
        if self._workers.is_busy(delivery.channel):
            return
        if pause and pause.holds(delivery, now, alarm.kind):
            told = wait_behind(delivery, pause.reason)
            if delivery.attempts == 0 and told.reason != delivery.reason:
                yield told
            return
        hold = find_hold(delivery, alarm, reader.read(delivery, self._handed.values()))
        if hold is not None:
            yield postpone(delivery, hold.until, hold.reason)
            return
        self._hand_over(delivery, alarm, level)

    def _hand_over(self, delivery: AlarmDelivery, alarm: Alarm, level: EnergyLevel | None) -> None:
        """Of an alarm that was erased meanwhile nothing is handed over: the next pass says so."""
        begun, own = begin(delivery, covers=alarm.occurrences), (alarm.alarm_id,)
        if self._desk.is_switch(delivery.channel):
            row = self._desk.ask(delivery, alarm)
            if self._store.add_if(lambda execute: is_there(execute, (), own), begun, row):
                self._handed[delivery.delivery_id] = begun
            else:
                self._desk.release(delivery.delivery_id)
            return
        request = self._requester.build(delivery, alarm, level)
        if self._store.add_if(lambda execute: is_there(execute, (), own), begun):
            self._handed[delivery.delivery_id] = begun
            self._workers.give(request)
        else:
            self._requester.discard(delivery.delivery_id)

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
            Answer(answer.sent, answer.text, answer.refused, answer.size_bytes, answer.unsure),
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
            self._pauses[delivery.channel] = ChannelPause(failures + 1, now, until, settled.reason)
