"""`unitctl energy what-if`: the unit as it is beside the unit as it would be, in the same weather.

Reads: settings, BatteryState, SolarDay, the clear sky. Writes: standard output.
Never: promises: it simulates 200 random scenarios of the weather that is known of this site, and
one dull week.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from appliance.commands.opening import open_unit
from appliance.commands.printing import Line, Section, show, show_json
from appliance.errors import SettingsError
from appliance.model import EnergyLevel
from appliance.settings import Settings
from appliance.wording.counts import format_share
from appliance.wording.sentence import Sentence, join_sentences, say
from power.commands.dull_week import DAYS as WEEK_DAYS
from power.commands.dull_week import DullWeek
from power.commands.what_if_seasons import (
    DAYS,
    Comparison,
    SeasonResult,
    WeekComparison,
    compare,
    compare_weeks,
)
from power.plan.clear_sky import compute_clear_sky_w

LEAST_DIFFERENCE = 0.005  # a smaller change of the mean utility is none
Change = Callable[[float, float], Sentence]  # its sentence, from the value and that of now
SETTING_OF: Mapping[str, tuple[str, str, Change]] = {
    "pv_w": (
        "panels",
        "peak_w",
        lambda value, now: say("{value:g} W of panels (now {now:g})", value=value, now=now),
    ),
    "tilt_deg": (
        "panels",
        "tilt_deg",
        lambda value, now: say("{value:g} degrees of tilt (now {now:g})", value=value, now=now),
    ),
    "battery_wh": (
        "battery",
        "capacity_wh",
        lambda value, now: say("{value:g} Wh of battery (now {now:g})", value=value, now=now),
    ),
    "full_w": (
        "energy",
        "full_power_w",
        lambda value, now: say("{value:g} W at FULL (now {now:g})", value=value, now=now),
    ),
    "eco_w": (
        "energy",
        "eco_power_w",
        lambda value, now: say("{value:g} W at ECO (now {now:g})", value=value, now=now),
    ),
    "sentinel_w": (
        "energy",
        "sentinel_power_w",
        lambda value, now: say("{value:g} W at SENTINEL (now {now:g})", value=value, now=now),
    ),
    "hibernate_w": (
        "energy",
        "hibernate_power_w",
        lambda value, now: say("{value:g} W at HIBERNATE (now {now:g})", value=value, now=now),
    ),
}
LEVELS = (EnergyLevel.FULL, EnergyLevel.ECO, EnergyLevel.SENTINEL, EnergyLevel.HIBERNATE)


def run(arguments: argparse.Namespace, changes: Mapping[str, float]) -> int:
    """Print it; raises `SettingsError` for a change that is not possible."""
    with open_unit(arguments) as (settings, store):
        changed = apply_changes(settings, changes)
        comparisons = compare(store, settings, changed=changed, clear_sky=compute_clear_sky_w)
        week = compare_weeks(
            store,
            settings,
            changed=changed,
            clear_sky=compute_clear_sky_w,
            sun_pct=arguments.dull_sun_pct,
        )
    sentence = format_sentence(settings, changes, comparisons)
    if arguments.json:
        seasons = {name: build_document(one) for name, one in comparisons.items()}
        show_json({**seasons, "week": build_week_document(week), "says": sentence})
    else:
        sections = [build_section(name, one) for name, one in comparisons.items()]
        show([*sections, build_week_section(week)])
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


def build_week_document(week: WeekComparison) -> dict[str, Any]:
    """The dull week as JSON."""
    return {
        "sun_pct": week.sun_pct,
        "days": WEEK_DAYS,
        "today": build_week_figures(week.today),
        "changed": build_week_figures(week.changed),
    }


def build_week_figures(week: DullWeek) -> dict[str, Any]:
    return {
        "hours": week.hours,
        "lowest_charge_pct": round(week.lowest_pct, 1),
        "end_charge_pct": round(week.end_pct, 1),
        "hibernates_after_h": week.hibernates_after_h,
        "powers_off_after_h": week.powers_off_after_h,
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


def build_week_section(week: WeekComparison) -> Section:
    """The dull week as lines."""
    rows = [
        ("lowest SOC", *pad_shares(week.today.lowest_pct / 100, week.changed.lowest_pct / 100)),
        ("SOC after it", *pad_shares(week.today.end_pct / 100, week.changed.end_pct / 100)),
        *[
            (
                f"{level.name} in all",
                f"{week.today.hours[level.name]:4.0f} h",
                f"{week.changed.hours[level.name]:4.0f} h",
            )
            for level in LEVELS
        ],
        (
            "HIBERNATE after",
            format_after(week.today.hibernates_after_h),
            format_after(week.changed.hibernates_after_h),
        ),
    ]
    return Section(
        f"A dull week: {WEEK_DAYS} days from now on with {week.sun_pct:g} % of a cloudless day's "
        "sun, today's unit -> the changed one",
        [Line(name, f"{before} -> {after}") for name, before, after in rows],
    )


def format_after(hours: float | None) -> str:
    return "never" if hours is None else f"{hours / 24:.1f} d"


def pad_shares(*shares: float) -> tuple[str, ...]:
    """Shares in percent, as wide as the hours above them."""
    return tuple(f"{format_share(share):>6}" for share in shares)


def format_sentence(
    settings: Settings, changes: Mapping[str, float], comparisons: Mapping[str, Comparison]
) -> Sentence:
    """What the change brings, in one sentence."""
    scarce, now = comparisons["scarce"], comparisons["now"]
    parts = (format_change(settings, name, value) for name, value in changes.items())
    return say(
        "With {changed}, {result}; in the next {days} days it would do {later}.",
        changed=join_sentences(", ", parts),
        result=format_result(scarce),
        days=DAYS,
        later=format_work(now),
    )


def format_result(scarce: Comparison) -> Sentence:
    """What it brings when the sun is scarce."""
    gained = abs(scarce.changed.utility - scarce.today.utility)
    safer = abs(scarce.changed.hibernates - scarce.today.hibernates)
    if gained < LEAST_DIFFERENCE and safer < 2 * LEAST_DIFFERENCE:
        return say("hardly anything would change in the {days} days with the least sun", days=DAYS)
    return say(
        "the unit would do {work} in the {days} days with the least sun, and would hibernate at "
        "least once in {chance}",
        work=format_work(scarce),
        days=DAYS,
        chance=format_chance(scarce),
    )


def format_change(settings: Settings, name: str, value: float) -> Sentence:
    """One change in words."""
    section, key, tell = SETTING_OF[name]
    return tell(value, getattr(getattr(settings, section), key))


def format_work(one: Comparison) -> Sentence:
    """Such as "57 % of full work instead of 36 %"."""
    new, old = format_share(one.changed.utility), format_share(one.today.utility)
    if new == old:
        return say("{share} of full work (as today)", share=new)
    return say("{share} of full work instead of {before}", share=new, before=old)


def format_chance(one: Comparison) -> Sentence:
    """Such as "100 % of the scenarios (as today)"."""
    new, old = format_share(one.changed.hibernates), format_share(one.today.hibernates)
    if new == old:
        return say("{share} of the scenarios (as today)", share=new)
    return say("{share} of the scenarios instead of {before}", share=new, before=old)
