"""When heat pays: a lithium battery below 0 C cannot be charged, and the sun is short."""

from dataclasses import replace
from datetime import timedelta

from appliance.model import BatteryState, Stamp
from appliance.sections.loads import RunsWhen, SwitchSettings
from appliance.settings import Chemistry, Settings
from power.plan.heater_decision import HeaterDecision, decide_worth, estimate_heat_h
from power.plan.heater_planner import HeaterPlanner
from power.plan.plan import Plan, make_policy, solve_plan
from power.plan.rollout import choose_affordable
from power.plan.utility import list_heater_options, list_options
from tests.power.plan.site_days import MIDNIGHT, SMALL, a_problem, past_of

HEATER = SwitchSettings(runs_when=RunsWhen.BATTERY_COLD, idle_w=40.0)
HEATED = replace(SMALL, switch={"heater": HEATER})


def solve(settings: Settings, clear_sky_index: float, mean_c: float = -12.0) -> Plan:
    return solve_plan(a_problem(settings, past_of(*[clear_sky_index] * 30, mean_c=mean_c)))


def decide(
    hour: float, *, clear_sky_index: float = 0.9, charge_pct: float = 40.0, heater_w: float = 40.0
) -> HeaterDecision | None:
    """What the plan says at that hour of a frosty day."""
    row = make_policy(solve(HEATED, clear_sky_index))
    stamp = Stamp(MIDNIGHT + timedelta(hours=hour), "00000001", 1000.0)
    battery = BatteryState(
        stamp, charge_pct, 3.0, 900, 2560, None, charge_blocked=True, method="counted"
    )
    planner = HeaterPlanner(HEATED, lambda: row)
    return planner.decide(battery, None, missing_c=6.0, heater_w=heater_w)


def test_before_a_clear_day_the_battery_is_warmed_in_time() -> None:
    """The sun rises at 6; 6 C take 1.6 h with 40 W."""
    hours = [hour for hour in range(24) if (one := decide(float(hour))) is not None and one.runs]
    assert hours, "it never heats"
    assert 3 <= min(hours) <= 8
    assert max(hours) < 17
    before = decide(min(hours) - 1.0)
    assert before is not None
    assert "too early" in before.reason


def test_in_the_night_it_is_too_early_and_before_a_grey_day_it_does_not_pay() -> None:
    early = decide(0.0)
    assert early is not None
    assert not early.runs
    assert all(
        not one.runs
        for hour in range(24)
        if (one := decide(hour, clear_sky_index=0.03)) is not None
    )


def test_a_full_battery_is_not_heated() -> None:
    assert not any(
        one.runs for hour in range(24) if (one := decide(hour, charge_pct=100.0)) is not None
    )


def test_a_heater_makes_charge_in_frost_worth_more_to_the_plan() -> None:
    """In the cold the unit with a heater expects more, and never less, than that without."""
    without, with_it = solve(SMALL, 0.7), solve(HEATED, 0.7)
    cold_without, cold_with = (one.solution.values[0, :, 1] for one in (without, with_it))
    assert (cold_with >= cold_without - 1e-3).all()
    assert cold_with.mean() > cold_without.mean() + 20  # hours of FULL in 45 days


def test_where_it_is_warm_the_plan_is_the_same_with_a_heater() -> None:
    without, with_it = (solve(one, 0.7, mean_c=25.0) for one in (SMALL, HEATED))
    gap = abs(with_it.solution.values[0, :, 0] - without.solution.values[0, :, 0])
    assert gap.max() < 0.5


def test_lead_acid_needs_no_heat_to_be_charged() -> None:
    acid = replace(HEATED, battery=replace(HEATED.battery, chemistry=Chemistry.AGM))
    assert list_heater_options(acid, list_options(acid)) == []


def test_a_fallback_option_never_has_the_heater_on() -> None:
    plan = solve(HEATED, 0.7)
    for level in range(5):
        chosen = choose_affordable(plan.options, level, 1000.0)  # type: ignore[arg-type]
        assert not chosen.heats


def test_heat_against_frost_on_a_lens_is_part_of_what_the_plan_expects_to_draw() -> None:
    lens = SwitchSettings(runs_when=RunsWhen.FROST, below_c=2.0, idle_w=8.0)
    frosty, plain = (
        solve(replace(SMALL, switch=switches), 0.5) for switches in ({"lens": lens}, {})
    )
    heat_w = [one.heat_w for one in frosty.horizon.intervals]
    assert 6.0 < heat_w[0] <= 8.0
    assert frosty.solution.values[0].mean() < plain.solution.values[0].mean()
    warm = solve(replace(SMALL, switch={"lens": lens}), 0.5, mean_c=25.0)
    assert warm.horizon.intervals[0].heat_w < 0.1


def test_an_hour_of_a_lens_heater_is_weighed_against_the_charge_that_it_takes() -> None:
    curve = [0.0, 40.0, 60.0, 70.0, 75.0]
    cheap = decide_worth(0.6, curve, charge_pct=60.0, heater_w=8.0, capacity_wh=2560)
    dear = decide_worth(0.1, curve, charge_pct=20.0, heater_w=8.0, capacity_wh=2560)
    assert cheap.runs
    assert not dear.runs


def test_without_a_plan_nothing_is_said() -> None:
    planner = HeaterPlanner(HEATED, lambda: None)
    stamp = Stamp(MIDNIGHT, "00000001", 1000.0)
    battery = BatteryState(stamp, 40.0, 3.0, 900, 2560, None, charge_blocked=True, method="counted")
    assert planner.decide(battery, None, missing_c=5.0, heater_w=40.0) is None


def test_a_small_heater_takes_longer() -> None:
    assert estimate_heat_h(6.0, 20.0, SMALL.battery) > estimate_heat_h(6.0, 40.0, SMALL.battery)
