"""The run of the plan: what it stores, in which order, what it reports where input is missing."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.model import EnergyPlanStep, EnergyPolicy, Fault, SolarDay
from appliance.settings import Settings
from appliance.store.store import Store
from power.plan import run as module
from power.plan.panels_watch import PanelsWatch
from power.plan.plan import make_policy, solve_plan
from power.plan.policy_planner import PolicyPlanner
from power.plan.run import LADDER, PlanError, read_usual_sigma_pct, run_plan
from power.plan.solver import Solution, solve_values
from power.plan.weather_model import DayWeather
from tests.conftest import ROOT, OpenStore
from tests.power.plan.site_days import (
    SITE,
    SMALL,
    a_reading,
    a_state,
    a_sun_day,
    live_days,
    plain_sky,
)
from tests.stand_ins.fakes import FakeClock

NOW = datetime(2026, 4, 15, 9, 0, tzinfo=UTC)
DATA = '[unit]\ndata_dir = "{data}"\n'


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, site=SITE, panels=SMALL.panels)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def plan(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Store:
    """A unit with two days and a morning of readings, its charge just estimated."""
    power = open_store("power")
    live_days(power, settings, NOW.replace(hour=0) - timedelta(days=2), [0.5, 0.2])
    for minute in range(0, 9 * 60, 5):
        stamp = replace(clock.stamp(), utc=NOW.replace(hour=0) + timedelta(minutes=minute))
        sun_w = 0.9 * plain_sky(SITE, settings.panels, [stamp.utc])[0]
        power.add(a_reading(stamp, sun_w), a_state(stamp, 62.0))
    power.add(a_state(clock.stamp(), 62.0))
    return open_store("plan")


def write_forecast(settings: Settings, text: str) -> None:
    settings.forecast_file.write_text(text)


def test_days_policy_and_steps_are_stored_and_one_sentence_is_said(
    plan: Store, settings: Settings
) -> None:
    sentence = run_plan(plan, settings, plain_sky)
    assert [round(day.measured_wh / day.clear_wh, 1) for day in plan.rows(SolarDay)] == [0.5, 0.2]
    (policy,) = plan.rows(EnergyPolicy)
    assert policy.starts <= NOW < policy.ends
    steps = plan.rows(EnergyPlanStep)
    assert len(steps) == 288
    assert len({step.stamp for step in steps}) == 1
    assert sentence.startswith("planned 72 h: ")
    assert "learned from 2 days here" in sentence
    assert "lowest SOC" in sentence
    assert sentence.endswith(policy.reason)
    assert plan.rows(Fault) == []


def test_the_plan_shows_what_the_power_service_would_do_with_the_policy(
    plan: Store, settings: Settings, clock: FakeClock
) -> None:
    run_plan(plan, settings, plain_sky)
    planner = PolicyPlanner(settings, lambda: plan.last(EnergyPolicy), predicts_change=False)
    state = a_state(clock.stamp(), 62.0)
    first = plan.rows(EnergyPlanStep)[0]
    reading = a_reading(clock.stamp(), first.pv_power_w)
    assert planner.propose(state, reading, None).level == first.level


def test_the_mornings_sun_is_in_the_plan_of_the_day(plan: Store, settings: Settings) -> None:
    run_plan(plan, settings, plain_sky)
    steps = plan.rows(EnergyPlanStep)
    today, tomorrow = steps[12], steps[12 + 96]
    assert today.starts.hour == tomorrow.starts.hour == 12
    assert today.pv_power_w > 1.3 * tomorrow.pv_power_w


def test_a_second_plan_makes_no_day_twice(
    plan: Store, settings: Settings, clock: FakeClock
) -> None:
    run_plan(plan, settings, plain_sky)
    clock.advance(600)
    run_plan(plan, settings, plain_sky)
    assert len(plan.rows(SolarDay)) == 2
    assert len(plan.rows(EnergyPolicy)) == 2


def test_without_a_known_charge_the_policy_is_made_all_the_same(
    plan: Store, settings: Settings, clock: FakeClock
) -> None:
    clock.advance(4000)
    with pytest.raises(PlanError, match="charge of the battery is unknown"):
        run_plan(plan, settings, plain_sky)
    assert len(plan.rows(EnergyPolicy)) == 1
    assert len(plan.rows(SolarDay)) == 2
    assert plan.rows(EnergyPlanStep) == []


def test_a_clock_that_is_plainly_wrong_makes_no_plan(
    plan: Store, settings: Settings, clock: FakeClock
) -> None:
    clock.set_wall_clock(datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    with pytest.raises(PlanError, match="the clock says 1970-01-01; set it"):
        run_plan(plan, settings, plain_sky)
    assert plan.rows(EnergyPolicy) == []
    assert plan.rows(SolarDay) == []


def test_a_forecast_shifts_the_plan_and_a_bad_one_is_a_fault_until_it_is_mended(
    plan: Store, settings: Settings, clock: FakeClock
) -> None:
    run_plan(plan, settings, plain_sky)
    without = plan.rows(EnergyPlanStep)
    day = {"date": "2026-04-16", "clearness": 0.95, "sigma": 0.05}
    write_forecast(settings, json.dumps({"made": "2026-04-15T08:00:00Z", "days": [day]}))
    clock.advance(60)
    assert "(with a forecast)" in run_plan(plan, settings, plain_sky)
    with_forecast = plan.rows(EnergyPlanStep)[len(without) :]
    assert with_forecast[12 + 96].pv_power_w > 1.3 * without[12 + 96].pv_power_w

    write_forecast(settings, "{")
    for _ in range(2):
        clock.advance(60)
        run_plan(plan, settings, plain_sky)
        (fault,) = plan.list_open_faults()
        assert (fault.source, fault.code) == ("plan", "forecast")
    assert len(plan.rows(EnergyPolicy)) == 4
    settings.forecast_file.unlink()
    run_plan(plan, settings, plain_sky)
    assert plan.list_open_faults() == []


def test_a_month_as_the_planner_expects_it_leaves_the_policy_unmarked(
    plan: Store, settings: Settings
) -> None:
    for ago in range(60, 0, -1):
        clear_sky_index = (0.05, 0.4, 0.86)[ago % 3]
        plan.add(a_sun_day(NOW.date() - timedelta(days=ago), clear_sky_index, settings))
    sentence = run_plan(plan, settings, plain_sky)
    assert "learned from 60 days here" in sentence
    assert LADDER not in plan.rows(EnergyPolicy)[0].facts


def test_a_dark_past_and_a_bright_month_mark_the_ladder(plan: Store, settings: Settings) -> None:
    panels = PanelsWatch(settings, plain_sky, None, frozenset())
    inputs = module.gather_inputs(plan, settings, panels, plan.clock.stamp())
    days = [a_sun_day(NOW.date() - timedelta(days=ago), 0.86, settings) for ago in range(30, 0, -1)]
    dark = replace(inputs.problem.history, days=tuple([DayWeather(0.03, 15.0)] * 120))
    policy = make_policy(solve_plan(inputs.problem))
    inputs = replace(inputs, days=days, problem=replace(inputs.problem, history=dark))
    marked = module.mark_better_ladder(policy, inputs, plain_sky)
    assert marked.facts[LADDER] == 1.0
    assert marked.reason.endswith("the ladder did better here in the last 30 days")
    assert marked.worth == policy.worth
    few = replace(inputs, days=days[:10])
    assert module.mark_better_ladder(policy, few, plain_sky) == policy


def test_one_run_solves_its_problem_once(
    plan: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved = []

    def count(*arguments: Any, **named: Any) -> Solution:
        solved.append(arguments)
        return solve_values(*arguments, **named)

    monkeypatch.setattr("power.plan.plan.solve_values", count)
    run_plan(plan, settings, plain_sky)
    assert len(plan.rows(EnergyPolicy)) == 1
    assert len(plan.rows(EnergyPlanStep)) == 288
    assert len(solved) == 1


def test_the_usual_sigma_is_neither_that_of_a_boot_nor_none(
    plan: Store, open_store: OpenStore, clock: FakeClock
) -> None:
    assert read_usual_sigma_pct(plan, clock.utc) == pytest.approx(4.0)
    power = open_store("power")
    clock.advance(90_000)
    power.add(a_state(clock.stamp(), 50.0, 30.0))
    assert read_usual_sigma_pct(plan, clock.utc) == 10.0
    clock.advance(90_000)
    assert read_usual_sigma_pct(plan, clock.utc) == 4.0


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            f"{DATA}[clock]\norigin_utc = 1970-01-01T00:00:00Z\norigin_boottime_s = 1.0\n",
            1,
            "plan: there is no plan because the clock says 1970",
        ),
        ("[unti]\n", 2, "did you mean 'unit'?"),
    ],
)
def test_the_command_ends_with_one_sentence_and_a_code(
    tmp_path: Path, text: str, code: int, message: str
) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(text.format(data=tmp_path / "data"))
    done = subprocess.run(
        [sys.executable, "-m", "power.plan", "--settings", str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_panels_that_give_nothing_are_a_fault_of_the_plan_until_they_give_again(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    power, plan = open_store("power"), open_store("plan")
    live_days(power, settings, NOW.replace(hour=0) - timedelta(days=2), [0.0, 0.0])
    power.add(a_state(clock.stamp(), 62.0))
    run_plan(plan, settings, plain_sky)
    (fault,) = plan.list_open_faults()
    assert (fault.source, fault.code) == ("plan", "pv-none")
    assert "the panels give nothing since 13 Apr" in fault.text
    live_days(power, settings, NOW.replace(hour=0), [0.4])
    clock.advance(15 * 3600)
    power.add(a_state(clock.stamp(), 62.0))
    run_plan(plan, settings, plain_sky)
    assert plan.list_open_faults() == []
