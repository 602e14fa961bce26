"""What is shown of the days to come: the expected course, its band, and the days of autonomy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.model import EnergyLevel, EnergyPlanStep, Stamp
from appliance.settings import Follows, Settings
from power.commands.autonomy import compute_autonomy
from power.plan.monte_carlo import simulate_scenarios
from power.plan.nowcast import SolarNowcast
from power.plan.plan import Plan, tabulate_values
from power.plan.plan_steps import STEPS, list_step_times, make_plan_steps
from power.plan.plan_steps import make_step as step_of
from power.plan.policy_table import compute_hour
from power.plan.rollout import SimulatedStep, TimeStep
from power.plan.scenarios import ScenarioStart
from tests.power.plan.site_days import MIDNIGHT, SMALL, a_plan, a_state, past_of

PLAN = a_plan(past=past_of(*[0.05, 0.4, 0.86] * 20))
BY_LADDER = replace(SMALL, energy=replace(SMALL.energy, follows=Follows.LADDER))
PER_STEP_H = 0.25


def plan_of(
    charge_pct: float | None = 60.0,
    hours: float = 3.5,
    plan: Plan = PLAN,
    by_ladder: bool = False,
    blocked: bool = False,
    sigma_pct: float = 4.0,
) -> list[EnergyPlanStep]:
    now = Stamp(MIDNIGHT + timedelta(hours=hours), "00000001", 1000.0)
    state = replace(a_state(now, charge_pct, sigma_pct), charge_blocked=blocked)
    nowcast = SolarNowcast()
    table = tabulate_values(plan, 1)
    nowcast.observe(table, compute_hour(table, now.utc), None)
    return make_plan_steps(plan, state, None, nowcast, now, by_ladder=by_ladder)


def test_the_plan_covers_three_days_in_quarters_of_an_hour() -> None:
    times = list_step_times(datetime(2026, 4, 15, 2, 7, 3, tzinfo=UTC))
    assert len(times) == STEPS == 288
    assert times[0] == datetime(2026, 4, 15, 2, 0, tzinfo=UTC)
    assert times[-1] - times[0] == timedelta(hours=71.75)
    for hours in (0.0, 3.5, 15.5, 23.99):
        steps = plan_of(hours=hours)
        assert len(steps) == STEPS
        assert steps[0].starts <= MIDNIGHT + timedelta(hours=hours)


def test_the_planned_charge_is_the_balance_of_sun_and_load() -> None:
    night, after = plan_of(80.0, hours=0.0)[:2]
    drawn_pct = night.load_power_w / 0.97 * PER_STEP_H / 2560 * 100
    assert night.pv_power_w == 0
    assert night.state_of_charge_pct - after.state_of_charge_pct == pytest.approx(drawn_pct)


def test_the_band_holds_the_expected_course_and_opens() -> None:
    steps = plan_of()
    widths = []
    for step in steps:
        assert step.low_charge_pct is not None
        assert step.high_charge_pct is not None
        assert 0 <= step.low_charge_pct <= step.state_of_charge_pct <= step.high_charge_pct <= 100
        widths.append(step.high_charge_pct - step.low_charge_pct)
    assert widths[-1] > widths[0] > 5


def test_a_course_that_leaves_the_scenarios_widens_the_band() -> None:
    scenarios = simulate_scenarios(
        PLAN, ScenarioStart(hour=0.0, charge_pct=60.0, sigma_pct=1.0), 1, step_h=0.25
    )
    step = TimeStep(starts=MIDNIGHT, hour=0, hours=0.25, sun_w=0, cold=False, hidden_pct=0)
    now = Stamp(MIDNIGHT, "00000001", 1.0)
    for charge_pct in (20.0, 95.0):
        row = step_of(
            now, 0, SimulatedStep(step, charge_pct, charge_pct, PLAN.options[0]), scenarios
        )
        assert row.low_charge_pct is not None
        assert row.high_charge_pct is not None
        assert row.low_charge_pct <= charge_pct <= row.high_charge_pct
        assert row.low_charge_pct < 60 < row.high_charge_pct


def test_the_plan_uses_only_what_the_weather_usually_gives() -> None:
    noon = next(step for step in plan_of() if step.starts.hour == 12)
    assert 0.2 * SMALL.panels.peak_w < noon.pv_power_w < 0.6 * SMALL.panels.peak_w
    bright = plan_of(plan=a_plan(past=past_of(*[0.9] * 120)))
    assert sum(one.pv_power_w for one in bright) > sum(one.pv_power_w for one in plan_of())


def test_the_sun_so_far_shifts_today_and_not_tomorrow() -> None:
    now = Stamp(MIDNIGHT + timedelta(hours=12), "00000001", 1000.0)
    table = tabulate_values(PLAN, 1)
    found = []
    for clear_sky_index in (0.05, 0.9):
        nowcast = SolarNowcast()
        for quarter in range(48):
            clear_w = PLAN.problem.clear_w[quarter // 4]
            nowcast.observe(table, (quarter + 1) / 4, clear_sky_index * clear_w)
        found.append(make_plan_steps(PLAN, a_state(now, 60.0), None, nowcast, now))
    dark, clear = found
    assert clear[8].pv_power_w > 2 * dark[8].pv_power_w
    assert clear[100].pv_power_w == pytest.approx(dark[100].pv_power_w)


def test_a_low_battery_saves_until_the_sun_has_filled_it() -> None:
    steps = plan_of(24.0, plan=a_plan(past=past_of(*[0.9] * 120)), hours=1.0)
    assert steps[0].level <= EnergyLevel.SENTINEL
    assert max(step.level for step in steps) == EnergyLevel.FULL


def test_below_the_guards_floor_the_plan_is_off_whatever_is_wished() -> None:
    for plan in (PLAN, a_plan(BY_LADDER)):
        first = plan_of(8.0, plan=plan)[0]
        assert (first.level, first.load_power_w) == (EnergyLevel.OFF, 0.0)
        assert plan_of(18.0, plan=plan)[0].level <= EnergyLevel.HIBERNATE


def test_a_battery_that_is_too_cold_gains_nothing_today() -> None:
    course = [one.state_of_charge_pct for one in plan_of(60.0, hours=0.0, blocked=True)[:96]]
    assert course == sorted(course, reverse=True)
    assert max(one.state_of_charge_pct for one in plan_of(60.0, hours=0.0)[:96]) > 60


def test_the_ladder_is_shown_where_the_ladder_is_followed() -> None:
    small = replace(SMALL, battery=replace(SMALL.battery, capacity_wh=640))
    followed = replace(small, energy=BY_LADDER.energy)
    dark = past_of(*[0.02] * 120)
    for steps in (
        plan_of(70.0, plan=a_plan(followed, dark)),
        plan_of(70.0, plan=a_plan(small, dark), by_ladder=True),
    ):
        night = [step.level for step in steps[:10]]
        assert night[0] == EnergyLevel.FULL  # 70 % less its sigma is above 60 %
        assert night == sorted(night, reverse=True)
        for step in steps:
            lower_pct = step.state_of_charge_pct - 4.0
            if step.level == EnergyLevel.FULL:
                assert lower_pct >= small.energy.full_from_pct


def test_an_unknown_charge_counts_as_empty() -> None:
    assert plan_of(None)[0].level == EnergyLevel.OFF


# --- autonomy -------------------------------------------------------------------------------------


def days(charge_pct: float | None, settings: Settings = SMALL, sigma_pct: float = 4.0) -> object:
    return compute_autonomy(
        a_state(Stamp(MIDNIGHT, "00000001", 1.0), charge_pct, sigma_pct),
        settings,
        clock_confirmed=True,
    )


def test_autonomy_is_what_the_guard_would_let_be_used() -> None:
    left = compute_autonomy(
        a_state(Stamp(MIDNIGHT, "00000001", 1.0), 79.0), SMALL, clock_confirmed=True
    )
    assert left is not None
    # 79 % less 4 of sigma is 75; cameras stop at 15 %, the computer at 10 %.
    assert left.listening_days == pytest.approx(0.60 * 2560 * 0.97 / 6.0 / 24)
    assert left.hibernating_days == pytest.approx(0.65 * 2560 * 0.97 / 2.0 / 24)


def test_a_battery_at_its_floor_has_no_days_left_and_an_unknown_one_says_nothing() -> None:
    left = compute_autonomy(
        a_state(Stamp(MIDNIGHT, "00000001", 1.0), 9.0), SMALL, clock_confirmed=True
    )
    assert left is not None
    assert (left.listening_days, left.hibernating_days) == (0.0, 0.0)
    assert days(None) is None
