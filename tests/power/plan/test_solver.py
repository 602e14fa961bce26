"""The solver: the value of a charge."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from power.battery.charge_physics import ChargeModel, compute_charge_change_pct
from power.plan.horizon import build_horizon
from power.plan.monte_carlo import simulate_scenarios
from power.plan.scenarios import ScenarioStart
from power.plan.solver import (
    CHARGE_LEVELS,
    SUN_CAUTION,
    BackwardStep,
    Solution,
    compute_running_share,
    grow_sigma_pct,
    mix_overnight,
    solve_values,
)
from power.plan.utility import list_options
from power.plan.weather_model import CLASS_CLEAR_SKY_INDEX, CLASS_COUNT
from tests.power.plan.site_days import MIDNIGHT, SMALL, a_plan, clear_hours, past_of

OPTIONS = list_options(SMALL)


def solved(*clear_sky_index: float, floor_pct: float = 17.0, sigma_pct: float = 4.0) -> Solution:
    horizon = build_horizon(SMALL, MIDNIGHT, clear_hours(SMALL), past_of(*clear_sky_index).days)
    return solve_values(horizon, OPTIONS, SMALL.battery, floor_pct=floor_pct, sigma_pct=sigma_pct)


def test_more_charge_is_never_worth_less() -> None:
    values = solved(*[0.4] * 60).values
    # Two points of charge apart; a rounding of 32-bit sums of 45 days is allowed.
    assert np.diff(values, axis=-1).min() > -0.01
    assert values.min() >= 0


def test_clear_days_are_worth_more_than_dark_ones_and_warm_than_cold() -> None:
    values = solved(*[0.4] * 60).values[0]
    assert (np.diff(values[:, 0], axis=0) >= 0).all()
    assert (values[:, 0] >= values[:, 1]).all()
    assert values[4, 0, 20] > values[0, 0, 20] + 1


def test_the_first_watt_hours_are_worth_most() -> None:
    """Above the floor the value is concave, but for the steps of the options."""
    curve = solved(*[0.4] * 60).values[0][2, 0]
    begin = 12  # 30 %, well above the floor
    slopes = [(curve[place + 5] - curve[place]) / 5 for place in range(begin, CHARGE_LEVELS - 6, 5)]
    assert all(left >= right - 0.05 for left, right in pairwise(slopes))
    assert slopes[0] > slopes[-1]


def test_no_more_than_everything_all_the_time_can_be_had() -> None:
    solution = solved(*[0.9] * 60)
    hours = sum(interval.hours for interval in solution.intervals)
    assert solution.values[0].max() <= hours + 0.01


def test_a_site_that_was_grey_expects_less() -> None:
    assert solved(*[0.05] * 60).values[0].mean() < solved(*[0.9] * 60).values[0].mean() - 50


def test_a_higher_floor_and_more_sigma_cost_value() -> None:
    plain = solved(0.4).values[0, :, 0, 10:].mean()
    assert solved(0.4, floor_pct=40.0).values[0, :, 0, 10:].mean() < plain
    assert solved(0.4, sigma_pct=20.0).values[0, :, 0, 10:].mean() < plain


def test_floors_take_sigma_and_cold_together() -> None:
    solution = solved(0.4, floor_pct=17.0, sigma_pct=4.0)
    for interval, floor_pct in zip(solution.intervals, solution.floors_pct, strict=True):
        grown_pct = grow_sigma_pct(4.0, interval.day)
        assert floor_pct == pytest.approx(17 + math.hypot(grown_pct, interval.hidden_pct))


def test_the_sigma_grows_by_the_day_to_a_most_and_never_shrinks() -> None:
    course = [grow_sigma_pct(4.0, days) for days in range(10)]
    assert course == sorted(course)
    assert course[0] == 4.0
    assert course[-1] == course[-2] > 10
    assert grow_sigma_pct(25.0, 5) == 25.0


def test_the_loads_run_until_the_floor_and_not_beyond() -> None:
    change_pct = np.array([[-10.0], [-10.0], [-10.0], [5.0]], np.float32)
    end_pct = np.array([[30.0], [15.0], [5.0], [5.0]], np.float32)
    shares = compute_running_share(change_pct, end_pct, 20.0)
    assert shares.ravel() == pytest.approx([1.0, 0.5, 0.0, 1.0])


def test_overnight_keeps_what_is_common_to_all_weather_classes() -> None:
    same = np.full((CLASS_COUNT, 2, 3), 7.0, np.float32)
    chances = np.full(CLASS_COUNT, 1 / CLASS_COUNT, np.float32)
    assert mix_overnight(same, chances, cold=0.3) == pytest.approx(same)
    cold_is_dear = same.copy()
    cold_is_dear[:, 1] = 0.0
    after = mix_overnight(cold_is_dear, chances, cold=0.0)
    assert after[:, 0] == pytest.approx(7.0)  # warm, and it stays so
    assert (after[:, 1] > 0).all()  # a cold spell may end


def test_frost_is_followed_by_frost_as_often_as_in_the_winters_it_was_measured_in() -> None:
    """Where the forecast of temperature says 0.3: 0.7 after a cold day, 0.13 after a mild one."""
    is_cold = np.zeros((CLASS_COUNT, 2, 3), np.float32)
    is_cold[:, 1] = 1.0
    after = mix_overnight(is_cold, np.full(CLASS_COUNT, 1 / CLASS_COUNT, np.float32), cold=0.3)
    assert after[:, 1] == pytest.approx(0.7, abs=0.04)
    assert after[:, 0] == pytest.approx(0.13, abs=0.04)


def test_one_step_back_changes_the_charge_as_the_physics_says() -> None:
    """power/battery/charge_physics.py, with the sun that the planner counts on."""
    interval = next(one for one in a_plan().horizon.intervals if one.clear_w > 60)
    linear = np.broadcast_to(
        np.linspace(0, 100, CHARGE_LEVELS, dtype=np.float32), (CLASS_COUNT, 2, CHARGE_LEVELS)
    )
    for option in OPTIONS:
        step = BackwardStep([replace(option, utility=0.0)], SMALL.battery)
        values = step(interval, 0.0, linear)
        for weather_class, clear_sky_index in enumerate(CLASS_CLEAR_SKY_INDEX):
            for cold in (False, True):
                change_pct = compute_charge_change_pct(
                    ChargeModel.from_settings(SMALL.battery),
                    sun_w=interval.clear_w * clear_sky_index * SUN_CAUTION,
                    draw_w=option.power_w,
                    hours=interval.hours,
                    cold=cold,
                )
                found = values[weather_class, int(cold), 20]
                assert found == pytest.approx(min(100.0, 50.0 + change_pct), abs=0.01)


@pytest.mark.parametrize("charge_pct", [30, 50, 80])
def test_the_value_that_was_solved_is_the_utility_that_is_simulated(charge_pct: int) -> None:
    """Backward in one pass, and forward in 400 random scenarios: the same figure."""
    plan = a_plan(past=past_of(*[0.4] * 60))
    values = plan.solution.values[0][:, :, round(charge_pct / 2.5)]
    cold = plan.horizon.cold[0]
    solved_h = np.array(plan.horizon.weather[0]) @ values @ np.array([1 - cold, cold])
    start = ScenarioStart(hour=0.0, charge_pct=charge_pct, sigma_pct=0.0)
    results = simulate_scenarios(plan, start, 45, step_h=24, count=400, sun_share=SUN_CAUTION)
    assert results.total_utility.mean() == pytest.approx(solved_h, rel=0.015)
