"""Plans once and ends: `python -m power.plan`, started by a timer twice a day.

Reads: PowerReading and BatteryState with their means, EnergyBudget, the clear sky, forecast.json.
Writes: SolarDay, EnergyPolicy and EnergyPlanStep rows.
Never: stays in memory (numpy is heavy), and never decides: the power service follows the
policy, or not, and the guard stands above both.

In this order, so that each is of use without the next: the days that are over; the policy, which
needs no charge; the steps, which do.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance import log, settings_file
from appliance.errors import ApplianceError
from appliance.model import (
    BatteryState,
    EnergyBudget,
    EnergyPlanStep,
    EnergyPolicy,
    SolarDay,
    Stamp,
)
from appliance.model_sources import SourceState
from appliance.process import service
from appliance.settings import Settings
from appliance.store import retention
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from appliance.store.tables import PLAN
from appliance.wording.counts import format_count
from appliance.wording.sentence import say
from appliance.wording.site_time import format_site_time
from power.guard.reserve import FIRST_YEAR
from power.plan import history
from power.plan.backtest import BACKTEST_DAYS, CLEAR_DAYS, run_backtest
from power.plan.clear_sky import compute_clear_sky_w
from power.plan.forecast_file import ForecastError, read_forecast
from power.plan.horizon import HORIZON_DAYS
from power.plan.nowcast import SolarNowcast
from power.plan.panels_watch import PanelsWatch, watch_panels
from power.plan.plan import Plan, make_policy, solve_plan, tabulate_values
from power.plan.plan_steps import STEP, make_plan_steps
from power.plan.policy_table import compute_hour
from power.plan.problem import (
    CHARGE_AGE_S,
    ClearSkyModel,
    PlanProblem,
    compute_current_reserve_wh,
    compute_hourly_clear_w,
    find_solar_midnight,
)
from power.plan.site_history import build_history
from power.plan.source_plan import SourcePlan, solve_with_sources

MIN_SIGMA_PCT, MAX_SIGMA_PCT = 4.0, 10.0  # of the charge, as far as the plan's floor counts it
LADDER = "ladder"  # the policy's fact that says: follow the ladder


class PlanError(ApplianceError):
    """There is nothing to plan from."""

    code = "plan"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one run starts from: the problem, the stored days, and the codes of open faults."""

    problem: PlanProblem
    days: Sequence[SolarDay]
    fault_codes: frozenset[str] = frozenset()


def run_plan(store: Store, settings: Settings, clear_sky: ClearSkyModel) -> str:
    """Store days, policy and steps; returns one sentence. Raises `PlanError`."""
    now = store.clock.stamp()
    if now.utc.year < FIRST_YEAR:
        today = format_site_time(now.utc, settings.site.timezone, "%Y-%m-%d")
        raise PlanError(
            say(
                "there is no plan because the clock says {today}; set it (`timedatectl`), or "
                "replace the battery of the computer's clock",
                today=today,
            )
        )
    store.add(*history.make_new_days(store, settings, clear_sky, now))
    panels = watch_panels(store, settings, clear_sky, now)
    inputs = gather_inputs(store, settings, panels, now)
    plan = solve_plan(inputs.problem)
    policy = mark_better_ladder(make_policy(plan), inputs, panels.clear_sky)
    with_sources = plan_with_sources(store, plan)
    rows = [] if with_sources is None else [with_sources.make_row(policy)]
    store.add(policy, *rows)
    retention.retain(store)
    shown = plan if with_sources is None else with_sources.plan
    steps = make_steps(store, shown, by_ladder=LADDER in policy.facts)
    store.add(*steps)
    store.clear_faults(PLAN, still=inputs.fault_codes | panels.fault_codes)
    return describe_plan(steps, policy, inputs.problem)


def plan_with_sources(store: Store, plan: Plan) -> SourcePlan | None:
    """The same plan counting on the second sources that can be relied on; None without any."""
    states = {state.source: state for state in store.rows(SourceState)}
    battery = store.latest(BatteryState, CHARGE_AGE_S)
    return solve_with_sources(plan, states, battery)


def gather_inputs(store: Store, settings: Settings, panels: PanelsWatch, now: Stamp) -> Inputs:
    """What is known now. A forecast that cannot be used is raised as a fault and left out."""
    today = history.to_solar_date(now.utc, settings)
    days, clear_sky = panels.rebase(history.read_days(store, today)), panels.clear_sky
    forecast, fault_codes = {}, frozenset[str]()
    try:
        forecast = read_forecast(settings.forecast_file, now.utc, today)
    except ForecastError as error:
        store.raise_fault(PLAN, error)
        fault_codes = frozenset({error.code})
    site = build_history(days, settings, clear_sky, today, panels.so_far)
    midnight = find_solar_midnight(now.utc, settings.site.longitude_deg)
    problem = PlanProblem(
        settings=settings,
        now=now,
        clear_w=compute_hourly_clear_w(settings, clear_sky, midnight, HORIZON_DAYS, site.shade),
        history=site,
        sigma_pct=read_usual_sigma_pct(store, now.utc),
        reserve_wh=read_reserve_wh(store, settings, now),
        forecast=forecast,
    )
    return Inputs(problem, days, fault_codes)


def read_reserve_wh(store: Store, settings: Settings, now: Stamp) -> float:
    """The energy that the guard keeps now."""
    battery = store.last(BatteryState)
    full_at, confirmed = battery.full_at if battery else None, store.clock.is_synchronized()
    return compute_current_reserve_wh(settings, now.utc, full_at, confirmed=confirmed)


def read_usual_sigma_pct(store: Store, now: datetime) -> float:
    """The mean sigma of the last day's charge: neither the moment after a full charge nor the one
    after a boot is usual.
    """
    mean_pct = store.average(BatteryState, "sigma_pct", now - timedelta(days=1), now)
    return min(MAX_SIGMA_PCT, max(MIN_SIGMA_PCT, mean_pct or 0.0))


def mark_better_ladder(
    policy: EnergyPolicy, inputs: Inputs, clear_sky: ClearSkyModel
) -> EnergyPolicy:
    """The policy, marked where the ladder would have done better in the site's last days."""
    problem = inputs.problem
    settings = problem.settings
    today = history.to_solar_date(problem.now.utc, settings)
    since = history.to_storage_key(today - timedelta(days=BACKTEST_DAYS))
    days = [day for day in inputs.days if day.day >= since]
    if not days:
        return policy
    midnight = history.find_midnight(days[0].day.date(), settings)
    clear_w = compute_hourly_clear_w(settings, clear_sky, midnight, CLEAR_DAYS, history.UNSHADED)
    result = run_backtest(days, replace(problem, clear_w=clear_w), midnight=midnight)
    if result is None or not result.ladder_is_better:
        return policy
    days_text = format_count(result.days, "day")
    reason = say(
        "{reason}; the ladder did better here in the last {days_text}",
        reason=policy.reason,
        days_text=days_text,
    )
    return replace(policy, facts={**policy.facts, LADDER: 1.0}, reason=reason)


def make_steps(store: Store, plan: Plan, *, by_ladder: bool) -> list[EnergyPlanStep]:
    """The steps that are shown; raises `PlanError` where the charge is not known."""
    battery = store.latest(BatteryState, CHARGE_AGE_S)
    if battery is None or battery.state_of_charge_pct is None:
        raise PlanError(
            say(
                "there is no plan because the charge of the battery is unknown; see what the power "
                "service says (`systemctl status appliance-power`)"
            )
        )
    budget = store.latest(EnergyBudget, CHARGE_AGE_S)
    return make_plan_steps(
        plan,
        battery,
        budget.level if budget else None,
        observe_today(store, plan),
        plan.problem.now,
        by_ladder=by_ladder,
    )


def observe_today(store: Store, plan: Plan) -> SolarNowcast:
    """Today's sun as far as it was measured."""
    now, table = plan.problem.now.utc, tabulate_values(plan, 1)
    nowcast = SolarNowcast()
    points = history.read_points(store, plan.settings, plan.problem.starts, now)
    for starts, point in sorted(points.items()):
        hour = compute_hour(table, starts + timedelta(hours=point.hours))
        nowcast.observe(table, hour, None if point.throttled else point.pv_power_w)
    nowcast.observe(table, compute_hour(table, now), None)
    return nowcast


def describe_plan(
    steps: Sequence[EnergyPlanStep], policy: EnergyPolicy, problem: PlanProblem
) -> str:
    """The plan in one sentence, for the journal and the page."""
    lowest = min(steps, key=lambda step: step.state_of_charge_pct)
    hours, zone = STEP / timedelta(hours=1), problem.settings.site.timezone
    sun_wh = sum(step.pv_power_w for step in steps) * hours
    known = sum(day.clear_sky_index is not None for day in problem.history.days)
    learned = say("learned from {days} here", days=format_count(known, "day"))
    source = learned if known else say("assumed, no day is known here yet")
    return say(
        "planned {hours:.0f} h: {sun_wh:.0f} Wh of sun expected ({source}), lowest SOC "
        "{state_of_charge_pct:.0f} % ({low_charge_pct:.0f} to {high_charge_pct:.0f}) on "
        "{at}; {reason}",
        hours=len(steps) * hours,
        sun_wh=sun_wh,
        source=source,
        state_of_charge_pct=lowest.state_of_charge_pct,
        low_charge_pct=lowest.low_charge_pct,
        high_charge_pct=lowest.high_charge_pct,
        at=format_site_time(lowest.starts, zone, "%d %b %H:%M"),
        reason=policy.reason,
    )


def main() -> None:
    """Exit codes as for every service: 0 planned, 1 something in the world is wrong, 2 settings,
    3 another copy runs.
    """
    arguments = service.make_parser(PLAN, takes_instance=False).parse_args()
    plan_log = log.setup(PLAN)
    try:
        settings = settings_file.load_settings(arguments.settings)
        lock = service.take_lock(settings, PLAN, plan_log)
        prepare_database(settings.database)
        store = Store(settings.database, settings.make_clock(), writer=PLAN)
        plan_log.info(plan_and_report(store, settings))
    except ApplianceError as error:
        print(f"{PLAN}: {log.redact(str(error))}", file=sys.stderr)
        sys.exit(service.find_exit_code(error))
    lock.release()


def plan_and_report(store: Store, settings: Settings) -> str:
    """Make the plan and publish its sentence, or the fault that there is none."""
    try:
        sentence = run_plan(store, settings, compute_clear_sky_w)
    except PlanError as error:
        store.raise_fault(PLAN, error)
        store.publish_status(PLAN, str(error))
        raise
    store.publish_status(PLAN, sentence)
    return sentence
