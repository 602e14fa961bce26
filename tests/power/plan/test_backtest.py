"""Ladder and planner over the site's last month."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model import EnergyLevel
from power.plan.backtest import (
    BACKTEST_DAYS,
    CLEAR_DAYS,
    MIN_DAYS,
    START_PCT,
    BacktestResult,
    count_hours_from_day,
    rebuild_days,
    run_backtest,
)
from power.plan.plan import tabulate_values
from power.plan.problem import SiteHistory
from power.plan.rollout import (
    LadderController,
    TableController,
    TimeStep,
    apply_guard,
    choose_affordable,
    make_state,
    roll_out,
)
from power.plan.utility import Option, list_options
from tests.power.plan.site_days import (
    MIDNIGHT,
    SMALL,
    a_plan,
    a_problem,
    a_sun_day,
    clear_hours,
    few_watts,
    past_of,
)

DAY = timedelta(days=1)


def backtest(
    clear_sky_index: Sequence[float], past: SiteHistory, count: int = BACKTEST_DAYS
) -> BacktestResult | None:
    days = [
        a_sun_day((MIDNIGHT + number * DAY).date(), one)
        for number, one in enumerate(clear_sky_index)
    ]
    problem = a_problem(past=past, clear_w=clear_hours(SMALL, CLEAR_DAYS))
    return run_backtest(days[:count], problem, midnight=MIDNIGHT)


def test_at_a_site_with_the_expected_weather_the_planner_holds_its_own() -> None:
    mixed = [0.05, 0.4, 0.86] * 10
    found = backtest(mixed, past_of(*mixed * 4))
    assert found is not None
    assert found.days == 30
    assert found.planner_utility > found.ladder_utility
    assert not found.ladder_is_better


def test_a_planner_that_expects_dark_days_that_never_come_is_worse_than_the_ladder() -> None:
    found = backtest([0.86] * 30, past_of(*[0.05] * 120))
    assert found is not None
    assert found.ladder_is_better


def test_one_percent_is_not_enough() -> None:
    assert not BacktestResult(30, planner_utility=100.0, ladder_utility=100.9).ladder_is_better
    assert BacktestResult(30, planner_utility=100.0, ladder_utility=101.1).ladder_is_better
    assert not BacktestResult(30, planner_utility=0.0, ladder_utility=0.0).ladder_is_better


def test_fewer_than_fourteen_days_prove_nothing() -> None:
    assert backtest([0.86] * 30, past_of(0.5), MIN_DAYS - 1) is None
    assert backtest([0.86] * 30, past_of(0.5), MIN_DAYS) is not None
    assert backtest([], past_of()) is None


def test_a_day_is_replayed_under_the_sun_that_was_measured() -> None:
    dark, clear = (a_sun_day((MIDNIGHT + n * DAY).date(), one) for n, one in ((0, 0.1), (2, 0.8)))
    steps = rebuild_days([dark, clear], MIDNIGHT, clear_hours(SMALL), SMALL)
    hourly = clear_hours(SMALL)
    assert len(steps) == 72
    assert steps[12].sun_w == pytest.approx(0.1 * hourly[12])
    assert steps[36].sun_w == pytest.approx(0.45 * hourly[12])  # nobody saw that day: the mean
    assert steps[60].sun_w == pytest.approx(0.8 * hourly[12])


def test_a_frozen_day_charges_nothing() -> None:
    cold = a_sun_day(MIDNIGHT.date(), 0.8, mean_c=-8.0)
    steps = rebuild_days([cold], MIDNIGHT, clear_hours(SMALL), SMALL)[12:13]
    assert steps[0].cold
    assert steps[0].hidden_pct > 10
    (simulated,) = roll_out(
        steps, Greedy(), list_options(SMALL), SMALL, charge_pct=50.0, sigma_pct=4.0
    )
    assert simulated.end_pct == 50.0


def simulate_ladder(clear_sky_index: Sequence[float]) -> float:
    """The ladder's utility in the days themselves."""
    days = [a_sun_day((MIDNIGHT + n * DAY).date(), one) for n, one in enumerate(clear_sky_index)]
    steps, options = rebuild_days(days, MIDNIGHT, clear_hours(SMALL), SMALL), list_options(SMALL)
    ladder, charge_pct, utility = LadderController(SMALL, options, 4.0), START_PCT, 0.0
    for first in range(0, len(steps), 72):
        part = steps[first : first + 72]
        simulated = roll_out(part, ladder, options, SMALL, charge_pct=charge_pct, sigma_pct=4.0)
        charge_pct = simulated[-1].end_pct
        utility += sum(one.option.utility * one.step.hours for one in simulated)
    return utility


def test_the_charge_that_is_left_at_the_end_counts_for_both() -> None:
    """Charge that one has spent and the other has kept is no gain."""
    apart = []
    for dark in (2, 5, 9):
        clear_sky_index = [0.6] * 12 + [0.05] * dark
        found = backtest(clear_sky_index, past_of(*[0.05, 0.3] * 60))
        assert found is not None
        apart.append(abs(found.ladder_utility - simulate_ladder(clear_sky_index)))
    assert max(apart) > 0.5


def test_the_hours_of_a_later_policy_begin_at_its_own_midnight() -> None:
    later = count_hours_from_day([sunny(hour, 0.5) for hour in range(72, 80)], 3)
    assert [step.hour for step in later] == list(range(8))
    assert later[0].starts == MIDNIGHT + 3 * DAY


class Greedy:
    """Proposes the highest option, always."""

    def choose(self, step: TimeStep, charge_pct: float) -> Option:
        return list_options(SMALL)[-1]

    def observe(self, step: TimeStep) -> None:
        """It learns nothing."""


def test_the_sigma_of_the_charge_grows_by_the_day() -> None:
    """25 % of a battery so large that its charge stays: enough for FULL today, not tomorrow."""
    large = replace(SMALL, battery=replace(SMALL.battery, capacity_wh=1_000_000.0))
    steps = [replace(sunny(hour, 0.0), hidden_pct=0.0) for hour in range(48)]
    simulated = roll_out(
        steps, Greedy(), list_options(SMALL), large, charge_pct=25.0, sigma_pct=4.0
    )
    assert {one.option.level for one in simulated[:24]} == {EnergyLevel.FULL}
    assert {one.option.level for one in simulated[24:]} == {EnergyLevel.SENTINEL}


def course(
    steps: Sequence[TimeStep], learns_sun: bool = True, charge_pct: float = 45.0
) -> list[tuple[Option, float]]:
    plan = a_plan(past=past_of(*[0.05, 0.4, 0.86] * 20))
    table = tabulate_values(plan, BACKTEST_DAYS + 1)
    controller = TableController(table, plan.options, SMALL.battery, learns_sun=learns_sun)
    simulated = roll_out(
        steps, controller, plan.options, SMALL, charge_pct=charge_pct, sigma_pct=4.0
    )
    return [(one.option, one.charge_pct) for one in simulated]


def sunny(hour: int, clear_sky_index: float) -> TimeStep:
    sun_w = clear_sky_index * clear_hours(SMALL, 1)[hour % 24]
    starts = MIDNIGHT + timedelta(hours=hour)
    return TimeStep(starts=starts, hour=hour, hours=1.0, sun_w=sun_w, cold=False, hidden_pct=6.0)


@pytest.mark.parametrize("parting", [9, 11, 24 + 10, 24 + 13])
def test_what_comes_after_a_moment_does_not_change_what_was_decided_before_it(
    parting: int,
) -> None:
    """Two courses of the sun that agree until an hour and differ from then on."""
    found = [
        course([sunny(hour, 0.3 if hour < parting else later) for hour in range(72)])
        for later in (0.02, 0.9)
    ]
    assert found[0][: parting + 1] == found[1][: parting + 1]
    assert found[0] != found[1]


def test_the_sun_so_far_is_taken_into_account() -> None:
    clear = [sunny(hour, 0.9) for hour in range(24)]
    begins = range(30, 70, 5)
    seen = [course(clear, charge_pct=charge_pct) for charge_pct in begins]
    assert seen != [course(clear, learns_sun=False, charge_pct=charge_pct) for charge_pct in begins]


def test_the_guard_stands_above_every_proposal() -> None:
    options = list_options(SMALL)
    warm = a_sun_day(MIDNIGHT.date(), 0.5, mean_c=30.0)
    step = rebuild_days([warm], MIDNIGHT, clear_hours(SMALL), SMALL)[0]
    found = []
    for charge_pct in (8, 13, 19, 90):
        state = make_state(step, charge_pct, 2.0, SMALL.battery)
        found.append(apply_guard(options[-1], MIDNIGHT, state, options, SMALL).level.name)
    assert found == ["OFF", "HIBERNATE", "SENTINEL", "FULL"]


def test_a_budget_buys_the_most_that_fits() -> None:
    choices = list_options(few_watts(SMALL, full_power_w=25.0))
    for level_w in (2.0, 6.0, 12.0, 25.0):
        option = choose_affordable(choices, choices[-1].level, level_w)
        assert option.power_w <= level_w * 1.001
    assert choose_affordable(choices, choices[0].level, 99.0) == choices[0]
