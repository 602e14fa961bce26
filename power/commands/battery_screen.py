"""`unitctl battery`: charge, cells, capacity, health and faults of the battery on one screen.

Reads: the status document. Writes: standard output.
Never: asks a device, or shows an old figure as a new one.
"""

import argparse
from collections.abc import Iterator
from typing import Any

from appliance.chemistry import count_cells, get_profile
from appliance.commands.opening import format_local, open_unit
from appliance.commands.printing import BAD, PLAIN, Line, Section, show, show_json
from appliance.commands.status import describe_fault, describe_packs, format_held, format_known
from appliance.settings import Settings
from appliance.status import status_document

SOURCE = "power"
MOMENT = "%Y-%m-%d %H:%M"
ADVISED_DAYS = 7  # lead-acid: makers advise a full charge each week


def run(arguments: argparse.Namespace) -> int:
    """Print it; 1 where the charge is not known, or the battery's side has a fault."""
    with open_unit(arguments) as (settings, store):
        whole = status_document.build(store, settings)
    document = {
        "battery": whole["battery"],
        "packs": whole["packs"],
        "faults": [fault for fault in whole["faults"] if fault["source"] == SOURCE],
    }
    if arguments.json:
        show_json(document)
    else:
        show(build_sections(document, settings))
    known = document["battery"] and document["battery"]["state_of_charge_pct"] is not None
    return 0 if known and not document["faults"] else 1


def build_sections(document: dict[str, Any], settings: Settings) -> list[Section]:
    """The faults on top, then the battery, then each pack with its cells."""
    battery = document["battery"]
    age = battery and battery["age"]
    lines = [
        format_held("charge", battery, describe_charge, settings),
        format_held("now", battery, describe_flow, settings),
        *describe_full(battery, settings),
        *(describe_age(age, settings) if age else [Line("age", "not counted yet")]),
    ]
    return [
        Section("FAULTS", [describe_fault(fault, settings) for fault in document["faults"]], BAD),
        Section(describe_rated(settings), lines),
        Section("Packs", describe_packs(document["packs"], settings)),
    ]


def describe_rated(settings: Settings) -> str:
    """What the settings say of it."""
    own = settings.battery
    return (
        f"{get_profile(own).title}, {own.capacity_wh:g} Wh rated at 25 C, "
        f"{own.nominal_voltage_v:g} V, {count_cells(own)} cells in series"
    )


def describe_charge(battery: dict[str, Any]) -> str:
    """State of charge with one standard deviation, and how it is known."""
    sigma = format_known(battery["sigma_pct"], "{:.0f} %")
    charge = format_known(battery["state_of_charge_pct"], "{:.0f}")
    can_draw = format_known(battery["energy_wh"], "{:.0f} Wh")
    return (
        f"{charge} +- {sigma} (one standard deviation), {battery['method']}; "
        f"{can_draw} can be drawn at this temperature"
    )


def describe_flow(battery: dict[str, Any]) -> str:
    """Voltage, current, temperature; whether charging is disabled."""
    hours = battery["time_to_go_s"]
    lasts = "" if hours is None else f", empty in {hours / 3600:.0f} h"
    blocked = ", charging disabled" if battery["charge_blocked"] else ""
    return (
        f"{format_known(battery['voltage_v'], '{:.2f} V')}, "
        f"{format_known(battery['current_a'], '{:+.1f} A')}, "
        f"{format_known(battery['temperature_c'], '{:.0f} C')}{lasts}{blocked}"
    )


def describe_full(battery: dict[str, Any] | None, settings: Settings) -> Iterator[Line]:
    """How long ago it was full, and how often it should be."""
    age = battery and battery["age"]
    if not battery or not age:
        return
    profile, days = get_profile(settings.battery), age["days_since_full"]
    limit = profile.full_every_days
    since = "" if battery["full_at"] else ", or longer: not full since it is watched"
    advised = f", each {ADVISED_DAYS} days is better" if profile.loses_charge else ""
    style = BAD if days > limit else PLAIN
    yield Line(
        "last full", f"{days:.1f} days ago{since} (at least each {limit:.0f}{advised})", style
    )


def describe_age(age: dict[str, Any], settings: Settings) -> Iterator[Line]:
    """Capacity, state of health, cycles."""
    if age["capacity_ah"] is None:
        text = f"{age['rated_ah']:.0f} Ah rated; not learned yet: it takes a deep discharge"
        yield Line("capacity", text)
    else:
        at = format_local(age["capacity_at"], settings, MOMENT)
        yield Line(
            "capacity",
            f"{age['capacity_ah']:.0f} +- {age['capacity_sigma_ah']:.0f} Ah of "
            f"{age['rated_ah']:.0f} rated, learned {at}",
        )
        yield Line("health", f"{age['health_pct']:.0f} +- {age['health_sigma_pct']:.0f} %")
    yield Line(
        "cycles",
        f"{age['equivalent_cycles']:.1f} equivalent full ({age['discharged_ah']:.0f} Ah out, "
        f"{age['charged_ah']:.0f} Ah in, since {format_local(age['since'], settings, MOMENT)})",
    )
