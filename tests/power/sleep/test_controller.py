"""The unit goes to sleep: the wake armed, the cause written, the fleet informed, the order out."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from appliance.model import EnergyLevel, EnergyPlanStep, Sleep
from appliance.process.host import Order
from appliance.settings import Settings, SleepMode
from appliance.store.store import Store
from power.sleep import boot_record
from power.sleep.bounded import BoundedCalls
from power.sleep.preparation import MOST_STEPS
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.orders import FakeOrder
from tests.stand_ins.sleep_unit import (
    EMPTY,
    FULL,
    LOW,
    MORNING,
    SUNSET,
    SleepUnit,
    change_host,
    make_unit_at_sunset,
)


@pytest.fixture
def unit(clock: FakeClock, settings: Settings, open_store: OpenStore) -> SleepUnit:
    return make_unit_at_sunset(clock, settings, open_store("power"))


def test_a_healthy_first_start_runs_at_once_and_says_so(unit: SleepUnit) -> None:
    (wake,) = unit.wakes()
    assert (wake.cause, wake.stays, wake.failed_boots) == ("the first start", True, 0)
    assert wake.stamp.uptime_s == 1010.0
    assert unit.is_at(EnergyLevel.FULL)
    assert unit.sleeps() == []


def test_five_minutes_of_hibernate_arm_the_wake_write_the_cause_and_suspend(
    unit: SleepUnit,
) -> None:
    unit.verdict, unit.pct = LOW, 14.0
    unit.pass_time(300)
    assert unit.pid_one.orders == []
    unit.pass_time(10)
    (sleep,) = unit.sleeps()
    assert unit.pid_one.orders == []  # the row is on disk before the order
    assert sleep.level == EnergyLevel.HIBERNATE
    assert unit.alarm.armed == sleep.wakes
    assert sleep.wakes is not None
    assert sleep.wakes - sleep.stamp.utc == timedelta(hours=12)
    assert sleep.expected == MORNING + timedelta(minutes=15)
    assert (sleep.armed, sleep.state_of_charge_pct) == ("the clock of the computer", 14.0)
    assert unit.file()["end"] == "ASLEEP"
    assert unit.status == "; it goes to sleep until 05:05"
    unit.pass_time(10)
    assert unit.pid_one.orders == ["suspend"]


def test_the_plan_says_when_to_wake(unit: SleepUnit, open_store: OpenStore) -> None:
    made = unit.clock.stamp()
    at = SUNSET + timedelta(hours=9)
    step = EnergyPlanStep(made, at, 90.0, 0.3, 60.0, EnergyLevel.SENTINEL)
    open_store("plan").add(replace(step, starts=at - timedelta(hours=1), pv_power_w=0.0), step)
    unit.verdict = LOW
    unit.pass_time(310)
    assert unit.alarm.armed == at
    reason = unit.sleeps()[0].reason
    assert "set for when the plan expects 90 W of PV power and a SOC of 60 %" in reason


def test_a_plan_that_was_made_at_a_wrong_hour_says_nothing_of_the_wake(
    unit: SleepUnit, open_store: OpenStore
) -> None:
    plan, made, years = open_store("plan"), unit.clock.stamp(), timedelta(days=731)
    at = SUNSET + timedelta(hours=9)
    step = EnergyPlanStep(made, at, 90.0, 0.3, 60.0, EnergyLevel.SENTINEL)
    wrong = replace(made, utc=made.utc + years)
    plan.add(*(replace(step, stamp=wrong, starts=at + years) for _ in range(MOST_STEPS)))
    plan.add(replace(step, stamp=wrong))
    plan.add(step)
    unit.verdict = LOW
    unit.pass_time(310)
    assert unit.alarm.armed == at
    (sleep,) = unit.sleeps()
    assert sleep.expected is not None
    assert sleep.expected - unit.clock.utc < timedelta(days=1)


def test_a_level_that_comes_back_in_time_keeps_the_unit_up(unit: SleepUnit) -> None:
    unit.verdict = LOW
    unit.pass_time(310)
    unit.verdict = FULL
    unit.pass_time(600)
    assert unit.pid_one.orders == []
    assert unit.file()["end"] == "RUNNING"
    unit.verdict = LOW
    unit.pass_time(300)
    assert unit.pid_one.orders == []


def test_a_unit_that_is_set_to_stay_never_sleeps(unit: SleepUnit) -> None:
    change_host(unit, sleep=SleepMode.STAY)
    unit.verdict = LOW
    unit.pass_time(7200)
    assert unit.pid_one.orders == []
    assert unit.sleeps() == []


def test_hibernate_by_power_off_where_the_settings_want_it(unit: SleepUnit) -> None:
    change_host(unit, sleep=SleepMode.POWER_OFF)
    unit.verdict = LOW
    unit.pass_time(330)
    assert unit.pid_one.orders == ["poweroff"]


def test_without_a_wake_hibernate_stays_up_and_says_why(unit: SleepUnit) -> None:
    unit.alarm.broken = True
    unit.verdict = LOW
    unit.pass_time(720)
    assert unit.pid_one.orders == []
    assert unit.sleeps() == []
    assert unit.faults == ["no wake can be armed because there is no clock"]
    assert "it stays up with its loads off" in unit.status
    unit.alarm.broken = False
    unit.pass_time(30)
    assert unit.pid_one.orders == []  # it tries again every five minutes
    while not unit.pid_one.orders:
        unit.pass_time(10)
    assert unit.pid_one.orders == ["suspend"]
    assert unit.faults == []


def test_a_unit_that_could_not_be_woken_says_so_by_day(unit: SleepUnit) -> None:
    unit.alarm.broken = True
    unit.restart()
    unit.pass_time(10)
    assert unit.faults == ["no wake can be armed because there is no clock"]


def test_the_check_in_comes_first_but_is_not_waited_for_beyond_a_minute(unit: SleepUnit) -> None:
    change_host(unit, checkin="appliance-checkin")
    unit.verdict = LOW
    unit.pass_time(310)
    assert unit.pid_one.orders == ["run appliance-checkin"]
    unit.pass_time(50)
    assert unit.pid_one.orders == ["run appliance-checkin"]
    unit.pass_time(10)
    assert unit.pid_one.orders == ["run appliance-checkin", "suspend"]
    assert unit.pid_one.checkin.abandoned


def test_a_check_in_that_is_over_delays_no_sleep(unit: SleepUnit) -> None:
    change_host(unit, checkin="appliance-checkin")
    unit.pid_one.checkin.lasts = False
    unit.verdict = LOW
    unit.pass_time(320)
    assert unit.pid_one.orders == ["run appliance-checkin", "suspend"]


def test_a_refused_sleep_is_a_fault_and_tried_again(unit: SleepUnit) -> None:
    unit.pid_one.refuses = True
    unit.verdict = LOW
    unit.pass_time(330)
    assert unit.faults == ["PID 1 refused the order `suspend`"]
    assert unit.file()["end"] == "RUNNING"
    unit.pid_one.refuses = False
    unit.pass_time(330)
    assert unit.pid_one.orders == ["suspend"]
    assert unit.faults == []


def test_a_sleep_that_does_not_come_is_ordered_again(unit: SleepUnit) -> None:
    unit.verdict = LOW
    unit.pass_time(320)
    unit.pass_time(140)
    assert unit.faults == ["the computer was ordered to sleep and is still up"]
    assert unit.pid_one.orders == ["suspend", "suspend"]
    assert len(unit.sleeps()) == 1
    unit.controller.finish()
    assert unit.file()["end"] == "ASLEEP"


def test_a_computer_that_cannot_sleep_works_when_the_energy_is_back(unit: SleepUnit) -> None:
    unit.verdict = LOW
    unit.pass_time(460)
    unit.verdict = FULL
    unit.pass_time(140)
    assert unit.is_at(EnergyLevel.FULL)
    assert unit.file()["end"] == "RUNNING"
    assert unit.faults == []


def test_a_suspend_that_is_refused_later_leaves_the_unit_awake(unit: SleepUnit) -> None:
    unit.pid_one.hangs = True
    unit.verdict = LOW
    unit.pass_time(330)
    assert unit.pid_one.orders == ["suspend"]
    assert unit.faults == []
    unit.pid_one.given[-1].give_up()
    unit.pass_time(10)
    assert unit.faults == ["systemctl did not answer: `suspend`"]
    assert unit.file()["end"] == "RUNNING"


def test_a_sleep_waits_for_its_row_but_not_for_ever(
    unit: SleepUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = unit.controller._sequence._service.recorder
    monkeypatch.setattr(recorder, "is_clear", lambda: False)
    unit.verdict = LOW
    unit.pass_time(340)
    assert len(unit.sleeps()) == 1
    assert unit.pid_one.orders == []
    unit.pass_time(30)
    assert unit.pid_one.orders == ["suspend"]


# --- the guard's power-off -----------------------------------------------------------------------


def test_a_power_off_goes_out_in_the_same_cycle_armed_and_written(unit: SleepUnit) -> None:
    unit.verdict, unit.by_voltage = EMPTY, True
    unit.pass_time(10)
    assert unit.goes_off()
    (sleep,) = unit.sleeps()
    assert sleep.level == EnergyLevel.OFF
    assert unit.alarm.armed == sleep.wakes
    assert sleep.reason.startswith("the floor is 10 %; the wake is set by the height of the sun")
    assert unit.file()["nap"]["level"] == "OFF"
    unit.pass_time(60)
    assert len(unit.sleeps()) == 1


def test_a_power_off_needs_no_wake_no_disk_and_no_database(unit: SleepUnit) -> None:
    unit.alarm.broken = True
    blocker = Path(f"{unit.settings.boot_record_file}.part")
    blocker.mkdir()
    unit.store.close()
    unit.store = Store(unit.settings.database, unit.clock, "power", opened=False)
    unit.verdict, unit.by_voltage = EMPTY, True
    with pytest.raises(Exception, match="is not open"):
        unit.pass_time(10)
    assert unit.goes_off()
    assert sorted(fault.split(" ")[0] for fault in unit.faults) == ["no", "the"]
    (sleep,) = unit.rows
    assert isinstance(sleep, Sleep)
    assert (sleep.wakes, sleep.armed, sleep.expected) == (None, "", None)


def test_a_disk_that_hangs_does_not_keep_a_weak_battery_waiting(
    unit: SleepUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = Event()
    began: list[int] = []

    def hang(*_: object) -> None:
        began.append(1)
        never.wait(60)

    unit.controller._log._disk = BoundedCalls(limit_s=0.01)
    monkeypatch.setattr(boot_record, "write", hang)
    unit.verdict, unit.by_voltage = EMPTY, True
    unit.pass_time(100)
    never.set()
    assert unit.goes_off()
    (sleep,) = unit.sleeps()
    assert unit.alarm.armed == sleep.wakes
    assert began == [1]
    assert any("check whether the disk hangs" in fault for fault in unit.faults)


def test_where_only_the_charge_is_low_the_check_in_comes_first(unit: SleepUnit) -> None:
    change_host(unit, checkin="appliance-checkin")
    unit.verdict = EMPTY
    unit.pass_time(60)
    assert not unit.goes_off()
    unit.pass_time(10)
    assert unit.goes_off()
    assert unit.pid_one.orders == ["run appliance-checkin"]


def test_a_low_voltage_waits_for_no_check_in(unit: SleepUnit) -> None:
    change_host(unit, checkin="appliance-checkin")
    unit.verdict = EMPTY
    unit.pass_time(10)
    assert not unit.goes_off()
    unit.by_voltage = True
    unit.pass_time(10)
    assert unit.goes_off()


def test_where_the_guard_may_not_power_off_the_unit_suspends(unit: SleepUnit) -> None:
    change_host(unit, may_power_off=False)
    unit.verdict = EMPTY
    unit.pass_time(300)
    assert unit.alarm.armed is None
    unit.pass_time(30)
    assert unit.pid_one.orders == ["suspend"]
    assert unit.sleeps()[0].level == EnergyLevel.HIBERNATE


def test_a_verdict_that_is_taken_back_before_the_order_leaves_the_unit_up(unit: SleepUnit) -> None:
    change_host(unit, checkin="appliance-checkin")
    unit.verdict = EMPTY
    unit.pass_time(10)
    unit.verdict = FULL
    unit.pass_time(10)
    assert unit.file()["end"] == "RUNNING"
    assert unit.pid_one.checkin.abandoned


def test_an_order_that_is_out_is_not_taken_back(unit: SleepUnit) -> None:
    unit.verdict, unit.by_voltage = EMPTY, True
    unit.pass_time(10)
    unit.verdict = FULL
    unit.pass_time(20)
    assert unit.file()["end"] == "ASLEEP"
    unit.controller.finish()
    unit.boot(3600)
    unit.pass_time(10)
    assert unit.wakes()[-1].asleep_since == unit.sleeps()[0].stamp.utc


def test_a_charge_that_is_only_a_stored_one_powers_nothing_off_for_three_minutes(
    unit: SleepUnit,
) -> None:
    unit.verdict, unit.silent = EMPTY, True
    unit.boot(36_000)
    unit.pass_time(170)
    assert not unit.goes_off()
    assert unit.is_at(EnergyLevel.OFF)
    unit.pass_time(20)
    assert unit.goes_off()


def test_an_order_that_is_obeyed_before_it_is_answered_was_no_refusal(unit: SleepUnit) -> None:
    def freeze() -> Order:
        unit.clock.advance(36_000)
        return FakeOrder("suspend", refused=True)

    unit.pid_one.suspend = freeze  # type: ignore[method-assign]
    unit.verdict = LOW
    unit.pass_time(330)
    assert unit.faults == []
    assert unit.file()["cause"] in ("the clock of the computer", "before its time")
