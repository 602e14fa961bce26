"""The planner's solution: what a charge is worth."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from power.plan.horizon import build_horizon
from power.plan.monte_carlo import ScenarioStart, simulate_scenarios
from power.plan.rollout import TimeStep, compute_charge_change_pct
from power.plan.solver import (
    CHARGE_LEVELS,
    MOST_C,
    SUN_CAUTION,
    BackwardStep,
    Solution,
    compute_running_share,
    grow_sigma_pct,
    mix_overnight,
    solve_values,
)
from power.plan.utility import Option, list_options
from power.plan.weather_model import CLASS_COUNT
from tests.power.plan.site_days import MIDNIGHT, SMALL, a_prospect, clear_hours, past_of

CHOICES = list_options(SMALL)


def solved(*clearness: float, floor_pct: float = 17.0, sigma_pct: float = 4.0) -> Solution:
    outlook = build_horizon(SMALL, MIDNIGHT, clear_hours(SMALL), past_of(*clearness).days)
    return solve_values(outlook, CHOICES, SMALL.battery, floor_pct, sigma_pct)


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
    hours = sum(stretch.hours for stretch in solution.intervals)
    assert solution.values[0].max() <= hours + 0.01


def test_a_site_that_was_grey_expects_less() -> None:
    assert solved(*[0.05] * 60).values[0].mean() < solved(*[0.9] * 60).values[0].mean() - 50


def test_a_higher_floor_and_more_doubt_cost_worth() -> None:
    plain = solved(0.4).values[0, :, 0, 10:].mean()
    assert solved(0.4, floor_pct=40.0).values[0, :, 0, 10:].mean() < plain
    assert solved(0.4, sigma_pct=20.0).values[0, :, 0, 10:].mean() < plain


def test_floors_take_doubt_and_cold_together() -> None:
    solution = solved(0.4, floor_pct=17.0, sigma_pct=4.0)
    for stretch, floor_pct in zip(solution.intervals, solution.floors_pct, strict=True):
        doubt_pct = grow_sigma_pct(4.0, stretch.day)
        assert floor_pct == pytest.approx(17 + math.hypot(doubt_pct, stretch.hidden_pct))


def test_the_doubt_grows_by_the_day_to_a_most_and_never_shrinks() -> None:
    course = [grow_sigma_pct(4.0, days) for days in range(10)]
    assert course == sorted(course)
    assert course[0] == 4.0
    assert course[-1] == course[-2] > 10
    assert grow_sigma_pct(25.0, 5) == 25.0


def test_the_loads_run_until_the_floor_and_not_beyond() -> None:
    moved_pct = np.array([[-10.0], [-10.0], [-10.0], [5.0]], np.float32)
    end_pct = np.array([[30.0], [15.0], [5.0], [5.0]], np.float32)
    shares = compute_running_share(moved_pct, end_pct, 20.0)
    assert shares.ravel() == pytest.approx([1.0, 0.5, 0.0, 1.0])


def test_overnight_keeps_what_is_common_to_all_skies() -> None:
    same = np.full((CLASS_COUNT, 2, 3), 7.0, np.float32)
    chances = np.full(CLASS_COUNT, 1 / CLASS_COUNT, np.float32)
    assert mix_overnight(same, chances, 0.3) == pytest.approx(same)
    cold_is_dear = same.copy()
    cold_is_dear[:, 1] = 0.0
    after = mix_overnight(cold_is_dear, chances, 0.0)
    assert after[:, 0] == pytest.approx(7.0)  # warm, and it stays so
    assert (after[:, 1] > 0).all()  # a cold spell may end


def test_one_step_back_is_what_a_piece_on_paper_comes_to() -> None:
    """The same physics as power/plan/rollout.py, with the sun that the planner dares to expect."""
    stretch = next(one for one in a_prospect().horizon.intervals if one.clear_w > 60)
    battery = SMALL.battery
    linear = np.broadcast_to(
        np.linspace(0, 100, CHARGE_LEVELS, dtype=np.float32), (CLASS_COUNT, 2, CHARGE_LEVELS)
    )
    for choice in CHOICES:
        one = BackwardStep([Option(choice.level, choice.power_w, 0.0)], battery)(
            stretch, 0.0, linear
        )
        for sky, clearness in enumerate((0.05, 0.17, 0.35, 0.58, 0.86)):
            for cold in (0, 1):
                sun_w = stretch.clear_w * clearness * SUN_CAUTION
                piece = TimeStep(stretch.starts, 0.0, stretch.hours, sun_w, bool(cold), 0.0)
                expected = min(
                    100.0, 50.0 + compute_charge_change_pct(piece, choice.power_w, battery)
                )
                assert one[sky, cold, 20] == pytest.approx(expected, abs=0.01)


def test_charging_is_limited_by_the_battery() -> None:
    stretch = replace(a_prospect().horizon.intervals[6], clear_w=100_000.0, hours=0.1)
    piece = TimeStep(stretch.starts, 0.0, 0.1, 100_000.0, False, 0.0)
    assert compute_charge_change_pct(piece, 10.0, SMALL.battery) <= MOST_C * 0.1 * 100


@pytest.mark.parametrize("charge_pct", [30, 50, 80])
def test_the_worth_that_was_solved_is_the_worth_that_is_lived(charge_pct: int) -> None:
    """Backward in one pass, and forward in 400 futures drawn by lot: the same figure."""
    prospect = a_prospect(past=past_of(*[0.4] * 60))
    values = prospect.solution.values[0][:, :, round(charge_pct / 2.5)]
    cold = prospect.horizon.cold[0]
    solved_h = np.array(prospect.horizon.weather[0]) @ values @ np.array([1 - cold, cold])
    start = ScenarioStart(0.0, charge_pct, 0.0)
    futures = simulate_scenarios(prospect, start, 45, step_h=24, count=400, sun_share=SUN_CAUTION)
    assert futures.total_utility.mean() == pytest.approx(solved_h, rel=0.015)
