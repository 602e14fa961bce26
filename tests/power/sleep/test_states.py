"""The sleep controller's table of states (power/sleep/states.py), transition by transition."""

from datetime import timedelta
from itertools import groupby

import pytest

from appliance.model import EnergyLevel
from appliance.settings import Settings
from power.sleep import states
from power.sleep.states import SleepState
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.sleep_unit import (
    EMPTY,
    FULL,
    LOW,
    MORNING,
    FakeCheckIn,
    SleepUnit,
    change_host,
    make_unit_at_sunset,
    sleep_through,
)

CHECKING, AWAKE, SENT_BACK = SleepState.CHECKING, SleepState.AWAKE, SleepState.SENT_BACK
WAITING, ORDERED = SleepState.WAITING_FOR_CHECKIN, SleepState.ORDERED
OFF_WAITING, OFF_ORDERED = SleepState.POWER_OFF_WAITING, SleepState.POWER_OFF_ORDERED


@pytest.fixture
def unit(clock: FakeClock, settings: Settings, open_store: OpenStore) -> SleepUnit:
    """Awake at sunset, with a check-in that lasts until it is abandoned."""
    unit = make_unit_at_sunset(clock, settings, open_store("power"))
    change_host(unit, checkin="appliance-checkin")
    unit.pass_time(10)
    unit.states = [unit.controller.state]
    return unit


def take_states(unit: SleepUnit) -> list[SleepState]:
    """The states since the last call, each once."""
    found = [state for state, _ in groupby(unit.states)]
    unit.states = unit.states[-1:]
    return found


def reach(unit: SleepUnit, state: SleepState) -> None:
    """Bring an awake unit into `state`, by the shortest way."""
    if state in (CHECKING, SENT_BACK):
        unit.boot(3600)
        unit.pct = 50.0 if state is CHECKING else 14.0
        unit.silent = state is CHECKING
        unit.alarm.broken = state is SENT_BACK
        unit.pass_time(30)
    if state in (WAITING, ORDERED):
        unit.verdict = LOW
        unit.pass_time(310 if state is WAITING else 370)
    if state in (OFF_WAITING, OFF_ORDERED):
        unit.verdict, unit.by_voltage = EMPTY, state is OFF_ORDERED
        unit.pass_time(10)
    assert unit.controller.state is state
    take_states(unit)


def test_the_table_names_every_state() -> None:
    assert states.__doc__
    assert [state.name for state in SleepState if state.name not in states.__doc__] == []


def test_a_boot_is_checked_and_with_charge_enough_it_is_awake(unit: SleepUnit) -> None:
    unit.boot(3600)
    unit.pass_time(10)
    assert take_states(unit) == [CHECKING, AWAKE]
    assert unit.check_passed
    unit.pass_time(10)
    assert not unit.check_passed


def test_a_restart_of_the_service_after_the_check_is_awake_at_once(unit: SleepUnit) -> None:
    unit.restart()
    assert unit.controller.state is AWAKE


def test_hibernate_that_lasts_is_prepared_checked_in_and_ordered(unit: SleepUnit) -> None:
    unit.verdict = LOW
    unit.pass_time(400)
    assert take_states(unit) == [AWAKE, WAITING, ORDERED]


def test_a_return_from_suspend_is_checked_again(unit: SleepUnit) -> None:
    unit.pid_one.checkin.lasts = False
    sleep_through(unit, MORNING)
    unit.sun_w, unit.pct = 200.0, 30.0
    unit.pass_time(920)
    assert take_states(unit) == [AWAKE, WAITING, ORDERED, CHECKING, AWAKE]


def test_a_failed_check_sends_the_unit_back_to_sleep(unit: SleepUnit) -> None:
    reach(unit, SENT_BACK)
    unit.alarm.broken = False
    unit.pass_time(400)
    assert take_states(unit) == [SENT_BACK, WAITING, ORDERED]


def test_a_unit_that_is_sent_back_and_then_finds_energy_is_awake(unit: SleepUnit) -> None:
    reach(unit, SENT_BACK)
    unit.pct = 80.0
    unit.pass_time(10)
    assert take_states(unit) == [SENT_BACK, AWAKE]


def test_the_check_may_still_pass_while_the_check_in_runs(unit: SleepUnit) -> None:
    unit.boot(3600)
    unit.pct = 14.0
    unit.pass_time(40)
    unit.pct = 80.0
    unit.pass_time(10)
    assert take_states(unit) == [CHECKING, WAITING, AWAKE]
    assert unit.pid_one.checkin.abandoned
    assert unit.file()["end"] == "RUNNING"


def test_a_level_that_rises_before_the_order_cancels_the_sleep(unit: SleepUnit) -> None:
    reach(unit, WAITING)
    unit.verdict = FULL
    unit.pass_time(10)
    assert take_states(unit) == [WAITING, AWAKE]
    assert unit.status == ""


def test_a_refused_order_leaves_the_unit_awake_and_is_tried_again(unit: SleepUnit) -> None:
    reach(unit, WAITING)
    unit.pid_one.refuses = True
    unit.pass_time(60)
    assert take_states(unit) == [WAITING, AWAKE]
    unit.pid_one.refuses = False
    unit.pass_time(400)
    assert take_states(unit) == [AWAKE, WAITING, ORDERED]


def test_a_refused_order_after_a_failed_check_is_still_a_failed_check(unit: SleepUnit) -> None:
    unit.boot(3600)
    unit.pct = 14.0
    unit.pass_time(40)
    unit.pid_one.refuses = True
    unit.pass_time(60)
    assert take_states(unit) == [CHECKING, WAITING, SENT_BACK]


def test_an_order_that_is_not_carried_out_is_repeated_in_the_same_state(unit: SleepUnit) -> None:
    reach(unit, ORDERED)
    unit.pass_time(130)
    assert take_states(unit) == [ORDERED]
    assert unit.pid_one.orders.count("suspend") == 2


def test_after_two_minutes_an_order_no_longer_holds_and_a_better_level_is_awake(
    unit: SleepUnit,
) -> None:
    reach(unit, ORDERED)
    unit.verdict = FULL
    unit.pass_time(100)
    assert take_states(unit) == [ORDERED]
    assert unit.is_at(EnergyLevel.HIBERNATE)
    unit.pass_time(40)
    assert take_states(unit) == [ORDERED, AWAKE]


def test_a_sleep_that_cannot_be_prepared_leaves_the_unit_awake_and_says_so_until_the_level_rises(
    unit: SleepUnit,
) -> None:
    unit.alarm.broken = True
    unit.verdict = LOW
    unit.pass_time(400)
    assert take_states(unit) == [AWAKE]
    assert unit.status == "; it stays up with its loads off: no wake can be armed"
    unit.verdict = FULL
    unit.pass_time(10)
    assert unit.status == ""


@pytest.mark.parametrize("state", [CHECKING, AWAKE, SENT_BACK, WAITING, ORDERED])
def test_the_guards_power_off_is_prepared_from_every_state(
    unit: SleepUnit, state: SleepState
) -> None:
    reach(unit, state)
    unit.pid_one.checkin = FakeCheckIn()
    unit.verdict, unit.silent = EMPTY, False
    unit.pct = 14.0 if state is CHECKING else unit.pct
    unit.pass_time(10)
    assert take_states(unit)[-1] is OFF_WAITING
    assert not unit.powers_off


@pytest.mark.parametrize("state", [AWAKE, SENT_BACK, WAITING, ORDERED])
def test_a_confirmed_low_voltage_orders_it_in_the_same_cycle(
    unit: SleepUnit, state: SleepState
) -> None:
    reach(unit, state)
    unit.verdict, unit.by_voltage = EMPTY, True
    unit.pass_time(10)
    assert take_states(unit)[-1] is OFF_ORDERED
    assert unit.powers_off


def test_a_power_off_is_ordered_when_the_check_in_has_had_its_minute(unit: SleepUnit) -> None:
    reach(unit, OFF_WAITING)
    unit.pass_time(50)
    assert take_states(unit) == [OFF_WAITING]
    unit.pass_time(10)
    assert take_states(unit) == [OFF_WAITING, OFF_ORDERED]
    assert unit.powers_off


def test_a_power_off_that_waits_is_ordered_when_the_voltage_falls(unit: SleepUnit) -> None:
    reach(unit, OFF_WAITING)
    unit.by_voltage = True
    unit.pass_time(10)
    assert take_states(unit) == [OFF_WAITING, OFF_ORDERED]


def test_a_power_off_that_is_taken_back_while_it_waits_is_cancelled(unit: SleepUnit) -> None:
    reach(unit, OFF_WAITING)
    unit.verdict = LOW
    unit.pass_time(10)
    assert take_states(unit) == [OFF_WAITING, AWAKE]
    assert unit.file()["end"] == "RUNNING"


def test_a_power_off_that_is_ordered_holds_for_two_minutes(unit: SleepUnit) -> None:
    reach(unit, OFF_ORDERED)
    unit.verdict = FULL
    unit.pass_time(120)
    assert take_states(unit) == [OFF_ORDERED]
    unit.pass_time(10)
    assert take_states(unit) == [OFF_ORDERED, AWAKE]


def test_a_power_off_that_is_ordered_is_no_sleep_to_return_from(unit: SleepUnit) -> None:
    reach(unit, OFF_ORDERED)
    unit.clock.advance(timedelta(hours=8).total_seconds())
    unit.cycle()
    assert not unit.came_back
    assert unit.controller.state is OFF_ORDERED
