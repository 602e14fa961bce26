"""A generator beside the sun, week by week: what it costs beside what it saves."""

from dataclasses import replace
from itertools import pairwise

import pytest

from appliance.model_sources import SourceState
from appliance.sections.loads import SwitchSettings
from appliance.sections.sources import SourceSettings, SourceStart
from appliance.settings import Settings
from power.plan.plan import make_policy, solve_plan
from power.plan.source_plan import solve_with_sources
from power.plan.source_policy import RISE, PolicyChoice
from tests.power.plan.site_days import MIDNIGHT, SMALL, a_problem
from tests.scenes.generator_weeks import NAME, Weeks

GENERATOR = SourceSettings(switch="relay", power_w=500, cost_per_kwh=5.0, start_cost=2.0)
DARK_WEEK = [0.1] * 7 + [0.9] * 7
PAST = [0.7] * 30


def make(source: SourceSettings | None = GENERATOR) -> Settings:
    sources = {} if source is None else {NAME: source}
    return replace(SMALL, source=sources, switch={"relay": SwitchSettings()})


def play(source: SourceSettings | None, days: list[float], charge_pct: float = 60.0) -> Weeks:
    return Weeks(make(source), days, charge_pct, PAST).play()


def test_it_never_starts_where_the_sun_comes_in_time() -> None:
    assert play(GENERATOR, [0.9] * 14).starts_s == []
    assert play(GENERATOR, [0.9] * 3 + [0.05] + [0.9] * 4).starts_s == []


def test_in_a_dark_week_it_starts_rarely_and_the_unit_never_goes_dark() -> None:
    alone, with_it = play(None, DARK_WEEK), play(GENERATOR, DARK_WEEK)
    assert alone.dark_s > 24 * 3600
    assert with_it.dark_s == 0
    assert 1 <= len(with_it.starts_s) <= 3
    apart = [later - earlier for earlier, later in pairwise(with_it.starts_s)]
    assert all(one_s > 86_400 for one_s in apart)
    assert max(with_it.starts_s) <= 7 * 86_400


def test_what_it_saves_is_worth_more_than_it_costs() -> None:
    alone, with_it = play(None, DARK_WEEK), play(GENERATOR, DARK_WEEK)
    cost = len(with_it.starts_s) * GENERATOR.start_cost
    cost += with_it.given_kwh * GENERATOR.cost_per_kwh
    worth = with_it.worth_h - alone.worth_h
    assert worth > 1.5 * cost


def test_fuel_that_is_dearer_than_the_work_is_left_in_the_tank() -> None:
    dear = play(replace(GENERATOR, cost_per_kwh=50.0), DARK_WEEK)
    assert dear.starts_s == []


def test_a_small_tank_is_made_to_last_over_the_dark_weeks() -> None:
    """Its price rises where it would not last, so that the last kWh keeps the unit listening."""
    dark = [0.05] * 14
    small = replace(GENERATOR, tank_kwh=3.0)
    rationed, alone = play(small, dark, 80.0), play(None, dark, 80.0)
    assert rationed.given_kwh <= 3.0
    assert rationed.dark_s < 0.35 * alone.dark_s
    assert rationed.worth_h > 2 * alone.worth_h


@pytest.mark.parametrize("cost_per_kwh", [0.0, 0.001])
def test_a_tank_that_costs_next_to_nothing_lasts_as_well(cost_per_kwh: float) -> None:
    free = replace(GENERATOR, tank_kwh=3.0, cost_per_kwh=cost_per_kwh, start_cost=0.0)
    rationed, alone = play(free, [0.05] * 14, 80.0), play(None, [0.05] * 14, 80.0)
    assert rationed.dark_s < 0.35 * alone.dark_s
    assert len(rationed.starts_s) < 10


def test_before_its_quiet_hours_it_runs_what_it_cannot_run_in_them() -> None:
    quiet = replace(GENERATOR, quiet_from_h=20.0, quiet_until_h=8.0)
    weeks = play(quiet, DARK_WEEK)
    assert weeks.dark_s == 0
    assert weeks.starts_s
    assert all(8 <= (at_s / 3600) % 24 < 20 for at_s in weeks.starts_s)


def test_a_source_that_has_failed_is_not_counted_on() -> None:
    settings = make()
    plan = solve_plan(a_problem(settings))
    stamp = plan.problem.now
    sound = SourceState(stamp, NAME)
    for broken in (
        replace(sound, failures=1),
        replace(sound, locked=True),
        replace(sound, fuel_left_kwh=0.0),
    ):
        assert solve_with_sources(plan, {NAME: broken}, None) is None
    assert solve_with_sources(plan, {NAME: sound}, None) is not None


def test_a_source_that_the_plan_must_not_start_or_that_has_no_switch_is_not_counted_on() -> None:
    for own in (
        replace(GENERATOR, starts_by=SourceStart.CHARGE),
        replace(GENERATOR, switch=""),
    ):
        plan = solve_plan(a_problem(make(own)))
        assert solve_with_sources(plan, {}, None) is None


def test_charge_that_can_be_bought_is_worth_no_less_than_without_and_at_most_its_price() -> None:
    plan = solve_plan(a_problem(make()))
    solved = solve_with_sources(plan, {}, None)
    assert solved is not None
    alone, with_it = plan.solution.values, solved.plan.solution.values
    assert (with_it >= alone - 1e-3).all()
    spread = (with_it[0, 2, 0, -1] - with_it[0, 2, 0, 0]).item()
    assert spread < (alone[0, 2, 0, -1] - alone[0, 2, 0, 0]).item()


def test_the_loads_follow_the_plan_with_the_source_only_while_it_can_be_relied_on() -> None:
    plan = solve_plan(a_problem(make()))
    sun = make_policy(plan)
    solved = solve_with_sources(plan, {}, None)
    assert solved is not None
    row = solved.make_row(sun)
    assert (row.sources, row.facts[RISE], row.stamp) == (NAME, 0.0, sun.stamp)
    reliable = True
    choice = PolicyChoice(lambda: sun, lambda: row, lambda _: reliable)
    followed = choice.get_policy()
    assert followed is not None
    assert followed.worth == row.worth
    assert followed.stamp != sun.stamp
    reliable = False
    assert choice.get_policy() is sun
    older = replace(row, stamp=replace(row.stamp, utc=MIDNIGHT.replace(year=2025)))
    assert PolicyChoice(lambda: sun, lambda: older, lambda _: True).get_policy() is sun
