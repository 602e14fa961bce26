"""How the policy is followed: the option that is chosen."""

import pytest

from appliance.model import EnergyLevel
from appliance.settings import BatterySettings
from power.battery.charge_physics import ChargeModel
from power.plan.plan import make_policy
from power.plan.policy import (
    DECISION_H,
    LEAST_GAIN_PER_H,
    DecisionState,
    choose_option,
    evaluate_option,
)
from power.plan.policy_table import (
    PolicyTable,
    compute_value_curve,
    find_floor_pct,
    unpack_table,
)
from power.plan.utility import Option, list_options
from power.plan.weather_model import CLASS_CLEAR_SKY_INDEX
from tests.power.plan.site_days import SMALL, a_plan, past_of

OPTIONS = list_options(SMALL)
TABLE = unpack_table(make_policy(a_plan(past=past_of(*(CLASS_CLEAR_SKY_INDEX * 12)))))
BATTERY = ChargeModel.from_settings(SMALL.battery)


def choose(state: DecisionState, table: PolicyTable = TABLE, held: Option | None = None) -> Option:
    hour = state.hour + DECISION_H
    curve = compute_value_curve(table, hour, table.weather[0], cold=state.cold)
    return choose_option(OPTIONS, state, curve=curve, table=table, battery=BATTERY, held=held)


def chosen(
    charge_pct: float,
    hour: float = 1.0,
    sun_w: float = 0.0,
    table: PolicyTable = TABLE,
    cold: bool = False,
) -> EnergyLevel:
    return choose(
        DecisionState(hour=hour, charge_pct=charge_pct, sun_w=sun_w, cold=cold), table
    ).level


def test_the_levels_rise_with_the_charge() -> None:
    levels = [chosen(charge_pct) for charge_pct in range(0, 101, 5)]
    assert levels == sorted(levels)
    assert levels[0] == EnergyLevel.HIBERNATE
    assert levels[-1] == EnergyLevel.FULL


def test_sun_that_a_full_battery_cannot_take_is_spent() -> None:
    assert chosen(100.0, hour=12.0, sun_w=100.0) == EnergyLevel.FULL


def test_nothing_is_worth_starting_at_the_floor() -> None:
    assert chosen(find_floor_pct(TABLE, 1.0)) == EnergyLevel.HIBERNATE


def test_a_uncertain_charge_is_spent_more_carefully() -> None:
    """Its sigma is in the floors of the table."""
    uncertain = unpack_table(
        make_policy(a_plan(past=past_of(*(CLASS_CLEAR_SKY_INDEX * 12)), sigma_pct=13.0))
    )
    assert min(uncertain.floors_pct) > max(TABLE.floors_pct[:12]) + 5
    levels = [chosen(charge_pct, table=uncertain) for charge_pct in range(20, 60, 5)]
    assert levels <= [chosen(charge_pct) for charge_pct in range(20, 60, 5)]
    assert levels[0] == EnergyLevel.HIBERNATE


def test_sun_that_a_cold_battery_cannot_take_is_spent_and_no_more() -> None:
    for charge_pct in range(25, 60, 5):
        assert chosen(charge_pct, 12.0, 60.0, cold=True) == EnergyLevel.FULL
        assert chosen(charge_pct, 1.0, 0.0, cold=True) <= chosen(charge_pct, 1.0, 0.0)


def test_the_option_that_holds_stays_for_a_small_gain() -> None:
    for charge_pct in range(20, 100):
        state = DecisionState(hour=1.0, charge_pct=charge_pct, sun_w=0.0, cold=False)
        curve = compute_value_curve(TABLE, 1.0 + DECISION_H, TABLE.weather[0], cold=False)
        best = choose(state)
        for held in OPTIONS:
            lost = evaluate_option(best, state, curve, TABLE, BATTERY)
            lost -= evaluate_option(held, state, curve, TABLE, BATTERY)
            expected = held if lost < LEAST_GAIN_PER_H * DECISION_H else best
            assert choose(state, held=held) == expected


def test_an_option_is_judged_by_what_the_battery_really_takes() -> None:
    """600 W less 12 W into 640 Wh: 12.06 %; without the limit of 0.5 C and the losses, 22.27 %."""
    small = ChargeModel.from_settings(BatterySettings(capacity_wh=640))
    option = Option(EnergyLevel.ECO, power_w=12.0, utility=0.0)
    charge_as_value = [float(pct) for pct in range(101)]
    state = DecisionState(hour=12.0, charge_pct=50.0, sun_w=600.0, cold=False)
    value = evaluate_option(option, state, charge_as_value, TABLE, small)
    assert value == pytest.approx(50 + 12.06, abs=0.01)
