"""A unit sleeps only where somebody has seen its computer wake by its clock."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.model import EnergyLevel
from appliance.sections.pace import ClockSettings
from appliance.settings import Settings, SleepMode
from power.sleep import wake_test
from power.sleep.wake_test import identify_computer, read_test
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.sleep_unit import (
    EMPTY,
    FULL,
    LOW,
    SUNSET,
    SleepUnit,
    change_host,
    record_test,
)

UNTESTED = "nobody has seen this computer wake by its clock"


@pytest.fixture
def unit(clock: FakeClock, settings: Settings, open_store: OpenStore) -> SleepUnit:
    """A unit that was never tested, at work."""
    clock.set_wall_clock(SUNSET)
    made = SleepUnit(clock, settings, open_store("power"), is_tested=False)
    made.pass_time(1800)
    return made


def ask(unit: SleepUnit) -> None:
    unit.settings.wake_test_request.parent.mkdir(parents=True, exist_ok=True)
    unit.settings.wake_test_request.touch()


def begin_test(unit: SleepUnit, order: str = "suspend") -> None:
    """Somebody asks for it; the order is out."""
    ask(unit)
    unit.pass_time(100)
    assert unit.pid_one.orders == [order]


def test_an_untested_computer_is_not_put_to_sleep_and_says_what_to_do(unit: SleepUnit) -> None:
    unit.verdict, unit.pct = LOW, 14.0
    unit.pass_time(3600)
    assert unit.pid_one.orders == []
    assert UNTESTED in unit.faults[0]
    assert "unitctl power test-sleep" in unit.faults[0]
    assert unit.status == "; it stays up with its loads off: its wake was not tested"


def test_an_empty_battery_powers_an_untested_computer_off_all_the_same(unit: SleepUnit) -> None:
    unit.verdict, unit.pct = EMPTY, 8.0
    unit.pass_time(120)
    assert unit.goes_off()
    assert unit.alarm.armed is not None


def test_a_test_ends_the_loads_sleeps_for_five_minutes_and_lets_the_unit_sleep_alone(
    unit: SleepUnit,
) -> None:
    ask(unit)
    unit.pass_time(10)
    assert unit.is_at(EnergyLevel.HIBERNATE)
    assert not unit.settings.wake_test_request.exists()
    unit.pass_time(40)
    assert unit.pid_one.orders == []  # loads have a minute to end
    unit.pass_time(40)
    assert unit.pid_one.orders == ["suspend"]
    (sleep,) = unit.sleeps()
    assert sleep.wakes == unit.alarm.armed == sleep.stamp.utc + timedelta(minutes=5)
    unit.clock.advance(310)
    unit.pass_time(60)
    assert unit.faults == []
    assert unit.is_at(EnergyLevel.FULL)
    assert unit.wakes()[-1].cause == "after a wake test"
    found = read_test(unit.settings.wake_test_file)
    assert found is not None
    assert (found.woke, found.said, found.mode) == (True, "its clock woke it", SleepMode.SUSPEND)
    unit.verdict, unit.pct = LOW, 14.0
    unit.pass_time(330)
    assert unit.pid_one.orders == ["suspend", "suspend"]


@pytest.mark.parametrize(
    ("asleep_s", "said"), [(900, "up 10 min after its alarm"), (20, "up 4 min before its alarm")]
)
def test_a_computer_that_a_person_woke_has_failed_the_test(
    unit: SleepUnit, asleep_s: float, said: str
) -> None:
    change_host(unit, sleep=SleepMode.POWER_OFF)
    begin_test(unit, "poweroff")
    unit.boot(asleep_s)
    unit.pass_time(60)
    (fault,) = unit.faults
    assert "the last test failed: it was " in fault
    assert said in fault
    assert "look for 'wake by RTC alarm' in the firmware" in fault
    unit.verdict, unit.pct = LOW, 14.0
    unit.pass_time(600)
    assert unit.pid_one.orders == ["poweroff"]


def find_test(unit: SleepUnit) -> wake_test.WakeTest | None:
    return read_test(unit.settings.wake_test_file)


def test_a_computer_that_was_told_to_sleep_and_stayed_up_has_failed_the_test(
    unit: SleepUnit,
) -> None:
    """PID 1 takes the order, and a driver keeps the kernel from suspending: no error shows that."""
    begin_test(unit)
    unit.pass_time(400)
    found = find_test(unit)
    assert found is not None
    assert (found.woke, found.said) == (False, "the computer was told to sleep and stayed up")
    assert "the last test failed: the computer was told to sleep" in unit.faults[0]
    assert "systemd-inhibit" in unit.faults[0]  # its clock may be sound
    assert "wake by RTC alarm" not in unit.faults[0]


@pytest.mark.parametrize("speed", [1, 36, 432, 2000])
def test_a_demonstration_with_a_fast_clock_passes_the_test_that_its_board_passes(
    clock: FakeClock, settings: Settings, open_store: OpenStore, speed: float
) -> None:
    """Its processes take real time: here five seconds from the order to the suspend, with a slow
    cycle between them, and one from the alarm to the next cycle.
    """
    clock.set_wall_clock(SUNSET)
    fast = replace(settings, clock=ClockSettings(speed=speed))
    unit = SleepUnit(clock, fast, open_store("power"), is_tested=False)
    unit.pass_time(1800)
    ask(unit)
    cycle_s = max(10.0, 0.1 * speed)
    while not unit.pid_one.orders and clock.uptime_s < 10_000 + 60 * speed:
        unit.pass_time(cycle_s, cycle_s)
    assert unit.pid_one.orders == ["suspend"]
    unit.pass_time(5.0 * speed, 5.0 * speed)
    assert unit.alarm.armed is not None
    clock.advance((unit.alarm.armed - clock.utc).total_seconds() + speed)
    unit.cycle()
    found = find_test(unit)
    assert found is not None
    assert (found.woke, found.said) == (True, "its clock woke it")


def test_a_new_start_at_the_time_of_the_alarm_is_no_proof_of_waking_from_suspend(
    unit: SleepUnit,
) -> None:
    """A watchdog that resets the computer because it does not resume, or a battery that ends."""
    begin_test(unit)
    unit.boot(300)
    unit.pass_time(60)
    assert "it started anew and did not come back from its sleep" in unit.faults[0]
    assert "wake by RTC alarm" not in unit.faults[0]


def test_the_wake_from_the_guards_power_off_is_no_proof_of_waking_from_suspend(
    unit: SleepUnit,
) -> None:
    unit.verdict, unit.pct = EMPTY, 8.0
    unit.pass_time(120)
    assert unit.goes_off()
    assert unit.alarm.armed is not None
    unit.verdict, unit.pct = FULL, 80.0
    unit.boot((unit.alarm.armed - unit.clock.utc).total_seconds() + 40)
    unit.pass_time(60)
    assert [fault for fault in unit.faults if UNTESTED in fault]
    found = find_test(unit)
    assert found is not None
    assert (found.woke, found.mode) == (True, SleepMode.POWER_OFF)


def test_what_failed_a_test_is_proved_by_another_test_alone(unit: SleepUnit) -> None:
    """After a power-off a charger that begins at dawn starts the computer as the alarm would."""
    change_host(unit, sleep=SleepMode.POWER_OFF)
    begin_test(unit, "poweroff")
    unit.boot(900)
    unit.pass_time(1200)
    unit.verdict, unit.pct = EMPTY, 8.0
    unit.pass_time(120)
    assert unit.goes_off()
    assert unit.alarm.armed is not None
    unit.verdict, unit.pct = FULL, 80.0
    unit.boot((unit.alarm.armed - unit.clock.utc).total_seconds() + 40)
    unit.pass_time(60)
    assert "the last test failed" in unit.faults[0]


def test_a_proof_is_of_the_settings_with_which_the_unit_slept(unit: SleepUnit) -> None:
    begin_test(unit)
    unit.clock.advance(310)
    unit.pass_time(60)
    assert unit.faults == []
    for changes in ({"sleep": SleepMode.POWER_OFF}, {"rtc": Path("/sys/class/rtc/rtc1")}):
        change_host(unit, **changes)
        unit.pass_time(60)
        assert [fault for fault in unit.faults if UNTESTED in fault], changes


def test_a_service_that_starts_anew_while_the_order_is_out_proves_and_disproves_nothing(
    unit: SleepUnit,
) -> None:
    record_test(unit.settings, unit.clock.utc)
    unit.restart()
    before = find_test(unit)
    for waited_s in (20, 180):  # before the alarm, and at it
        begin_test(unit)
        unit.pass_time(waited_s)
        unit.restart()
        unit.pid_one.orders.clear()
        unit.pass_time(60)
        assert find_test(unit) == before


def test_a_test_that_was_cancelled_is_not_judged_by_the_sleep_before_it(unit: SleepUnit) -> None:
    begin_test(unit)
    unit.clock.advance(310)
    unit.pass_time(60)
    before = find_test(unit)
    unit.pass_time(1200)
    unit.pid_one.orders.clear()
    unit.pid_one.refuses = True
    ask(unit)
    unit.pass_time(100)
    unit.restart()
    unit.pass_time(60)
    assert find_test(unit) == before


def test_a_test_for_which_nobody_waits_any_more_is_not_begun(
    clock: FakeClock, settings: Settings, open_store: OpenStore
) -> None:
    """Asked for in the dark: the energy check passes with the sun of the next day."""
    clock.set_wall_clock(SUNSET)
    unit = SleepUnit(clock, settings, open_store("power"), is_tested=False, pct=5.0, verdict=LOW)
    ask(unit)
    unit.pass_time(1800)
    assert not unit.settings.wake_test_request.exists()
    unit.verdict, unit.pct = FULL, 80.0
    unit.pass_time(600)
    assert unit.pid_one.orders == []
    assert unit.is_at(EnergyLevel.FULL)


def test_a_power_off_is_tested_over_a_boot(unit: SleepUnit) -> None:
    change_host(unit, sleep=SleepMode.POWER_OFF)
    begin_test(unit, "poweroff")
    unit.boot(360)
    unit.pass_time(60)
    assert unit.faults == []


def test_a_test_of_suspend_is_none_of_power_off_nor_of_another_computer(
    unit: SleepUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_test(unit.settings, unit.clock.utc)
    unit.restart()
    unit.pass_time(10)
    assert unit.faults == []
    change_host(unit, sleep=SleepMode.POWER_OFF)
    unit.pass_time(10)
    assert UNTESTED in unit.faults[0]
    change_host(unit, sleep=SleepMode.SUSPEND)
    monkeypatch.setattr(wake_test, "identify_computer", lambda: "another one")
    unit.restart()
    unit.pass_time(10)
    assert UNTESTED in unit.faults[0]


def test_a_sleep_that_the_clock_ended_in_time_before_is_a_proof_as_well(unit: SleepUnit) -> None:
    """A unit that an update reaches has slept already."""
    record_test(unit.settings, unit.clock.utc)
    unit.restart()
    unit.pass_time(1200)
    unit.verdict, unit.pct = LOW, 14.0
    unit.pass_time(320)
    assert unit.alarm.armed is not None
    unit.clock.advance((unit.alarm.armed - unit.clock.utc).total_seconds() + 20)
    unit.pass_time(10)
    unit.settings.wake_test_file.unlink()
    assert unit.file()["cause"] == "the clock of the computer"
    unit.restart()
    unit.pass_time(10)
    assert not [fault for fault in unit.faults if UNTESTED in fault]


def test_a_test_waits_for_the_energy_check_and_a_unit_that_stays_up_has_none(
    unit: SleepUnit,
) -> None:
    change_host(unit, sleep=SleepMode.STAY)
    ask(unit)
    unit.pass_time(200)
    assert unit.is_at(EnergyLevel.FULL)
    assert unit.pid_one.orders == []


def test_without_a_wake_that_can_be_armed_the_test_ends_and_the_loads_come_back(
    unit: SleepUnit,
) -> None:
    unit.alarm.broken = True
    ask(unit)
    unit.pass_time(100)
    unit.pass_time(10)
    assert unit.is_at(EnergyLevel.FULL)
    assert "no wake can be armed because there is no clock" in unit.faults


def test_a_damaged_record_is_no_proof(unit: SleepUnit) -> None:
    record_test(unit.settings, unit.clock.utc)
    whole = unit.settings.wake_test_file.read_text()
    for broken in ("", "{", "[]", whole.replace("true", "1"), whole.replace("suspend", "nap")):
        unit.settings.wake_test_file.write_text(broken)
        unit.restart()
        unit.pass_time(10)
        assert UNTESTED in unit.faults[0] or "the last test failed" in unit.faults[0], broken


def test_a_computer_is_told_by_its_serial_number_or_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial, model = tmp_path / "serial", tmp_path / "model"
    monkeypatch.setattr(wake_test, "IDENTITY", ((serial, model), (tmp_path / "none",)))
    model.write_bytes(b"NVIDIA Orin\0")
    assert identify_computer() == "NVIDIA Orin"
    serial.write_bytes(b"1423\0")
    assert identify_computer() == "1423"
