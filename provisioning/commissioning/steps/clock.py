"""The step "clock": a time that can be right, and a time server where one can be reached.

Reads: the unit's clock, systemd-timedated, the battery clock of the board (RTC), the time of a
modem, the answers of [clock]. Writes: the time and whether NTP is on, through timedated.
Never: sets the clock back, but from a year in which no unit runs; or to a time before this
software was made.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.clock import ScaledClock
from appliance.errors import HostError
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.clock_sense import (
    EARLIEST,
    LATEST,
    find_build_time,
    find_clock_fault,
)
from provisioning.commissioning.modem_sense import find_modem_time
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.time_service import TimeService, TimeState, connect_time
from provisioning.commissioning.unit import Unit

UTC_KEY = "utc"
SLACK = timedelta(seconds=60)  # a given time that is so near changes nothing
# The kernel writes the time into the RTC every eleven minutes while a server confirms it.
RTC_SLACK = timedelta(minutes=5)
NO_NTP = say(
    "the time service was switched on and is off still: `systemctl status systemd-timesyncd` says "
    "why"
)
FarTime = Callable[[], datetime | None]


@dataclass(frozen=True, slots=True)
class Source:
    """A time, and who says it. `to`: the time to set."""

    to: datetime
    said_by: Sentence


@dataclass(frozen=True)
class ClockStep:
    """The time. `find_modem_time`: what a modem has from its network or from satellites."""

    name: str = "clock"
    table: str = "clock"
    keys: tuple[str, ...] = (UTC_KEY,)
    connect: Callable[[], AbstractContextManager[TimeService]] = connect_time
    find_modem_time: FarTime = find_modem_time
    find_build: Callable[[], datetime] = find_build_time

    @property
    def title(self) -> Sentence:
        return say("the clock")

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        earliest = self._find_earliest(unit)
        given = read_given(answers, earliest)
        state = self._read(unit)
        fault = find_clock_fault(unit.clock, earliest)
        source = self._choose(unit, state, given, earliest)
        if source is not None:
            reason = say("the time is to be set as {who} says", who=source.said_by)
            return Outcome(Status.TO_DO, reason)
        if fault is not None:
            return Outcome(Status.NEEDS_ANSWER, fault, (ask_time(),))
        if state is not None and state.can_ntp and not state.has_ntp:
            return Outcome(Status.TO_DO, say("a time server may not set the clock yet"))
        return describe(unit, state)

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        earliest = self._find_earliest(unit)
        given = read_given(answers, earliest)
        with self.connect() as service:
            state = service.read()
            source = self._choose(unit, state, given, earliest)
            if source is not None:
                if state.has_ntp:
                    service.set_ntp(on=False)
                service.set_time(source.to)
            if state.can_ntp:
                service.set_ntp(on=True)
        return Outcome(Status.DONE, say("the clock is set"))

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        fault = find_clock_fault(unit.clock, self._find_earliest(unit))
        if fault is not None:
            return Outcome(Status.BLOCKED, fault)
        state = self._read(unit)
        if state is not None and state.can_ntp and not state.has_ntp:
            return Outcome(Status.BLOCKED, NO_NTP)
        return describe(unit, state)

    def _find_earliest(self, unit: Unit) -> datetime:
        """A demonstration plays on a day of its own."""
        return EARLIEST if isinstance(unit.clock, ScaledClock) else self.find_build()

    def _read(self, unit: Unit) -> TimeState | None:
        """None where this is a demonstration, or nobody sets the time here."""
        if isinstance(unit.clock, ScaledClock):
            return None
        try:
            with self.connect() as service:
                return service.read()
        except HostError:
            return None

    def _choose(
        self, unit: Unit, state: TimeState | None, given: datetime | None, earliest: datetime
    ) -> Source | None:
        """The best source of a later time, or of a likely one where the clock is years ahead; None
        where the clock needs none.
        """
        now = unit.clock.stamp().utc
        can_be = earliest <= now < LATEST
        if state is None or (state.is_synchronized and can_be):
            return None
        after = now + SLACK if now < LATEST else earliest
        modem = self.find_modem_time()
        if modem is not None and earliest <= modem < LATEST and modem > after:
            return Source(modem, say("the modem"))
        if not can_be and state.rtc is not None and earliest <= state.rtc < LATEST:
            return Source(state.rtc, say("the board's own clock"))
        if given is not None and given > after:
            return Source(given, say("the technician"))
        return None


def read_given(answers: Answers, earliest: datetime) -> datetime | None:
    """The technician's time; raises `AnswerError`."""
    value: Any = answers.find(UTC_KEY)
    if value is None:
        return None
    at = parse_time(value)
    if at is None:
        advice = "give it as 2026-12-01T14:05:00Z, in UTC or with its offset"
        raise answers.refuse(UTC_KEY, what="is no time", advice=advice)
    if at < earliest:
        raise answers.refuse(
            UTC_KEY,
            what=f"is {at:%Y-%m-%d}, before this software was made ({earliest:%Y-%m-%d})",
            advice="look at a watch or a phone, and at the date",
        )
    if at >= LATEST:
        raise answers.refuse(
            UTC_KEY,
            what=f"is in the year {at:%Y}, when no unit with this software runs any more",
            advice="look at a watch or a phone, and at the year",
        )
    return at


def parse_time(value: Any) -> datetime | None:
    """A time with its offset; None where it is none."""
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (TypeError, ValueError, OverflowError):  # a year that has no UTC
        return None


def ask_time() -> Question:
    """Where nobody else knows it."""
    return Question(
        "clock.utc",
        Kind.TEXT,
        say("What is the time now, in UTC? (2026-12-01T14:05:00Z)"),
        help=say("A phone shows it. A network with a time server sets it more exactly later."),
    )


def describe(unit: Unit, state: TimeState | None) -> Outcome:
    """The time can be right; who confirmed it."""
    now = unit.clock.stamp().utc
    is_synchronized = unit.clock.is_synchronized() or bool(state and state.is_synchronized)
    facts: dict[str, Any] = {"is_synchronized": is_synchronized}
    if state is not None and state.rtc is not None:
        facts["rtc_behind_s"] = round((now - state.rtc).total_seconds())
    if is_synchronized:
        reason = say("the clock is right: a time server says so")
        return Outcome(Status.DONE, reason, facts=facts, warnings=doubt_rtc(now, state))
    warning = say(
        "no time server has confirmed the clock yet: it is confirmed when the unit has a network"
    )
    return Outcome(Status.DONE, say("the clock can be right"), facts=facts, warnings=(warning,))


def doubt_rtc(now: datetime, state: TimeState | None) -> tuple[Sentence, ...]:
    """The board's own clock against the time of a server."""
    if state is None or state.rtc is None or abs(now - state.rtc) <= RTC_SLACK:
        return ()
    text = say(
        "the board's own clock (RTC) shows {rtc:%Y-%m-%d %H:%M} UTC, and a time server says "
        "{now:%Y-%m-%d %H:%M}: without a network the unit starts with the wrong time. Look again "
        "in 15 minutes; where it is still wrong, change the battery of the RTC",
        rtc=state.rtc,
        now=now,
    )
    return (text,)
