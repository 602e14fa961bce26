"""`unitctl energy what-if`: the unit as it is beside the unit as it would be, in the same weather.

Reads: settings, BatteryState, SunDay, the clear sky. Writes: standard output.
Never: promises: it plays the planner in 200 futures drawn from what is known of this site's sky.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

from appliance.commands.opening import opened
from appliance.commands.printing import Line, Section, show, show_json
from appliance.errors import SettingsError
from appliance.model import BatteryState, EnergyLevel, Stamp
from appliance.settings import Settings
from appliance.store.store import Store
from power.guard.reserve import reserve_days, reserve_wh
from power.plan import history
from power.plan.clear_sky import clear_sky_power_w
from power.plan.monte_carlo import Futures, Start, imagine
from power.plan.nightly import ClearSky, Past, hourly_clear_w
from power.plan.prospect import look

DAYS = 45  # that are played
LOOK_DAYS = 60  # that the planner looks ahead, so that it does not spend all on the last of them
PIECE_H = 3.0
CHARGE_AGE_S = 3600.0
USUAL_SIGMA_PCT = 4.0
ASSUMED_PCT = 80.0  # charge at the start where it is not known
ENOUGH_DAYS = 20  # known days, from which the sky of a season is taken from this site
HARDLY = 0.005  # a smaller change of the mean worth is none
WHERE = {
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
    """45 days to play: when they begin, with which battery, and what is known of their sky."""

    stamp: Stamp
    first: date
    start: Start
    past: Past


@dataclass(frozen=True, slots=True)
class Life:
    """What the futures come to. `worth`: share of what FULL all the time would be."""

    worth: float
    hours: Mapping[str, float]
    hibernates: float
    powers_off: float
    lowest_pct: float


@dataclass(frozen=True, slots=True)
class Compared:
    """One season, lived by today's unit and by the changed one."""

    first: date
    today: Life
    changed: Life


def run(arguments: argparse.Namespace, wished: Mapping[str, float]) -> int:
    """Print it; raises `SettingsError` for a wish that cannot be."""
    with opened(arguments) as (settings, store):
        changed = change(settings, wished)
        compared = compare(store, settings, changed, clear_sky_power_w)
    sentence = says(settings, wished, compared)
    if arguments.json:
        show_json({**{name: document(one) for name, one in compared.items()}, "says": sentence})
    else:
        show([*[section(name, one) for name, one in compared.items()]])
        print(f"\n{sentence}")
    return 0


# --- the changed unit -----------------------------------------------------------------------------


def change(settings: Settings, wished: Mapping[str, float]) -> Settings:
    """The settings with the wishes in them, within the same limits as in the file."""
    if not wished:
        known = ", ".join(f"--{name.replace('_', '-')}" for name in WHERE)
        raise SettingsError(f"what-if needs at least one change: {known}")
    for name, value in wished.items():
        section, key, _ = WHERE[name]
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


# --- playing --------------------------------------------------------------------------------------


def compare(
    store: Store, settings: Settings, changed: Settings, clear_sky: ClearSky
) -> dict[str, Compared]:
    """Both units from now on, and in the scarcest days."""
    found = {}
    for name, season in seasons(store, settings, clear_sky).items():
        lives = [live(season, one, clear_sky) for one in (settings, changed)]
        found[name] = Compared(season.first, *lives)
    return found


def seasons(store: Store, settings: Settings, clear_sky: ClearSky) -> dict[str, Season]:
    """Now, and the next time that the cloudless sun is weakest."""
    now = store.clock.stamp()
    today = history.solar_date(now.utc, settings)
    battery = store.latest(BatteryState, CHARGE_AGE_S)
    here = (now.utc - history.begins(today, settings)) / timedelta(hours=1)
    begins = Start(here, ASSUMED_PCT, USUAL_SIGMA_PCT)
    if battery and battery.state_of_charge_pct is not None:
        charge_pct, sigma_pct = battery.state_of_charge_pct, battery.sigma_pct or 0.0
        begins = Start(here, charge_pct, sigma_pct, cold=battery.charge_blocked)
    scarce = scarcest(settings, clear_sky, today)
    stamp = Stamp(history.begins(scarce, settings), "what-if", 0.0)
    later = Start(0.0, ASSUMED_PCT, USUAL_SIGMA_PCT)
    return {
        "now": Season(now, today, begins, sky_before(store, settings, clear_sky, today)),
        "scarce": Season(stamp, scarce, later, sky_before(store, settings, clear_sky, scarce)),
    }


def scarcest(settings: Settings, clear_sky: ClearSky, today: date) -> date:
    """The first of the 45 days, in the year from today on, with the least cloudless sun."""
    midnight = history.begins(today, settings)
    hourly = hourly_clear_w(settings, clear_sky, midnight, 365, history.UNSHADED)
    daily = [sum(hourly[day * 24 : day * 24 + 24]) for day in range(365)] * 2
    sums = [sum(daily[day : day + DAYS]) for day in range(365)]
    return today + timedelta(days=min(range(365), key=sums.__getitem__))


def sky_before(store: Store, settings: Settings, clear_sky: ClearSky, first: date) -> Past:
    """The site's days before `first`; where too few are known, those of the year before."""
    for until in (first, year_before(first)):
        days = history.known_days(store, until)
        if len(days) >= ENOUGH_DAYS or until != first:
            break
    found = history.past_of(days, settings, clear_sky, until)
    return found if len(days) >= ENOUGH_DAYS else Past((), found.shade)


def year_before(day: date) -> date:
    return day - timedelta(days=365)


def live(season: Season, settings: Settings, clear_sky: ClearSky) -> Life:
    """The unit of these settings in 200 futures of the season."""
    midnight = history.begins(season.first, settings)
    shade = season.past.shade
    clear_w = hourly_clear_w(settings, clear_sky, midnight, LOOK_DAYS, shade)
    days = reserve_days(settings, season.stamp.utc, None)
    kept_wh = reserve_wh(settings.battery, settings.energy, days)
    prospect = look(
        settings, season.stamp, clear_w, season.past, USUAL_SIGMA_PCT, kept_wh, days=LOOK_DAYS
    )
    return life(imagine(prospect, season.start, DAYS, PIECE_H))


def life(futures: Futures) -> Life:
    """The futures in a few figures."""
    hours = sum(futures.hours)
    by_level = futures.shares.T @ futures.hours / hours * 24
    return Life(
        float(futures.worth @ futures.hours / hours),
        {level.name: float(by_level[int(level)]) for level in reversed(EnergyLevel)},
        futures.hibernates,
        futures.powers_off,
        futures.lowest_pct,
    )


# --- showing --------------------------------------------------------------------------------------


def document(compared: Compared) -> dict[str, Any]:
    """One season as JSON."""
    return {
        "first_day": compared.first.isoformat(),
        "days": DAYS,
        "today": figures(compared.today),
        "changed": figures(compared.changed),
    }


def figures(one: Life) -> dict[str, Any]:
    return {
        "worth_pct": round(one.worth * 100, 1),
        "hours_a_day": {name: round(hours, 2) for name, hours in one.hours.items()},
        "chance_to_hibernate_pct": round(one.hibernates * 100, 1),
        "chance_to_power_off_pct": round(one.powers_off * 100, 1),
        "lowest_charge_pct": round(one.lowest_pct, 1),
    }


def section(name: str, compared: Compared) -> Section:
    """One season as lines: as it is, as it would be."""
    title = {"now": "From now on", "scarce": "The days with the least sun"}[name]
    one, other = compared.today, compared.changed
    rows = [
        ("worth, of FULL all the time", f"{one.worth:6.0%}", f"{other.worth:6.0%}"),
        *[
            (
                f"{level.name} a day",
                f"{one.hours[level.name]:4.1f} h",
                f"{other.hours[level.name]:4.1f} h",
            )
            for level in LEVELS
        ],
        ("chance to hibernate at all", f"{one.hibernates:6.0%}", f"{other.hibernates:6.0%}"),
        ("lowest charge (1 in 10)", f"{one.lowest_pct:4.0f} %", f"{other.lowest_pct:4.0f} %"),
    ]
    return Section(
        f"{title}: {DAYS} days from {compared.first:%d %b %Y} on, today's unit -> the changed one",
        [Line(name, f"{before} -> {after}") for name, before, after in rows],
    )


def says(settings: Settings, wished: Mapping[str, float], compared: Mapping[str, Compared]) -> str:
    """What the change buys, in one sentence."""
    scarce, now = compared["scarce"], compared["now"]
    wishes = " and ".join(wish(settings, name, value) for name, value in wished.items())
    gained = abs(scarce.changed.worth - scarce.today.worth)
    safer = abs(scarce.changed.hibernates - scarce.today.hibernates)
    if gained < HARDLY and safer < 2 * HARDLY:
        bought = f"hardly anything would change in the scarcest {DAYS} days"
    else:
        bought = (
            f"the unit would do {instead(scarce.changed.worth, scarce.today.worth)} of full work "
            f"in the scarcest {DAYS} days, and hibernate at all in "
            f"{instead(scarce.changed.hibernates, scarce.today.hibernates)} of the futures"
        )
    later = instead(now.changed.worth, now.today.worth)
    return f"With {wishes}, {bought}; in the next {DAYS} days it would do {later} of full work."


def wish(settings: Settings, name: str, value: float) -> str:
    """One change in words."""
    section, key, text = WHERE[name]
    return f"{value:g} {text} (now {getattr(getattr(settings, section), key):g})"


def instead(share: float, today: float) -> str:
    return f"{share:.0%} instead of {today:.0%}"
