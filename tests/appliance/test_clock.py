"""The clock seam: one time for all processes of a run, and ages that survive a wrong wall clock."""

from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

import pytest

from appliance import clock as clock_module
from appliance.clock import MIN_WAIT_S, STALL_S, ScaledClock, SystemClock, boottime_s

ORIGIN = datetime(2026, 4, 15, 2, 0, tzinfo=UTC)


class Boottime:
    """CLOCK_BOOTTIME in the test's hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now_s: float) -> None:
        self.now_s = now_s
        monkeypatch.setattr(clock_module, "boottime_s", lambda: self.now_s)


class PatientEvent(Event):
    """Notes how long it was asked to wait, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.waits_s: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits_s.append(timeout)
        return self.is_set()


def test_a_row_of_this_boot_has_an_age_and_one_of_another_boot_has_none() -> None:
    clock = SystemClock()
    now = clock.stamp()
    assert clock.age_s(replace(now, uptime_s=now.uptime_s - 60)) == pytest.approx(60, abs=30)
    assert clock.age_s(replace(now, boot_id="00000000")) is None


def test_the_wall_clock_has_no_part_in_an_age() -> None:
    clock = SystemClock()
    wrong = replace(clock.stamp(), utc=datetime(1970, 1, 1, tzinfo=UTC))
    assert clock.age_s(wrong) == pytest.approx(0, abs=30)


def test_two_processes_of_one_run_have_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    Boottime(monkeypatch, 1000.25)
    one, two = (ScaledClock(240, ORIGIN, 1000.0) for _ in range(2))
    assert one.stamp() == two.stamp()
    assert one.stamp().utc == datetime(2026, 4, 15, 2, 1, tzinfo=UTC)
    assert one.age_s(two.stamp()) == 0


def test_a_second_run_does_not_believe_the_rows_of_the_first() -> None:
    first = ScaledClock(240, ORIGIN, boottime_s())
    second = ScaledClock(240, ORIGIN, boottime_s() + 0.001)
    assert second.age_s(first.stamp()) is None
    assert SystemClock().age_s(first.stamp()) is None


def test_a_fast_clock_forgives_what_the_machine_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    boottime = Boottime(monkeypatch, 1000.0)
    clock = ScaledClock(100, ORIGIN, 900.0)
    stamp = clock.stamp()
    boottime.now_s += STALL_S
    assert clock.age_s(stamp) == pytest.approx(STALL_S)
    boottime.now_s += 1
    assert clock.age_s(stamp) == pytest.approx(100 + STALL_S)


def test_a_fast_clock_never_spins() -> None:
    clock, stop = ScaledClock(240, ORIGIN, 1.0), PatientEvent()
    clock.wait(240, stop)
    clock.wait(0.1, stop)
    clock.wait(-5, stop)
    assert stop.waits_s == [1.0, MIN_WAIT_S, MIN_WAIT_S]


def test_pictures_keep_their_own_pace() -> None:
    clock, stop = ScaledClock(240, ORIGIN, 1.0), PatientEvent()
    clock.wait_media(2.0, stop)
    assert stop.waits_s == [2.0]


def test_a_wait_ends_when_the_service_is_stopped() -> None:
    stop = Event()
    stop.set()
    assert SystemClock().wait(3600, stop)
    assert ScaledClock(2, ORIGIN, 1.0).wait(3600, stop)


def test_before_the_origin_time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Boottime(monkeypatch, 100.0)
    clock = ScaledClock(360, ORIGIN, origin_boottime_s=106.0)
    assert clock.stamp().utc == ORIGIN
    time.now_s = 107.0
    assert clock.stamp().uptime_s == pytest.approx(360)
