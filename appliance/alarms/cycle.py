"""The cycle of the alarm service: wait, store answers, read what is new, make alarms, send.

Reads: all that can make an alarm. Writes: the tables of alarms; messages, by their channels.
Never: waits with a time where nothing is due, or stays where PID 1 holds the socket and nothing
waits: the next datagram starts it again.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime

from appliance.alarms.awaited_replies import AwaitedReplies
from appliance.alarms.deliveries import drop
from appliance.alarms.doorbell import Doorbell
from appliance.alarms.escalation import find_steps, is_due
from appliance.alarms.making import HEARTBEAT, Maker
from appliance.alarms.message_queue import MessageQueue
from appliance.alarms.new_rows import Found, NewRows
from appliance.alarms.people import apply_orders
from appliance.alarms.watching import Watcher
from appliance.clock import ScaledClock
from appliance.errors import ApplianceError
from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_alarms import Alarm, AlarmDelivery, AlarmKind
from appliance.process.service import Leave, Service
from appliance.store import alarm_rows
from appliance.store.alarm_erasing import is_there
from appliance.store.store import Store
from appliance.store.unit_time import read_time
from appliance.wording.counts import format_count
from appliance.wording.sentence import say

KEEP_S = 90 * 86_400.0
LONGEST_WAIT_S = 3600.0  # of real time
AFTER_ERROR_S = 5.0
LINGER_S = 10.0  # until it leaves: one visit makes several rows
SHORT_HEARTBEAT_S = 2 * 3600.0  # the timer comes each hour only
NOTHING = say("nothing waits; the next event, fault or sleep starts it again")


class ChannelTroubleError(ApplianceError):
    """A channel takes no messages; what waits for it is kept."""

    code = "alarm-channel"


class AlarmCycle:
    """One for a process. `now_s`: real seconds, for waits."""

    def __init__(
        self,
        service: Service,
        bell: Doorbell,
        queue: MessageQueue,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service, self._bell, self._queue = service, bell, queue
        self._settings, self._store = service.settings, service.store
        self._now_s = now_s
        self._rows = NewRows(service.store, service.settings)
        self._replies = AwaitedReplies(service.store, service.settings)
        self._watcher = Watcher(service.store, service.settings)
        self._escalates: datetime | None = None
        self._wait_s: float | None = 0.0
        self._busy_s = now_s()
        self._rows.begin(anew=False)

    def cycle(self) -> str:
        """Wait until there is something to do, and do it. Raises `StoreError`, `Leave`."""
        if self._bell.wait(self._wait_s):
            self._busy_s = self._now_s()
        if self._service.stop.is_set():
            return "stops"
        self._wait_s = AFTER_ERROR_S  # where one of these raises
        self._queue.settle()
        is_whole = self.take_in()
        self._queue.send(self.find_level())
        for text in self._queue.list_troubles():
            self._service.report_fault(ChannelTroubleError(text))
        if self._service.take_turn("old alarms", 86_400.0):
            alarm_rows.delete_old(self._store, KEEP_S, read_time(self._store).measure_age_s)
        self._wait_s = self.find_wait_s() if is_whole else 0.0
        return self.describe()

    def take_in(self) -> bool:
        """Alarms of what is new; whether that was all. Raises `StoreError`."""
        level = self.find_level()
        if level is None:  # as after a boot: what happens then is not to be lost
            level = EnergyLevel.FULL
        found = self._rows.read(level)
        maker = Maker(self._store, self._settings)
        now = self._store.clock.stamp()
        maker.make(found.occurrences, now)
        acknowledged = apply_orders(found.orders, maker, self._store, self._settings, level)
        replaced: list[object] = []
        for sight in self._watcher.look(level):
            found.positions.append(sight.position)
            if sight.occurrence.kind is AlarmKind.HEARTBEAT:
                to = self._settings.alarms.heartbeat_to
                maker.make_one(sight.occurrence, to, now, rule=HEARTBEAT)
                replaced += list_replaced(self._store)
            else:
                maker.make([sight.occurrence], now)
        is_stored = self._store_all(found, [*maker.made.rows, *acknowledged, *replaced])
        self._escalate()
        return found.is_whole and is_stored

    def _store_all(self, found: Found, rows: list[object]) -> bool:
        """Alarms, messages and positions in one transaction: a cut loses none and doubles none.
        False: some of it was erased since it was read, and it is to be read once more.
        """
        together = [*rows, *found.positions]
        events = {one.event_id for one in found.occurrences if one.event_id}
        alarms = [one.alarm_id for one in rows if isinstance(one, Alarm)]
        if together and not self._store.add_if(
            lambda execute: is_there(execute, events, alarms), *together
        ):
            return False
        if found.over:
            alarm_rows.delete_positions(self._store, found.over)
        return True

    def _escalate(self) -> None:
        """Tell the next where nobody has acknowledged; remember when that is due again."""
        now = self._store.clock.stamp()
        maker = Maker(self._store, self._settings)
        for alarm, rule in self._replies.list_over(now.utc):
            deliveries = alarm_rows.list_deliveries(self._store, alarm.alarm_id)
            for step in find_steps(alarm, rule, self._settings.recipient, deliveries):
                if is_due(step, rule, now.utc):
                    maker.make_next(alarm, step.recipient, now, step.reason)
        if maker.made.rows:
            self._store.add(*maker.made.rows)
        self._escalates = self._replies.find_next(now.utc)

    def find_level(self) -> EnergyLevel | None:
        """The level now; None where it is not known."""
        budget = self._store.latest(EnergyBudget)
        return None if budget is None else budget.level

    # --- how long to wait ----------------------------------------------------------------------

    def find_wait_s(self) -> float | None:
        """Real seconds until something is due; None: until somebody rings. Raises `Leave`."""
        waits = [self._queue.find_next(), self._escalates, self._find_heartbeat()]
        due = min((one for one in waits if one is not None), default=None)
        if due is None:
            return self._find_linger_s()
        left_s = (due - self._store.clock.stamp().utc).total_seconds() / self._get_speed()
        return min(max(0.05, left_s), LONGEST_WAIT_S)

    def _find_linger_s(self) -> float | None:
        """Nothing waits: how long it stays all the same."""
        if not self._bell.is_passed:
            return None
        left_s = LINGER_S - (self._now_s() - self._busy_s)
        if left_s <= 0:
            raise Leave(NOTHING)
        return left_s

    def _find_heartbeat(self) -> datetime | None:
        """The next message that the unit lives, where the timer comes too seldom for it."""
        every_s = self._settings.alarms.heartbeat_s
        if every_s > SHORT_HEARTBEAT_S and self._bell.is_passed:
            return None
        last_s = alarm_rows.read_positions(self._store).get(HEARTBEAT)
        return self._watcher.find_heartbeat(self._store.clock.stamp().utc, last_s)

    def _get_speed(self) -> float:
        scaled = isinstance(self._store.clock, ScaledClock)
        return self._settings.clock.speed if scaled else 1.0

    def describe(self) -> str:
        """The sentence of `systemctl status`."""
        waiting = alarm_rows.list_open(self._store, 1)
        if not waiting:
            return say("all alarms are sent")
        first = waiting[0]
        count = format_count(alarm_rows.count_open(self._store), "message")
        return say(
            "{count} on the way; {recipient} by {channel}: {reason}",
            count=count,
            recipient=first.recipient,
            channel=first.channel,
            reason=first.reason,
        )


def list_replaced(store: Store) -> Iterator[AlarmDelivery]:
    """Heartbeats that wait, dropped: after a week without a link one of them says all."""
    for one in alarm_rows.list_waiting_heartbeats(store):
        yield drop(
            one, say("dropped: a newer heartbeat takes its place; {reason}", reason=one.reason)
        )


def pass_over(service: Service) -> None:
    """Nobody is to be told: what happens until somebody is does not count later."""
    NewRows(service.store, service.settings).begin(anew=True)
