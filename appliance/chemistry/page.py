"""Writes docs/batteries.md from the tables of the chemistries.

Reads: the profiles. Writes: the page to standard output:
`python -m appliance.chemistry.page > docs/batteries.md`.
Never: adds a figure of its own.
"""

from collections.abc import Iterator
from dataclasses import fields

from appliance.chemistry.battery import PROFILES
from appliance.chemistry.profile import (
    ChargerLimits,
    ChemistryProfile,
    Curve,
    Figure,
    Ladder,
    RestedCurve,
)
from appliance.chemistry.unsupported import UNSUPPORTED

HEAD = """# Batteries

This page is generated from `appliance/chemistry` (`python -m appliance.chemistry.page`). All
voltages are of one cell, at 25 C where nothing else is said; a battery of n cells has n times as
much. "Chosen here" is a figure of our own, with its reason; each other one names its source.

`chemistry` under `[battery]` names the table. `lead-acid` is a lead-acid battery of unknown kind:
it is treated as carefully as the most delicate one. `cells` is needed where the nominal voltage is
said of several numbers of cells: an LFP battery "of 48 V" has 15 or 16. Thresholds
(SOC) of the fallback ladder that `[energy]` does not name are those of the chemistry."""

WORDS = {
    "nominal_v": "nominal voltage, V",
    "cell_ohm_ah": "resistance times capacity, ohm Ah",
    "absorption_v": "absorption (boost) of its charger, V",
    "float_v": "float of its charger, V",
    "equalize_v": "equalization, V",
    "compensation_v_per_c": "temperature compensation of absorption and float, V per C",
    "full_v": "full at a small charging current from, V",
    "tail_c_rate": "small is a charging current below, C-rate",
    "floating_v": "a controller's float is believed from, V",
    "held_v": "may be the charger's voltage from, V",
    "empty_v": "empty while it is discharged, V",
    "disconnect_v": "disconnect of a BMS or of a load output, V",
    "floor_v": "guard: the computer powers off below, V",
    "low_v": "guard: no load runs below, V",
    "recovered_v": "guard: loads run again from, V",
    "sound_v": "guard: not empty from, V",
    "highest_v": "highest voltage, V",
    "plausible_v": "a reading error above, V",
    "charge_from_c": "charging from, C",
    "charge_until_c": "charging up to, C",
    "hottest_c": "too hot from, C",
    "spread_v": "cells apart from, V",
    "usable_c_rate": "C-rate of the sheets' capacities by temperature",
    "slow_c_rate": "C-rate up to which a low rate counts",
    "rest_c_rate": "rested below, C-rate",
    "rest_s": "rested after, s",
    "full_pct": "SOC when full, %",
    "full_sigma_pct": "its standard deviation, %",
    "floating_pct": "SOC when floating, %",
    "floating_sigma_pct": "its standard deviation, %",
    "empty_pct": "SOC when empty, %",
    "empty_sigma_pct": "its standard deviation, %",
    "discharge_c_rate": "discharge for hours, C-rate",
    "full_every_days": "to be full at least every so many days",
    "charge_efficiency": "of what flows in, it keeps",
    "absorption_least_v": "set-points: absorption from, V",
    "absorption_most_v": "set-points: absorption up to, V",
    "float_least_v": "set-points: float from, V",
    "float_most_v": "set-points: float up to, V",
    "compensation_strongest_v_per_c": "set-points: temperature compensation from, V per C",
    "compensation_weakest_v_per_c": "set-points: temperature compensation up to, V per C",
    "lvd_least_v": "set-points: low-voltage disconnect from, V",
    "lvd_margin_v": "set-points: low-voltage disconnect below the guard's power-off by, V",
    "ovp_most_v": "set-points: over-voltage protection of a BMS up to, V",
    "charge_c_rate_most": "charging current up to, C-rate",
    "charge_from_most_c": "set-points: charging disabled below, at most, C",
    "charge_until_least_c": "set-points: charging disabled above, from, C",
    "charge_until_most_c": "set-points: charging disabled above, up to, C",
    "recharge_least_v": "set-points: absorption begins anew from, V",
    "over_voltage_most_v": "set-points: over-voltage disconnect up to, V",
    "lvr_most_v": "set-points: low-voltage reconnect up to, V",
    "uvp_least_v": "set-points: under-voltage protection of a BMS from, V",
    "full_from_pct": "ladder: FULL from, %",
    "eco_from_pct": "ladder: ECO from, %",
    "sentinel_from_pct": "ladder: SENTINEL from, %",
    "off_below_pct": "ladder: power-off below, %",
}


def build_page() -> str:
    """The whole page."""
    parts = [HEAD]
    for chemistry, profile in PROFILES.items():
        parts.append(build_section(chemistry.value, profile))
    refused = [f"* `{name}`: {reason}." for name, reason in UNSUPPORTED.items()]
    parts.append("\n".join(["## Not supported", "", *refused]))
    return "\n\n".join(parts) + "\n"


def build_section(name: str, profile: ChemistryProfile) -> str:
    """One chemistry: its figures, then its curves."""
    head = ["| figure | value | source |", "|---|---|---|"]
    rows = [*list_figures(profile), *list_figures(profile.charger)]
    rows += list_figures(profile.ladder)
    parts = [f"## `{name}`: {profile.title}", "\n".join([*head, *rows])]
    parts.append(format_rested(profile.rested))
    fast, slow = profile.usable_c_rate, profile.slow_c_rate
    share = "Share of the capacity by temperature"
    parts.append(format_curve(f"{share} at {fast:g}C", profile.usable_by_temperature))
    parts.append(format_curve(f"{share} at {slow:g}C and less", profile.usable_slowly))
    if profile.freezes_at_c:
        parts.append(format_curve("Freezes at, C, by SOC in %", profile.freezes_at_c))
    return "\n\n".join(parts)


def list_figures(table: ChemistryProfile | ChargerLimits | Ladder) -> Iterator[str]:
    """A row for each figure."""
    for spec in fields(table):
        value = getattr(table, spec.name)
        if isinstance(value, Figure):
            yield f"| {WORDS[spec.name]} | {value:g} | {value.source} |"
        elif value is None and spec.name in WORDS:
            yield f"| {WORDS[spec.name]} | never | it harms |"


def format_rested(curve: RestedCurve) -> str:
    """The rested curve as a table."""
    rows = [
        f"| {volts:g} | {low:g} | {usual:g} | {high:g} |"
        for volts, low, usual, high in curve.points
    ]
    head = ["| rested voltage, V | least SOC, % | usual | most |", "|---|---|---|---|"]
    return "\n".join([f"SOC by rested voltage. Source: {curve.source}.", "", *head, *rows])


def format_curve(title: str, curve: Curve) -> str:
    """A curve in one line."""
    points = ", ".join(f"{x:g}: {y:g}" for x, y in curve.points)
    return f"{title}: {points}. Source: {curve.source}."


if __name__ == "__main__":
    print(build_page(), end="")
