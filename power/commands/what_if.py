"""`unitctl energy what-if`: the unit as it is beside the unit as it would be, in the same weather.

Reads: settings, BatteryState, SolarDay, the clear sky. Writes: standard output.
Never: promises: it simulates 200 random scenarios of the weather that is known of this site.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

from appliance.commands.opening import open_unit
from appliance.commands.printing import Line, Section, show, show_json
from appliance.errors import SettingsError
from appliance.model import BatteryState, EnergyLevel, Stamp
from appliance.settings import BatterySettings, Settings
from appliance.store.store import Store
from appliance.wording.counts import format_share
from power.battery.connected_share import convert_to_whole
from power.plan import history
from power.plan.clear_sky import compute_clear_sky_w
from power.plan.monte_carlo import ScenarioResults, simulate_scenarios
from power.plan.plan import solve_plan
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
LEAST_DIFFERENCE = 0.005  # a smaller change of the mean utility is none
SETTING_OF = {
    "pv_w": ("panels", "peak_w", "W of panels"),
    "tilt_deg": ("panels", "tilt_deg", "degrees of tilt"),
    "battery_wh": ("battery", "capacity_wh", "Wh of battery"),
    "full_w": ("energy", "full_power_w", "W at FULL"),
    "eco_w": ("energy", "eco_power_w", "W at ECO"),
    "sentinel_w": ("energy", "sentinel_power_w", "W at SENTINEL"),
    "hibernate_w": ("energy", "hibernate_power_w", "W at HIBERNATE"),
}
LEVELS = (EnergyLevel.FULL, EnergyLevel.ECO, EnergyLevel.SENTINEL, EnergyLevel.HIBERNATE)


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


def run(arguments: argparse.Namespace, changes: Mapping[str, float]) -> int:
    """Print it; raises `SettingsError` for a change that is not possible."""
    with open_unit(arguments) as (settings, store):
        changed = apply_changes(settings, changes)
        comparisons = compare(store, settings, changed=changed, clear_sky=compute_clear_sky_w)
    sentence = format_sentence(settings, changes, comparisons)
    if arguments.json:
        show_json(
            {**{name: build_document(one) for name, one in comparisons.items()}, "says": sentence}
        )
    else:
        show([*[build_section(name, one) for name, one in comparisons.items()]])
        print(f"\n{sentence}")
    return 0


# --- the changed unit -----------------------------------------------------------------------------


def apply_changes(settings: Settings, changes: Mapping[str, float]) -> Settings:
    """The settings with the changes in them, within the same limits as in the file."""
    if not changes:
        known = ", ".join(f"--{name.replace('_', '-')}" for name in SETTING_OF)
        raise SettingsError(f"what-if needs at least one change: {known}")
    for name, value in changes.items():
        section, key, _ = SETTING_OF[name]
        old = getattr(settings, section)
        limits = next(spec.metadata for spec in fields(old) if spec.name == key)
        if not limits["low"] <= value <= limits["high"]:
            raise SettingsError(
                f"--{name.replace('_', '-')} must be from {limits['low']:g} to "
                f"{limits['high']:g}, not {value:g}"
            )
        settings = replace(settings, **{section: replace(old, **{key: value})})
    energy = settings.energy
    draws = (energy.hibernate_power_w, energy.sentinel_power_w, energy.full_power_w)
    if not draws[0] < draws[1] < draws[2]:
        raise SettingsError(
            "a level must draw more than the one below: HIBERNATE {:g} W, SENTINEL {:g} W, "
            "FULL {:g} W are not in order".format(*draws)
        )
    return settings


# --- simulating -----------------------------------------------------------------------------------


def compare(
    store: Store, settings: Settings, *, changed: Settings, clear_sky: ClearSkyModel
) -> dict[str, Comparison]:
    """Both units from now on, and in the scarcest days."""
    found = {}
    for name, season in make_seasons(store, settings, clear_sky).items():
        results = [simulate_season(season, one, clear_sky) for one in (settings, changed)]
        found[name] = Comparison(season.first, *results)
    return found


def make_seasons(store: Store, settings: Settings, clear_sky: ClearSkyModel) -> dict[str, Season]:
    """Now, and the next time that the cloudless sun is weakest."""
    now = store.clock.stamp()
    today = history.to_solar_date(now.utc, settings)
    here = (now.utc - history.find_midnight(today, settings)) / timedelta(hours=1)
    begins = start_now(store, settings.battery, here)
    scarce = find_scarcest_days(settings, clear_sky, today)
    stamp = Stamp(history.find_midnight(scarce, settings), "what-if", 0.0)
    later = ScenarioStart(hour=0.0, charge_pct=ASSUMED_PCT, sigma_pct=USUAL_SIGMA_PCT)
    return {
        "now": Season(
            now,
            today,
            begins,
            read_history_before(store, settings, clear_sky, today),
            confirmed=store.clock.is_synchronized(),
        ),
        "scarce": Season(
            stamp,
            scarce,
            later,
            read_history_before(store, settings, clear_sky, scarce),
            confirmed=True,
        ),
    }


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
    scenarios = simulate_scenarios(solve_plan(problem), season.start, DAYS, step_h=STEP_H)
    return summarise_season(scenarios)


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


# --- showing --------------------------------------------------------------------------------------


def build_document(comparison: Comparison) -> dict[str, Any]:
    """One season as JSON."""
    return {
        "first_day": comparison.first.isoformat(),
        "days": DAYS,
        "today": build_figures(comparison.today),
        "changed": build_figures(comparison.changed),
    }


def build_figures(result: SeasonResult) -> dict[str, Any]:
    return {
        "worth_pct": round(result.utility * 100, 1),
        "hours_a_day": {name: round(hours, 2) for name, hours in result.hours.items()},
        "chance_to_hibernate_pct": round(result.hibernates * 100, 1),
        "chance_to_power_off_pct": round(result.powers_off * 100, 1),
        "lowest_charge_pct": round(result.lowest_pct, 1),
    }


def build_section(name: str, comparison: Comparison) -> Section:
    """One season as lines: as it is, as it would be."""
    title = {"now": "From now on", "scarce": "The days with the least sun"}[name]
    one, other = comparison.today, comparison.changed
    rows = [
        ("work (FULL always: 100 %)", *pad_shares(one.utility, other.utility)),
        *[
            (
                f"{level.name} a day",
                f"{one.hours[level.name]:4.1f} h",
                f"{other.hours[level.name]:4.1f} h",
            )
            for level in LEVELS
        ],
        ("scenarios with HIBERNATE", *pad_shares(one.hibernates, other.hibernates)),
        ("lowest SOC, 1 in 10 cases", *pad_shares(one.lowest_pct / 100, other.lowest_pct / 100)),
    ]
    return Section(
        f"{title}: {DAYS} days from {comparison.first:%d %b %Y} on, "
        "today's unit -> the changed one",
        [Line(name, f"{before} -> {after}") for name, before, after in rows],
    )


def pad_shares(*shares: float) -> tuple[str, ...]:
    """Shares in percent, as wide as the hours above them."""
    return tuple(f"{format_share(share):>6}" for share in shares)


def format_sentence(
    settings: Settings, changes: Mapping[str, float], comparisons: Mapping[str, Comparison]
) -> str:
    """What the change brings, in one sentence."""
    scarce, now = comparisons["scarce"], comparisons["now"]
    changed = " and ".join(format_change(settings, name, value) for name, value in changes.items())
    gained = abs(scarce.changed.utility - scarce.today.utility)
    safer = abs(scarce.changed.hibernates - scarce.today.hibernates)
    if gained < LEAST_DIFFERENCE and safer < 2 * LEAST_DIFFERENCE:
        result = f"hardly anything would change in the {DAYS} days with the least sun"
    else:
        work = format_instead(scarce.changed.utility, scarce.today.utility, "of full work")
        chance = format_instead(
            scarce.changed.hibernates, scarce.today.hibernates, "of the scenarios"
        )
        result = (
            f"the unit would do {work} in the {DAYS} days with the least sun, and would hibernate "
            f"at least once in {chance}"
        )
    later = format_instead(now.changed.utility, now.today.utility, "of full work")
    return f"With {changed}, {result}; in the next {DAYS} days it would do {later}."


def format_change(settings: Settings, name: str, value: float) -> str:
    """One change in words."""
    section, key, text = SETTING_OF[name]
    return f"{value:g} {text} (now {getattr(getattr(settings, section), key):g})"


def format_instead(share: float, today: float, of: str) -> str:
    """Such as "57 % instead of 36 % of full work", or "100 % of the scenarios (as today)"."""
    new, old = format_share(share), format_share(today)
    return f"{new} {of} (as today)" if new == old else f"{new} instead of {old} {of}"
