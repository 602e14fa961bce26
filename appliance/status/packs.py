"""What each BMS or shunt reports of its battery, with all its cells, for the status document.

Reads: the newest `BatteryReading` of each. Writes: nothing.
Never: shows what the unit estimates in place of what is reported, or an old figure as a new one.
"""

from collections.abc import Mapping
from statistics import median

from appliance.model import BatteryReading
from appliance.status.freshness import Document, describe_age
from appliance.store.store import Store

PACK_FIELDS = (
    "voltage_v",
    "current_a",
    "state_of_charge_pct",
    "lowest_cell_voltage_v",
    "highest_cell_voltage_v",
    "lowest_temperature_c",
    "highest_temperature_c",
    "cycles",
    "charge_allowed",
    "discharge_allowed",
    "alarms",
)
APART_V = 0.1  # of one cell from the middle of all: worth a look, before it is a fault


def describe_pack(store: Store, name: str) -> Document:
    """What the BMS or shunt of that name reports, not what the unit estimates."""
    reading = store.last(BatteryReading, device=name)
    seen = describe_age(store, reading)
    fresh = reading if reading is not None and seen["fresh"] else None
    values = {field: get_reported(fresh, field) for field in PACK_FIELDS}
    return seen | {"name": name, **values, "cells": describe_cells(fresh)}


def get_reported(reading: BatteryReading | None, name: str) -> object:
    """A value, or None where there is none or its quality is not OK."""
    return None if reading is None or name in reading.quality else getattr(reading, name)


def describe_cells(reading: BatteryReading | None) -> list[Document] | None:
    """All cells; None where the BMS does not give them. `apart_v`: from the middle of all."""
    cells: Mapping[str, float] | None = reading.cell_voltages_v if reading else None
    if not cells:
        return None
    middle_v = median(cells.values())
    return [
        {
            "cell": number,
            "voltage_v": volts,
            "apart_v": round(volts - middle_v, 3),
            "is_apart": abs(volts - middle_v) >= APART_V,
        }
        for number, volts in cells.items()
    ]
