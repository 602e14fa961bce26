"""Writes docs/power-devices.md from the devices' tables and from readings of simulated ones.

Reads: power.devices.MODELS, provisioning.simulated. Writes: the page to standard output:
`python -m provisioning.models_page > docs/power-devices.md`.
Never: lists a value that the driver did not get from the simulated device.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, cast

from appliance.clock import SystemClock
from appliance.settings import Settings
from power.commands.models import format_protocol
from power.devices import MODELS
from power.protocol.bus import Lines
from power.protocol.links import LINK_FACTORIES
from power.protocol.profile import BatteryProfile, Profile
from power.reading.meter import Meter
from provisioning.simulated.devices.models import SIMULATORS
from provisioning.simulated.lines.loopback import LoopbackBus, LoopbackLine
from provisioning.simulated.plant.plant import Plant

NOON = datetime(2026, 4, 15, 10, 0, tzinfo=UTC)
LOAD_W = 25.0
POLLS = 2  # some devices send half of their values at a time

HEAD = """# Power devices

This page is generated from the devices' tables (`python -m provisioning.models_page`). `yes` \
means that the driver got the value from the simulated device; `?` that there is no simulator of \
it.

No device was connected here: what each model was tested against is listed below the tables, with \
what is doubtful. The software never writes to a device: it has no function for it.

`unitctl power probe` finds what is connected; `unitctl power models` lists the same names.

* Current, of a charger: what it gives to the battery, less what its own load output draws.
* Id: as delivered; in brackets others that a probe tries as well. Only an id that differs from the
  usual one needs `device_id` in the settings.
* Speed: as delivered; `baud` in the settings names another one. A transparent TCP bridge to the
  serial line needs `framing = "rtu"`.
* Several of a kind on one line: `unitctl power probe --add` finds them by their ids and adds those
  that the settings file does not have.
* The model of a device is checked at first contact and after each loss. It cannot be recognised
  for certain with an EPEver without sun, a device behind a Victron GX and an SRNE under another
  name: they are accepted where no other model fits, and only their values are checked."""

Columns = Mapping[str, tuple[str, ...]]  # what a column is called, and the fields that fill it
CHARGER_COLUMNS: Columns = {
    "PV": ("pv_power_w", "pv_voltage_v"),
    "battery V": ("battery_voltage_v",),
    "current": ("battery_current_a",),
    "temperature": ("battery_temperature_c",),
    "load": ("load_power_w",),
    "stage": ("charge_stage",),
    "yield": ("yield_today_wh",),
}
BATTERY_COLUMNS: Columns = {
    "V": ("voltage_v",),
    "current": ("current_a",),
    "SOC": ("state_of_charge_pct",),
    "Ah": ("remaining_ah", "full_ah"),
    "cells": ("lowest_cell_voltage_v", "highest_cell_voltage_v"),
    "temperature": ("lowest_temperature_c", "highest_temperature_c"),
    "MOSFETs": ("charge_allowed", "discharge_allowed"),
    "alarms": ("alarms",),
    "cycles": ("cycles",),
}


# Why the set-points of a model are not read.
NO_SOURCE = "no source that says which of its values are set-points"
NOT_READ = {
    "victron-mppt": "its text has none; the models with `-hex` give them",
    "victron-mppt-load": "its text has none; the models with `-hex` give them",
    "victron-gx-system": "the list of its registers has limits of now (DVCC), which move, and none "
    "of what a device is set to",
    "victron-gx-solarcharger": "the list of its registers has none; a controller with `-hex` on a "
    "line of its own gives them",
    "victron-gx-battery": "the list of its registers has the limits that a BMS asks for now, which "
    "move, and not where it disconnects",
    "victron-shunt": "it disconnects nothing; its relay is not read",
    "sunspec-pv": "the models of SunSpec that it has hold none",
    "sunspec-battery": "the models of SunSpec that it has hold none of a cell",
    "jbd": "they answer in factory mode only, and it is entered by a write",
    "daly": "no source found for the registers of its limits",
    "daly-d2": "no source found for the registers of its limits",
    "seplos-v3": "of its parameters (0x1300 to 0x1369) only cells and capacity have a source",
    "seplos-v2": "no source for the layout of its parameters (47)",
    "pace": "no source for the layout of its parameters (47)",
    "renogy-lfp": "it gives limits of now (5049 to 5052); " + NO_SOURCE,
}
PARTLY_READ = {
    "prostar-mppt": "the LVD and LVR of its load output only: no source for the scale of E000 to "
    "E00D",
    "pylontech": "UVP and OVP; from which temperature on it charges is not clear",
    "daly-a5": "UVP and OVP of its cells (0x59); a board that does not know the command gives none",
}


def build_page(models: Sequence[Profile] = MODELS) -> str:
    """The whole page."""
    batteries = [one for one in models if isinstance(one, BatteryProfile)]
    chargers = [one for one in models if one not in batteries]
    parts = [HEAD]
    if chargers:
        parts += ["## Charge controllers: `[charger.NAME]`", build_table(chargers, CHARGER_COLUMNS)]
    if batteries:
        parts += ["## Batteries and shunts: `[bms.NAME]`", build_table(batteries, BATTERY_COLUMNS)]
    parts += ["## What a device is set to", describe_set_points(models)]
    parts += [
        "## Tested against what, and where the tables come from",
        *map(describe_sources, models),
    ]
    return "\n\n".join(parts) + "\n"


def describe_set_points(models: Sequence[Profile]) -> str:
    """Which models give their set-points to the audit, and why others do not."""
    rows = [f"| `{one.name}` | {describe_reading(one.name)} |" for one in models]
    head = "Read once an hour, never written (`unitctl battery audit`, [energy.md](energy.md))."
    return "\n".join([head, "", "| model | set-points |", "| --- | --- |", *rows])


def describe_reading(name: str) -> str:
    """What is read of a model's set-points, or why nothing is."""
    if name in NOT_READ:
        return f"not read: {NOT_READ[name]}"
    return f"read: {PARTLY_READ[name]}" if name in PARTLY_READ else "read"


def build_table(models: Sequence[Profile], columns: Columns) -> str:
    """One row for each device."""
    heads = ["model", "protocol", "id", *columns]
    rows = [heads, ["---"] * len(heads), *(build_row(one, columns) for one in models)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def build_row(profile: Profile, columns: Columns) -> list[str]:
    """One device: its protocol, its id, and the columns that a reading of it fills."""
    known = find_filled_fields(profile)
    marks = [
        "?" if known is None else "yes" if known & {*fields} else "" for fields in columns.values()
    ]
    others = f" ({format_spans(profile.ids)})" if profile.ids else ""
    return [f"`{profile.name}`", format_protocol(profile), f"{profile.device_id}{others}", *marks]


def format_spans(numbers: Iterable[int]) -> str:
    """Numbers as text, neighbours together: 1, 3 to 5."""
    runs = groupby(enumerate(sorted(set(numbers))), key=lambda one: one[1] - one[0])
    ends = [(run[0][1], run[-1][1]) for _, group in runs if (run := list(group))]
    return ", ".join(f"{low}" if low == high else f"{low} to {high}" for low, high in ends)


def describe_sources(profile: Profile) -> str:
    """What stands behind one device's table."""
    tested = format_list("Tested against", profile.tested or ("nothing",))
    sources = format_list("Sources", profile.sources or ("none named",))
    return f"### `{profile.name}`: {profile.title}\n\n{tested}\n{sources}"


def format_list(title: str, texts: Sequence[str]) -> str:
    """A list item with its own list."""
    return "\n".join([f"* {title}:", *(f"  * {text}" for text in texts)])


def find_filled_fields(profile: Profile) -> set[str] | None:
    """The fields that readings of the simulated device fill; None without a simulator."""
    simulator = SIMULATORS.get(profile.name)
    if simulator is None:
        return None
    plant = Plant(Settings(), NOON - timedelta(minutes=30))
    plant.advance(NOON, LOAD_W)
    device = simulator(plant, (), None, 1.0)
    lines = cast("Lines", LoopbackLines(device))
    link = LINK_FACTORIES[profile.protocol].make_link(lines, profile, "loopback", device.device_id)
    meter = Meter(profile, link, lines.clock)
    readings = [meter.read() for _ in range(POLLS)]
    names = type(readings[0]).__dataclass_fields__
    return {name for name in names if any(getattr(one, name) is not None for one in readings)}


class LoopbackLines:
    """In place of power.protocol.bus.Lines: every line ends at one simulated device."""

    def __init__(self, device: Any) -> None:
        self.clock = SystemClock()
        self._device = device

    def modbus(self, *_: Any, **__: Any) -> LoopbackBus:
        return LoopbackBus(self._device)

    def bytewise(self, *_: Any, **__: Any) -> LoopbackLine:
        return LoopbackLine(self._device)


if __name__ == "__main__":
    print(build_page(), end="")
