"""Plans once and ends: `python -m power.plan`, started by a timer twice a day.

Reads: PowerReading and BatteryState with their means, EnergyBudget, the clear sky, forecast.json.
Writes: SunDay, EnergyPolicy and EnergyPlanStep rows.
Never: stays in memory (numpy is heavy), and never decides: the power service follows the
policy, or not, and the guard stands above both.

In this order, so that each is of use without the next: the days that are over; the policy, which
needs no charge; the steps, which do.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance import log, settings_file
from appliance.errors import ApplianceError, SettingsError
from appliance.model import (
    BatteryState,
    EnergyBudget,
    EnergyPlanStep,
    EnergyPolicy,
    Stamp,
    SunDay,
)
from appliance.process import service
from appliance.settings import Settings
from appliance.store import retention
from appliance.store.prepare import prepare
from appliance.store.rows import text_of
from appliance.store.store import Store
from appliance.store.tables import PLAN
from power.guard.reserve import FIRST_YEAR, compute_reserve_days, compute_reserve_wh
from power.plan import history
from power.plan.backtest import BACKTEST_DAYS as REPLAYED_DAYS
from power.plan.backtest import CLEAR_DAYS, run_backtest
from power.plan.clear_sky import clear_sky_power_w
from power.plan.forecast_file import ForecastError, read_forecast
from power.plan.horizon import HORIZON_DAYS, DayForecast
from power.plan.nightly import (
    ClearSkyModel,
    SiteHistory,
    compute_hourly_clear_w,
    find_solar_midnight,
)
from power.plan.plan_steps import STEP, make_plan_steps
from power.plan.policy import SolarNowcast, compute_hour
from power.plan.prospect import Plan, make_plan, tabulate_values

CHARGE_AGE_S = 3600.0
MIN_SIGMA_PCT, MOST_SIGMA_PCT = 4.0, 10.0  # of the charge, as far as the plan's floor heeds it
LADDER = "ladder"  # the policy's fact that says: follow the ladder


class PlanError(ApplianceError):
    """There is nothing to plan from."""

    code = "plan"


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What the night's work begins with. `days` are the site's, `told` is the forecast."""

    now: Stamp
    days: Sequence[SunDay]
    history: SiteHistory
    forecast: dict[int, DayForecast]
    sigma_pct: float
    reserve_wh: float


def run_plan(store: Store, settings: Settings, clear_sky: ClearSkyModel) -> str:
    """Store days, policy and steps; returns one sentence. Raises `PlanError`."""
    now = store.clock.stamp()
    if now.utc.year < FIRST_YEAR:
        raise PlanError(
            f"there is no plan because the clock says {now.utc:%Y-%m-%d}; "
            "set it (`timedatectl`), or replace the battery of the computer's clock"
        )
    store.add(*history.make_new_days(store, settings, clear_sky, now))
    known, bad = gather_inputs(store, settings, clear_sky, now)
    prospect = make_plan_of_night(known, settings, clear_sky)
    prospect = replace(
        prospect, policy=mark_better_ladder(prospect.policy, known, settings, clear_sky)
    )
    store.add(prospect.policy)
    retention.retain(store)
    steps = make_steps(store, prospect, now)
    store.add(*steps)
    store.clear_faults(PLAN, still=bad)
    return describe_plan(steps, prospect.policy, known)


def gather_inputs(
    store: Store, settings: Settings, clear_sky: ClearSkyModel, now: Stamp
) -> tuple[PlanInputs, frozenset[str]]:
    """What is known, and the codes of the faults that this leaves open."""
    today = history.to_solar_date(now.utc, settings)
    days = history.read_days(store, today)
    told, bad = {}, frozenset[str]()
    try:
        told = read_forecast(settings.forecast_file, now.utc, today)
    except ForecastError as error:
        store.raise_fault(PLAN, error)
        bad = frozenset({error.code})
    site = history.build_history(days, settings, clear_sky, today)
    battery = store.last(BatteryState)
    kept = compute_current_reserve_wh(settings, now.utc, battery.full_at if battery else None)
    return PlanInputs(now, days, site, told, read_usual_sigma_pct(store, now.utc), kept), bad


def read_usual_sigma_pct(store: Store, now: datetime) -> float:
    """The mean doubt of the last day's charge: neither the moment after a full charge nor the one
    after a boot is usual.
    """
    rows = store.query(
        "SELECT avg(sigma_pct) AS mean FROM battery_state WHERE at >= ? AND at <= ?",
        (text_of(now - timedelta(days=1)), text_of(now)),
    )
    return min(MOST_SIGMA_PCT, max(MIN_SIGMA_PCT, rows[0]["mean"] or 0.0))


def compute_current_reserve_wh(
    settings: Settings, now: datetime, full_at: datetime | None
) -> float:
    """The guard's reserve of these days."""
    days = compute_reserve_days(settings, now, full_at)
    return compute_reserve_wh(settings.battery, settings.energy, days)


def make_plan_of_night(inputs: PlanInputs, settings: Settings, clear_sky: ClearSkyModel) -> Plan:
    """The planner's answer from the last solar midnight on."""
    midnight = find_solar_midnight(inputs.now.utc, settings.site.longitude_deg)
    clear_w = compute_hourly_clear_w(
        settings, clear_sky, midnight, HORIZON_DAYS, inputs.history.shade
    )
    return make_plan(
        settings,
        inputs.now,
        clear_w,
        inputs.history,
        inputs.sigma_pct,
        inputs.reserve_wh,
        inputs.forecast,
    )


def mark_better_ladder(
    policy: EnergyPolicy, inputs: PlanInputs, settings: Settings, clear_sky: ClearSkyModel
) -> EnergyPolicy:
    """The policy, marked where the ladder would have done better in the site's last days."""
    today = history.to_solar_date(inputs.now.utc, settings)
    since = history.to_storage_key(today - timedelta(days=REPLAYED_DAYS))
    days = [day for day in inputs.days if day.day >= since]
    if not days:
        return policy
    midnight = history.find_midnight(days[0].day.date(), settings)
    clear_w = compute_hourly_clear_w(settings, clear_sky, midnight, CLEAR_DAYS, history.UNSHADED)
    found = run_backtest(
        days, midnight, clear_w, inputs.history, inputs.sigma_pct, inputs.reserve_wh, settings
    )
    if found is None or not found.ladder_is_better:
        return policy
    reason = f"{policy.reason}; the ladder did better here in the last {found.days} days"
    return replace(policy, facts={**policy.facts, LADDER: 1.0}, reason=reason)


def make_steps(store: Store, plan: Plan, now: Stamp) -> list[EnergyPlanStep]:
    """The steps that are shown; raises `PlanError` where the charge is not known."""
    battery = store.latest(BatteryState, CHARGE_AGE_S)
    if battery is None or battery.state_of_charge_pct is None:
        raise PlanError(
            "there is no plan because the charge of the battery is unknown; "
            "see what the power service says (`systemctl status appliance-power`)"
        )
    budget = store.latest(EnergyBudget, CHARGE_AGE_S)
    return make_plan_steps(
        plan,
        battery,
        budget.level if budget else None,
        nowcast_today(store, plan, now),
        now,
        ladder=LADDER in plan.policy.facts,
    )


def nowcast_today(store: Store, plan: Plan, now: Stamp) -> SolarNowcast:
    """Today's sky as far as it was measured."""
    today, table = SolarNowcast(), tabulate_values(plan, 1)
    samples = history.read_points(store, plan.settings, plan.policy.starts, now.utc)
    for at, sample in sorted(samples.items()):
        ends = at + timedelta(hours=sample.hours)
        today.observe(
            table, compute_hour(table, ends), None if sample.throttled else sample.pv_power_w
        )
    today.observe(table, compute_hour(table, now.utc), None)
    return today


def describe_plan(steps: Sequence[EnergyPlanStep], policy: EnergyPolicy, inputs: PlanInputs) -> str:
    """What the plan comes to, for the journal and the page."""
    lowest = min(steps, key=lambda step: step.state_of_charge_pct)
    hours = STEP / timedelta(hours=1)
    sun_wh = sum(step.pv_power_w for step in steps) * hours
    seen = sum(day.clearness is not None for day in inputs.history.days)
    learned = f"learned from {seen} days here" if seen else "assumed, no day is known here yet"
    return (
        f"planned {len(steps) * hours:.0f} h: {sun_wh:.0f} Wh of sun to be expected ({learned}), "
        f"lowest charge {lowest.state_of_charge_pct:.0f} % "
        f"({lowest.low_charge_pct:.0f} to {lowest.high_charge_pct:.0f}) "
        f"on {lowest.starts:%d %b %H:%M} UTC; {policy.reason}"
    )


def main() -> None:
    """Exit codes as for every service: 0 planned, 1 something in the world is wrong, 2 settings."""
    arguments = service.make_parser(PLAN, takes_instance=False).parse_args()
    plan_log = log.setup(PLAN, under_journal="JOURNAL_STREAM" in os.environ)
    try:
        settings = settings_file.load(arguments.settings)
        prepare(settings.database)
        store = Store(settings.database, settings.make_clock(), writer=PLAN)
        plan_log.info(plan_and_report(store, settings))
    except ApplianceError as error:
        print(f"{PLAN}: {log.redact(str(error))}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)


def plan_and_report(store: Store, settings: Settings) -> str:
    """Make the plan and publish its sentence, or the fault that there is none."""
    try:
        said = run_plan(store, settings, clear_sky_power_w)
    except PlanError as error:
        store.raise_fault(PLAN, error)
        store.say(PLAN, str(error))
        raise
    store.say(PLAN, said)
    return said
