"""The unit comes back from sleep or a power cut: what it checks, and what it counts on disk."""

from datetime import UTC, datetime, timedelta

import pytest

from appliance.model import EnergyLevel
from appliance.settings import Settings, SleepMode
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.sleep_unit import (
    EMPTY,
    FULL,
    LOW,
    MORNING,
    SleepUnit,
    change_host,
    make_unit_at_sunset,
    sleep_through,
)


@pytest.fixture
def unit(clock: FakeClock, settings: Settings, open_store: OpenStore) -> SleepUnit:
    return make_unit_at_sunset(clock, settings, open_store("power"))


def test_after_a_suspend_nothing_runs_before_the_check_and_then_everything(unit: SleepUnit) -> None:
    sleep_through(unit, datetime(2026, 1, 11, 5, 5, tzinfo=UTC))
    unit.pct, unit.sun_w = 30.0, 200.0
    unit.cycle()
    assert unit.came_back
    assert unit.is_at(EnergyLevel.HIBERNATE)
    assert "it takes 27 % and 6 W for 15 min" in unit.status
    unit.pass_time(880)
    assert unit.is_at(EnergyLevel.HIBERNATE)
    unit.pass_time(20)
    assert unit.is_at(EnergyLevel.FULL)
    assert unit.check_passed
    wake = unit.wakes()[-1]
    assert (wake.cause, wake.stays) == ("the clock of the computer", True)
    assert wake.asleep_since == unit.sleeps()[0].stamp.utc


def test_a_second_sleep_is_like_the_first(unit: SleepUnit) -> None:
    sleep_through(unit, datetime(2026, 1, 11, 5, 5, tzinfo=UTC))
    unit.pct, unit.sun_w = 30.0, 200.0
    unit.pass_time(7200)
    assert unit.is_at(EnergyLevel.FULL)
    unit.sun_w = 0.0
    sleep_through(unit, unit.clock.utc + timedelta(minutes=15))
    unit.cycle()
    assert unit.is_at(EnergyLevel.HIBERNATE)
    assert unit.file()["cause"] == "before its time"


def test_woken_in_the_dark_it_goes_back_at_once_and_that_is_no_failure(unit: SleepUnit) -> None:
    sleep_through(unit, datetime(2026, 1, 11, 5, 5, tzinfo=UTC))
    unit.pass_time(50)
    assert unit.pid_one.orders == ["suspend", "suspend"]
    wake, sleep = unit.wakes()[-1], unit.sleeps()[-1]
    assert (wake.stays, wake.failed_boots) == (False, 0)
    assert sleep.wakes == MORNING


def test_a_unit_that_is_sent_back_but_cannot_sleep_reports_once_and_checks_on(
    unit: SleepUnit,
) -> None:
    sleep_through(unit, MORNING)
    unit.alarm.broken = True
    unit.pass_time(3600)
    assert [wake.stays for wake in unit.wakes()] == [True, False]
    assert unit.file()["failed"] == 1
    unit.sun_w, unit.pct = 200.0, 30.0
    unit.pass_time(910)
    assert unit.is_at(EnergyLevel.FULL)
    assert unit.wakes()[-1].stays


def test_each_morning_that_fails_waits_longer_and_the_count_is_on_disk(unit: SleepUnit) -> None:
    change_host(unit, sleep=SleepMode.POWER_OFF)
    unit.verdict, unit.pct = LOW, 14.0
    unit.pass_time(330)
    waits_h = []
    for number in range(1, 9):
        armed = unit.alarm.armed
        assert armed is not None
        unit.boot((max(armed, MORNING) - unit.clock.utc).total_seconds())
        unit.pass_time(60)
        assert unit.file()["failed"] == number
        assert unit.pid_one.orders == ["poweroff"] * (number + 1)
        sleep = unit.sleeps()[-1]
        assert sleep.wakes is not None
        waits_h.append((sleep.wakes - sleep.stamp.utc) / timedelta(hours=1))
        assert [wake.stays for wake in unit.wakes()[1:]] == [False] * number
    least_h = [1, 2, 4, 8, 12, 12, 12, 12]
    assert all(low <= wait <= 24 for low, wait in zip(least_h, waits_h, strict=True)), waits_h
    assert waits_h[:3] == [1, 2, pytest.approx(24 - 3, abs=1)]  # the fourth hour would be dusk
    unit.sun_w, unit.pct, unit.verdict = 300.0, 40.0, FULL
    armed = unit.alarm.armed
    assert armed is not None
    unit.boot((armed - unit.clock.utc).total_seconds())
    unit.pass_time(900)
    assert unit.is_at(EnergyLevel.HIBERNATE)
    unit.pass_time(10)
    assert unit.is_at(EnergyLevel.FULL)
    assert unit.wakes()[-1].failed_boots == 8
    unit.pass_time(910)
    assert unit.file()["failed"] == 0


def test_ten_brown_outs_while_booting_are_counted_on_disk(unit: SleepUnit) -> None:
    unit.pct = 50.0
    for number in range(10):
        unit.boot(60)
        unit.pass_time(20)
        assert unit.file()["failed"] == number
    unit.boot(60)
    unit.pass_time(60)
    assert unit.file()["failed"] == 11  # and the check sends it back
    assert unit.pid_one.orders == ["suspend"]
    assert unit.is_at(EnergyLevel.HIBERNATE)


def test_a_boot_that_the_guard_ends_early_has_failed_too(unit: SleepUnit) -> None:
    unit.boot(3600)
    unit.pass_time(60)
    unit.verdict, unit.by_voltage = EMPTY, True
    unit.pass_time(10)
    assert unit.goes_off()
    assert unit.file()["failed"] == 1
    unit.boot(7200)
    assert unit.controller._log.boot.failed == 1


def test_a_clean_stop_of_the_service_is_no_failure(unit: SleepUnit) -> None:
    unit.boot(60)
    unit.pass_time(30)
    unit.controller.finish()
    assert unit.file()["end"] == "STOPPED"
    unit.boot(60)
    unit.pass_time(10)
    assert unit.wakes()[-1].cause == "after a shutdown"
    assert unit.file()["failed"] == 0


def test_a_restart_of_the_service_is_no_boot(unit: SleepUnit) -> None:
    unit.restart()
    unit.pct = 22.0
    unit.pass_time(60)
    assert unit.is_at(EnergyLevel.FULL)
    assert len(unit.wakes()) == 1


def test_a_restart_in_the_middle_of_the_check_begins_it_anew(unit: SleepUnit) -> None:
    sleep_through(unit, datetime(2026, 1, 11, 5, 5, tzinfo=UTC))
    unit.pct, unit.sun_w = 30.0, 200.0
    unit.pass_time(600)
    unit.restart()
    unit.pass_time(900)
    assert unit.is_at(EnergyLevel.HIBERNATE)
    unit.pass_time(20)
    assert unit.is_at(EnergyLevel.FULL)
    assert unit.wakes()[-1].cause == "the clock of the computer"


def test_an_unknown_charge_is_left_to_the_guard_and_never_slept_over(unit: SleepUnit) -> None:
    unit.boot(3600)
    unit.silent = True
    unit.pass_time(170)
    assert unit.is_at(EnergyLevel.HIBERNATE)
    unit.pass_time(20)
    assert unit.is_at(EnergyLevel.FULL)  # as the guard says
    assert unit.pid_one.orders == []


def test_a_damaged_record_is_a_fault_and_no_reason_to_stay_off(unit: SleepUnit) -> None:
    unit.settings.boot_record_file.write_text("{")
    unit.boot(3600)
    unit.pass_time(10)
    assert unit.is_at(EnergyLevel.FULL)
    assert unit.file()["cause"] == "the first start"
    assert [fault.code for fault in unit.store.list_open_faults()] == ["boots"]


def test_where_nothing_may_sleep_the_check_goes_on_until_it_passes(unit: SleepUnit) -> None:
    change_host(unit, sleep=SleepMode.STAY)
    unit.pct = 15.0
    unit.boot(36_000)
    unit.pass_time(7200)
    assert unit.is_at(EnergyLevel.HIBERNATE)
    assert unit.pid_one.orders == []
    assert len(unit.wakes()) == 1
    unit.pct, unit.sun_w = 30.0, 200.0
    unit.pass_time(950)
    assert unit.is_at(EnergyLevel.FULL)
