"""From a hint to a check-in: heard, written down, and started by PID 1 when time and energy allow.

Reads: messages of the fleet's broker, the energy budget, what the check-in has obeyed. Writes:
push.json; orders to PID 1.
Never: starts a check-in twice in a minute, or below SENTINEL; or takes anything from a message but
when to ask.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from appliance.errors import ApplianceError, HostError, StoreError
from appliance.model import EnergyBudget, EnergyLevel
from appliance.process.host import Host, Order
from appliance.process.service import Service
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.disk import Disk
from ota.push.heard import Heard, open_files
from ota.push.hint import parse_hint
from ota.push.rules import Moment, find_pause_s, judge, keep_only

CHECKIN = "appliance-checkin.service"
EVERY_S, SOONEST_S = 10.0, 0.2
TELL_EVERY_S = 60.0


class PushError(ApplianceError):
    """The fleet's broker does not want this unit, or shows a wrong certificate."""

    code = "push"


class PushCycle:
    """`take` is called by the thread of the connection, `cycle` by the service's loop."""

    def __init__(
        self,
        service: Service,
        topics: tuple[str, ...],
        host: Host,
        find_share: Callable[[], float] = random.random,
    ) -> None:
        self._service, self._topics, self._host = service, topics, host
        self._find_share = find_share
        self._files = open_files(Disk(), service.settings)
        self._lock = Lock()
        self._new: dict[str, bytes] = {}  # the newest message of each topic that is not judged
        self._has_energy = False
        self._order: Order | None = None
        self._started_s: float | None = None
        self._tries = (0, 0)  # the hint, and how often a check-in was started for it
        self._wait_s = EVERY_S
        self._refused = ""
        self._trouble: ApplianceError | None = None

    @property
    def every_s(self) -> float:
        """Until the next cycle."""
        return max(SOONEST_S, min(EVERY_S, self._wait_s))

    def take(self, topic: str, payload: bytes) -> None:
        """One message of the broker; starts a check-in where nothing stands against it."""
        with self._lock:
            self._new[topic] = payload
            self._work()

    def cycle(self) -> str:
        """What waits, and for what."""
        self._has_energy = self._read_energy()
        with self._lock:
            sentence = self._work()
            trouble, self._trouble = self._trouble, None
        if trouble is not None:
            self._service.report_fault(trouble)
        return sentence

    def _work(self) -> str:
        """Judge what is new, start what is due; under the lock."""
        self._follow_order()
        for topic, payload in list(self._new.items()):
            self._hear(topic, payload)
        waiting = self._files.find_waiting()
        self._wait_s = EVERY_S
        if waiting is None:
            return f"waits for hints{self._refused}"
        return self._start(waiting)

    def _hear(self, topic: str, payload: bytes) -> None:
        """Write it down; one that is ahead of the clock is judged anew until that is right."""
        now = self._service.clock.stamp().utc
        heard, is_waiting = self._files.read(), self._files.find_waiting() is not None
        try:
            hint = parse_hint(payload)
            after = judge(heard, topic, hint, Moment(now, self._find_share(), is_waiting))
        except InputError as error:
            self._refuse(topic, str(error))
            return
        try:
            if after is not None:
                self._files.write(keep_only(after, self._topics))
                self._service.log.info("hint", topic=topic, serial=hint.serial, due=after.due)
        except OSError as error:
            path = self._files.heard_path
            self._trouble = PushError(
                say(
                    "a hint cannot be kept in {path} ({cause}): check the disk; the unit asks "
                    "by itself in its time",
                    path=path,
                    cause=error.strerror,
                )
            )
            return
        self._refused = ""
        self._new.pop(topic, None)

    def _refuse(self, topic: str, why: str) -> None:
        text = f"; a hint of {topic} is refused: {why}"
        if text != self._refused and self._service.take_turn("refused", TELL_EVERY_S):
            self._service.log.warning(text.removeprefix("; "))
        self._refused = text

    def _start(self, waiting: Heard) -> str:
        stamp = self._service.clock.stamp()
        if not waiting.is_due(stamp.utc) and waiting.due is not None:
            self._wait_s = (waiting.due - stamp.utc).total_seconds()
            return say("a hint was heard: the check-in starts at {due:%H:%M:%S}Z", due=waiting.due)
        if not self._has_energy:
            return say("a hint was heard and waits for energy (SENTINEL)")
        tries = self._tries[1] if self._tries[0] == waiting.ask else 0
        pause_s = find_pause_s(tries)
        if self._started_s is not None and stamp.uptime_s - self._started_s < pause_s:
            self._wait_s = self._started_s + pause_s - stamp.uptime_s
            return say("a hint was heard: a check-in was started for it")
        if self._order is not None:
            return say("a hint was heard: PID 1 is asked for a check-in")
        self._started_s, self._tries = stamp.uptime_s, (waiting.ask, tries + 1)
        self._order = self._host.start(CHECKIN)
        self._service.log.info("a hint has the unit ask now", serial=waiting.ask)
        return say("a hint was heard: a check-in is started")

    def _follow_order(self) -> None:
        order = self._order
        if order is None or not order.is_over():
            return
        self._order = None
        if order.error:
            self._trouble = HostError(
                say("{error}; the next check-in obeys the hint", error=order.error)
            )

    def _read_energy(self) -> bool:
        with suppress(StoreError):
            budget = self._service.store.latest(EnergyBudget)
            return budget is not None and budget.level >= EnergyLevel.SENTINEL
        return False
