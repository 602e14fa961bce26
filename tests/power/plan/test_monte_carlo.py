"""The Monte Carlo simulation: bands, shares, floors. That it agrees with the solver:
tests/power/plan/test_solver.py.
"""

import time
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from appliance.model import EnergyLevel
from power.plan.monte_carlo import average_clear_w, simulate_scenarios, split_intervals
from power.plan.scenarios import Scenarios, ScenarioStart
from power.plan.solver import mix_overnight
from tests.power.plan.site_days import MIDNIGHT, SMALL, a_plan, clear_hours, few_watts, past_of

PLAN = a_plan(past=past_of(*[0.05, 0.4, 0.86] * 20))
BRIGHT = a_plan(past=past_of(*[0.9] * 120))
DARK = a_plan(past=past_of(*[0.02] * 120))
START = ScenarioStart(hour=0.0, charge_pct=60.0, sigma_pct=4.0)


def test_the_same_question_has_the_same_answer() -> None:
    one, other = simulate_scenarios(PLAN, START, 5), simulate_scenarios(PLAN, START, 5)
    assert (one.low_pct == other.low_pct).all()
    assert (one.total_utility == other.total_utility).all()
    assert (simulate_scenarios(PLAN, START, 5, seed=2).total_utility != one.total_utility).any()


def test_the_band_begins_as_wide_as_the_sigma_and_opens_with_the_days() -> None:
    found = simulate_scenarios(PLAN, START, 5)
    width = found.high_pct - found.low_pct
    assert width[0] == pytest.approx(2 * 1.28 * 4.0, rel=0.2)
    assert simulate_scenarios(PLAN, replace(START, sigma_pct=0.0), 5).low_pct[0] == 60.0
    assert width[-1] > 2 * width[0]
    assert (found.low_pct <= found.middle_pct).all()
    assert (found.middle_pct <= found.high_pct).all()
    assert 0 <= found.low_pct.min() <= found.high_pct.max() <= 100


def test_shares_of_levels_are_shares() -> None:
    found = simulate_scenarios(PLAN, START, 5)
    assert found.shares.shape == (len(found.hours), len(EnergyLevel))
    assert found.shares.sum(axis=1) == pytest.approx(np.ones(len(found.hours)))
    assert sum(found.hours) == pytest.approx(5 * 24)
    assert len(found.bounds) == len(found.low_pct) == len(found.hours) + 1
    assert found.bounds[0] == MIDNIGHT
    assert found.bounds[-1] == MIDNIGHT + timedelta(days=5)


def test_brighter_weather_gives_more_of_everything() -> None:
    bright, dark = simulate_scenarios(BRIGHT, START, 30), simulate_scenarios(DARK, START, 30)
    assert bright.sun_w.sum() > 2 * dark.sun_w.sum()
    assert bright.total_utility.mean() > dark.total_utility.mean() + 30
    assert bright.hibernates <= dark.hibernates


def test_the_charge_is_the_balance_of_sun_and_draw() -> None:
    """At night, under one weather class for all, the charge falls by what is drawn."""
    weather = (1, 0, 0, 0, 0)
    frozen = replace(START, charge_pct=90.0, sigma_pct=0.0, cold=True, weather=weather)
    found = simulate_scenarios(a_plan(past=past_of(*[0.02] * 120)), frozen, 0.25, step_h=0.25)
    drawn_wh = (found.power_w * np.array(found.hours)).sum() / 0.97
    fallen_pct = 90.0 - found.middle_pct[-1]
    assert fallen_pct == pytest.approx(drawn_wh / SMALL.battery.capacity_wh * 100)


def test_todays_weather_is_taken_from_what_was_seen_of_it() -> None:
    noon = replace(START, hour=10.0)
    clear = simulate_scenarios(PLAN, replace(noon, weather=(0, 0, 0, 0, 1)), 1)
    dark = simulate_scenarios(PLAN, replace(noon, weather=(1, 0, 0, 0, 0)), 1)
    assert clear.sun_w[0] == pytest.approx(0.86 / 0.05 * dark.sun_w[0], rel=0.01)


def test_cold_days_do_not_charge() -> None:
    warm = simulate_scenarios(BRIGHT, replace(START, hour=8.0, cold=False), 0.3)
    cold = simulate_scenarios(BRIGHT, replace(START, hour=8.0, cold=True), 0.3)
    assert cold.high_pct[-1] <= cold.high_pct[0]
    assert warm.low_pct[-1] > warm.low_pct[0]


def test_the_guards_floors_hold_in_every_scenario() -> None:
    hungry = few_watts(SMALL, hibernate_power_w=0.01)
    plan = a_plan(hungry, past_of(*[0.02] * 120))
    near = simulate_scenarios(plan, replace(START, charge_pct=17.0, sigma_pct=3.0), 2)
    assert near.shares[0, EnergyLevel.HIBERNATE] + near.shares[0, EnergyLevel.OFF] > 0.5
    assert near.shares[:, EnergyLevel.FULL].max() < 0.2


def test_under_the_best_sun_the_guard_still_allows_no_more_than_it_would() -> None:
    """24 %, of which 6 are not usable in the cold: less than SENTINEL's 20, more than the floor."""
    noon = replace(START, hour=11.0, charge_pct=24.0, sigma_pct=0.3)
    found = simulate_scenarios(BRIGHT, noon, 0.1, step_h=0.5)
    assert found.shares[0, EnergyLevel.SENTINEL] > 0.95
    assert found.shares[0, EnergyLevel.ECO :].sum() < 0.05
    assert (
        simulate_scenarios(BRIGHT, replace(noon, charge_pct=40.0), 0.1)
        .shares[0, EnergyLevel.ECO :]
        .sum()
        > 0.9
    )


def test_a_unit_that_is_off_draws_nothing() -> None:
    empty = simulate_scenarios(DARK, replace(START, charge_pct=8.0, sigma_pct=0.0), 0.2)
    assert empty.powers_off == empty.hibernates == 1.0
    assert (empty.power_w == 0.0).all()
    assert (empty.middle_pct == 8.0).all()


def test_at_midnight_no_scenario_has_the_day_that_comes() -> None:
    scenarios = Scenarios(PLAN, START, count=10, seed=1, sun_share=1.0)
    evening = next(
        step for step in split_intervals(PLAN, 0.0, 24.0, step_h=2.0) if step.hour == 22.0
    )
    tomorrow = PLAN.solution.values[evening.place + 1]
    after = scenarios._get_value_after(evening)
    chances = np.asarray(PLAN.horizon.weather[1], np.float32)
    assert (after == mix_overnight(tomorrow, chances, cold=PLAN.horizon.cold[1])).all()
    assert np.ptp(after[:, 0, 20]) < 0.2 * np.ptp(tomorrow[:, 0, 20])


def test_steps_end_with_their_intervals_and_keep_the_suns_energy() -> None:
    for piece_h in (0.25, 2.0, 24.0):
        steps = list(split_intervals(PLAN, 3.5, 4 * 24, step_h=piece_h))
        assert steps[0].hour == 3.5
        assert all(
            one.hour + one.hours == pytest.approx(other.hour) for one, other in pairwise(steps)
        )
        assert max(step.hours for step in steps) <= piece_h + 1e-6
        energy = sum(step.clear_w * step.hours for step in steps)
        assert energy == pytest.approx(sum(clear_hours(SMALL, 4)))
        assert all(0 < step.share <= 1 + 1e-6 for step in steps)
    assert list(split_intervals(PLAN, 0.0, 1e6, step_h=2.0))[-1].hour < 45 * 24


def test_the_mean_sun_of_parts_of_hours() -> None:
    assert average_clear_w([10.0, 20.0, 30.0], 0.5, 2.5) == pytest.approx((5 + 20 + 15) / 2)
    assert average_clear_w([10.0, 20.0], 0.25, 0.5) == 10.0


def test_fine_steps_and_coarse_ones_give_the_same_result() -> None:
    fine, coarse = (
        simulate_scenarios(PLAN, START, 20, step_h=0.5),
        simulate_scenarios(PLAN, START, 20, step_h=4.0),
    )
    assert fine.total_utility.mean() == pytest.approx(coarse.total_utility.mean(), rel=0.03)


def test_200_scenarios_of_45_days_take_less_than_a_second() -> None:
    begun = time.process_time()
    simulate_scenarios(PLAN, START, 45)
    assert time.process_time() - begun < 1.0  # 0.27 s on an idle core
