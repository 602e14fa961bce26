"""The seasons and the dull week of `unitctl energy what-if`, of today's unit and of a changed one.

Reads: BatteryState, SolarDay, the clear sky. Writes: nothing.
Never: shows anything; what_if.py does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from appliance.model import BatteryState, EnergyLevel, Stamp
from appliance.settings import BatterySettings, Settings
from appliance.store.store import Store
from power.battery.connected_share import convert_to_whole
from power.commands.dull_week import DullWeek, simulate_dull_week
from power.plan import history
from power.plan.monte_carlo import ScenarioResults, simulate_scenarios
from power.plan.plan import Plan, solve_plan
from power.plan.problem import (
    CHARGE_AGE_S,
    ClearSkyModel,
    PlanProblem,
    SiteHistory,
    compute_current_reserve_wh,
    compute_hourly_clear_w,
)
from power.plan.scenarios import ScenarioStart
from power.plan.site_history import build_history

DAYS = 45  # that are played
HORIZON_DAYS = 60  # of the planner, so that it does not spend all on the last of `DAYS`
STEP_H = 3.0
USUAL_SIGMA_PCT = 4.0
ASSUMED_PCT = 80.0  # charge at the start where it is not known
MIN_KNOWN_DAYS = 20  # known days, from which the weather of a season is taken from this site


@dataclass(frozen=True, slots=True)
class Season:
    """45 days to simulate: when they begin, with which charge, and the known weather before
    them.
    """

    stamp: Stamp
    first: date
    start: ScenarioStart
    history: SiteHistory
    confirmed: bool  # its time of the year: by a time server, or because it was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonResult:
    """The scenarios in a few figures. `utility`: share of what FULL all the time would be."""

    utility: float
    hours: Mapping[str, float]
    hibernates: float
    powers_off: float
    lowest_pct: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One season of today's unit and of the changed one."""

    first: date
    today: SeasonResult
    changed: SeasonResult


@dataclass(frozen=True, slots=True)
class WeekComparison:
    """One dull week from now on, of today's unit and of the changed one."""

    sun_pct: float
    today: DullWeek
    changed: DullWeek


def compare(
    store: Store, settings: Settings, *, changed: Settings, clear_sky: ClearSkyModel
) -> dict[str, Comparison]:
    """Both units from now on, and in the scarcest days."""
    found = {}
    for name, season in make_seasons(store, settings, clear_sky).items():
        results = [simulate_season(season, one, clear_sky) for one in (settings, changed)]
        found[name] = Comparison(season.first, *results)
    return found


def compare_weeks(
    store: Store,
    settings: Settings,
    *,
    changed: Settings,
    clear_sky: ClearSkyModel,
    sun_pct: float,
) -> WeekComparison:
    """Both units in a dull week from now on; `sun_pct`: of a cloudless day's sun."""
    season = make_season_from_now(store, settings, clear_sky)
    weeks = [
        simulate_dull_week(
            solve_season(season, one, clear_sky), season.start, sun_share=sun_pct / 100
        )
        for one in (settings, changed)
    ]
    return WeekComparison(sun_pct, *weeks)


def make_seasons(store: Store, settings: Settings, clear_sky: ClearSkyModel) -> dict[str, Season]:
    """Now, and the next time that the cloudless sun is weakest."""
    now = make_season_from_now(store, settings, clear_sky)
    scarce = find_scarcest_days(settings, clear_sky, now.first)
    stamp = Stamp(history.find_midnight(scarce, settings), "what-if", 0.0)
    later = ScenarioStart(hour=0.0, charge_pct=ASSUMED_PCT, sigma_pct=USUAL_SIGMA_PCT)
    return {
        "now": now,
        "scarce": Season(
            stamp,
            scarce,
            later,
            read_history_before(store, settings, clear_sky, scarce),
            confirmed=True,
        ),
    }


def make_season_from_now(store: Store, settings: Settings, clear_sky: ClearSkyModel) -> Season:
    """The days from now on, with the charge of now."""
    now = store.clock.stamp()
    today = history.to_solar_date(now.utc, settings)
    here = (now.utc - history.find_midnight(today, settings)) / timedelta(hours=1)
    return Season(
        now,
        today,
        start_now(store, settings.battery, here),
        read_history_before(store, settings, clear_sky, today),
        confirmed=store.clock.is_synchronized(),
    )


def start_now(store: Store, settings: BatterySettings, hour: float) -> ScenarioStart:
    """The charge as it is now, at this hour of the site; an assumed one where it is unknown."""
    battery = store.latest(BatteryState, CHARGE_AGE_S)
    if battery is None or battery.state_of_charge_pct is None:
        return ScenarioStart(hour=hour, charge_pct=ASSUMED_PCT, sigma_pct=USUAL_SIGMA_PCT)
    battery = convert_to_whole(battery, settings)
    return ScenarioStart(
        hour=hour,
        charge_pct=battery.state_of_charge_pct or 0.0,
        sigma_pct=battery.sigma_pct or 0.0,
        cold=battery.charge_blocked,
    )


def find_scarcest_days(settings: Settings, clear_sky: ClearSkyModel, today: date) -> date:
    """The first of the 45 days, in the year from today on, with the least cloudless sun."""
    midnight = history.find_midnight(today, settings)
    hourly = compute_hourly_clear_w(settings, clear_sky, midnight, 365, history.UNSHADED)
    daily = [sum(hourly[day * 24 : day * 24 + 24]) for day in range(365)] * 2
    sums = [sum(daily[day : day + DAYS]) for day in range(365)]
    return today + timedelta(days=min(range(365), key=sums.__getitem__))


def read_history_before(
    store: Store, settings: Settings, clear_sky: ClearSkyModel, first: date
) -> SiteHistory:
    """The site's days before `first`; where too few are known, those of the year before."""
    for until in (first, subtract_year(first)):
        days = history.read_days(store, until)
        if len(days) >= MIN_KNOWN_DAYS or until != first:
            break
    found = build_history(days, settings, clear_sky, until)
    return found if len(days) >= MIN_KNOWN_DAYS else SiteHistory((), found.shade)


def subtract_year(day: date) -> date:
    return day - timedelta(days=365)


def simulate_season(season: Season, settings: Settings, clear_sky: ClearSkyModel) -> SeasonResult:
    """The unit of these settings in 200 scenarios of the season."""
    plan = solve_season(season, settings, clear_sky)
    return summarise_season(simulate_scenarios(plan, season.start, DAYS, step_h=STEP_H))


def solve_season(season: Season, settings: Settings, clear_sky: ClearSkyModel) -> Plan:
    """The plan of the season for the unit of these settings."""
    midnight = history.find_midnight(season.first, settings)
    shade = season.history.shade
    problem = PlanProblem(
        settings=settings,
        now=season.stamp,
        clear_w=compute_hourly_clear_w(settings, clear_sky, midnight, HORIZON_DAYS, shade),
        history=season.history,
        sigma_pct=USUAL_SIGMA_PCT,
        reserve_wh=compute_current_reserve_wh(
            settings, season.stamp.utc, None, confirmed=season.confirmed
        ),
        days=HORIZON_DAYS,
    )
    return solve_plan(problem)


def summarise_season(scenarios: ScenarioResults) -> SeasonResult:
    """The means of the scenarios."""
    hours = sum(scenarios.hours)
    by_level = scenarios.shares.T @ scenarios.hours / hours * 24
    return SeasonResult(
        utility=float(scenarios.utility @ scenarios.hours / hours),
        hours={level.name: float(by_level[int(level)]) for level in reversed(EnergyLevel)},
        hibernates=scenarios.hibernates,
        powers_off=scenarios.powers_off,
        lowest_pct=scenarios.lowest_pct,
    )
