"""The step "clock" against timedated's interface on a real bus: forward only, from whom it can."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.model import Stamp
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.clock_sense import EARLIEST, find_build_time, find_clock_fault
from provisioning.commissioning.step import Outcome, Status
from provisioning.commissioning.steps.clock import ClockStep, describe
from provisioning.commissioning.time_service import TimeState, connect_time, decode_time
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import make_unit
from tests.stand_ins.modem_manager import needs_modem_manager
from tests.stand_ins.time_daemon import TimeDaemon, run_time_daemon

UNSET = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
BUILT = datetime(2026, 11, 1, tzinfo=UTC)


class SetClock(SystemClock):
    """The kernel's, but for what people see."""

    def __init__(self, utc: datetime, *, is_synchronized: bool = False) -> None:
        super().__init__()
        self._utc, self._known = utc, is_synchronized

    def stamp(self) -> Stamp:
        return replace(super().stamp(), utc=self._utc)

    def is_synchronized(self) -> bool:
        return self._known


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[TimeDaemon]:
    with run_time_daemon(tmp_path, NTP=False) as found:
        yield found


def make_step(daemon: TimeDaemon | None, modem: datetime | None = None) -> ClockStep:
    bus = daemon.address if daemon else "unix:path=/nowhere"
    connect = partial(connect_time, bus)
    return ClockStep(connect=connect, find_modem_time=lambda: modem, find_build=lambda: BUILT)


def make(tmp_path: Path, utc: datetime) -> Unit:
    return replace(make_unit(tmp_path), clock=SetClock(utc))


def check(step: ClockStep, unit: Unit, **answers: object) -> Outcome:
    return step.check(unit, Answers("clock", answers))


@needs_modem_manager
def test_a_clock_in_1970_is_asked_about_and_set_to_what_a_technician_says(
    tmp_path: Path, daemon: TimeDaemon
) -> None:
    step, unit = make_step(daemon), make(tmp_path, UNSET)

    asked = check(step, unit)
    assert asked.status is Status.NEEDS_ANSWER
    assert "1970-01-01 00:03 UTC, which is before this software was made" in asked.reason
    assert [one.key for one in asked.questions] == ["clock.utc"]
    given = {"utc": "2026-12-01T12:00:00Z"}
    assert check(step, unit, **given).status is Status.TO_DO
    step.apply(unit, Answers("clock", given))

    microseconds = (NOON - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    calls = daemon.read_calls()
    assert calls == [f"SetTime {microseconds} False False", "SetNTP True False"]
    blocked = step.verify(unit, Answers("clock"))
    assert blocked.status is Status.BLOCKED  # the clock of this test was not moved by the mock


@needs_modem_manager
def test_the_time_of_the_modem_is_taken_before_that_of_a_person(
    tmp_path: Path, daemon: TimeDaemon
) -> None:
    step = make_step(daemon, modem=NOON)

    found = check(step, make(tmp_path, UNSET), utc=NOON + timedelta(hours=1))

    assert found.status is Status.TO_DO
    assert "the modem says" in found.reason


@needs_modem_manager
def test_a_time_server_is_allowed_where_it_was_not(tmp_path: Path, daemon: TimeDaemon) -> None:
    step, unit = make_step(daemon), make(tmp_path, NOON)

    assert "time server may not set" in check(step, unit).reason
    step.apply(unit, Answers("clock"))

    assert daemon.read_calls() == ["SetNTP True False"]
    assert step.verify(unit, Answers("clock")).facts["is_synchronized"] is True
    assert check(step, unit).status is Status.DONE


@needs_modem_manager
def test_a_given_time_never_sets_the_clock_back(tmp_path: Path, daemon: TimeDaemon) -> None:
    step, unit = make_step(daemon), make(tmp_path, NOON)

    step.apply(unit, Answers("clock", {"utc": "2026-11-15T12:00:00Z"}))

    assert not any("SetTime" in one for one in daemon.read_calls())


@needs_modem_manager
def test_a_clock_that_a_time_server_has_set_takes_no_other_time(tmp_path: Path) -> None:
    with run_time_daemon(tmp_path, NTP=True) as daemon:
        found = check(make_step(daemon), make(tmp_path, NOON), utc=NOON + timedelta(days=9))

    assert found.status is Status.DONE
    assert "a time server says so" in found.reason


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("1970-01-01T00:00:00Z", "before this software was made"),
        ("2026-10-01T00:00:00Z", "before this software was made"),
        ("2026-12-01T12:00:00", "is no time"),
        ("noon", "is no time"),
        (7, "is no time"),
        ("9999-12-31T23:00:00-05:00", "is no time"),
        ("2399-01-01T12:00:00Z", "is in the year 2399"),
    ],
)
def test_a_time_that_cannot_be_is_refused(tmp_path: Path, given: object, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        check(make_step(None), make(tmp_path, UNSET), utc=given)


def test_without_timedated_a_clock_that_can_be_right_is_taken_with_a_warning(
    tmp_path: Path,
) -> None:
    found = check(make_step(None), make(tmp_path, NOON))

    assert found.status is Status.DONE
    assert "no time server has confirmed the clock" in found.warnings[0]


def test_claim_and_certificate_are_told_of_a_clock_in_1970() -> None:
    assert find_clock_fault(SetClock(NOON)) is None
    fault = find_clock_fault(SetClock(UNSET))
    assert fault is not None
    assert "`unitctl provision clock`" in fault
    assert "claim and certificates need the true time" in fault


def test_files_dated_by_a_wrong_clock_do_not_move_the_earliest_time(tmp_path: Path) -> None:
    assert find_build_time(tmp_path / "missing") == EARLIEST
    assert EARLIEST <= find_build_time() < datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize("value", [None, 0, -5, 2**63, "now"])
def test_a_board_without_a_clock_has_no_time(value: object) -> None:
    assert decode_time(value) is None


@pytest.mark.parametrize(("off_s", "is_warned"), [(200, False), (301, True), (-400, True)])
def test_a_boards_clock_that_disagrees_with_a_time_server_is_a_warning_with_what_to_do(
    tmp_path: Path, off_s: int, is_warned: bool
) -> None:
    unit = make(tmp_path, NOON)
    rtc = NOON + timedelta(seconds=off_s)

    found = describe(unit, TimeState(is_synchronized=True, has_ntp=True, can_ntp=True, rtc=rtc))

    assert found.status is Status.DONE
    assert any("change the battery of the RTC" in one for one in found.warnings) == is_warned


@needs_modem_manager
def test_a_clock_that_is_decades_ahead_is_set_by_a_technician(
    tmp_path: Path, daemon: TimeDaemon
) -> None:
    unit, step = make(tmp_path, datetime(2099, 1, 1, tzinfo=UTC)), make_step(daemon)
    assert "the year 2099" in check(step, unit).reason
    assert check(step, unit, utc="2026-12-01T12:00:00Z").status is Status.TO_DO
