"""What the devices are set to: named as in the settings, and their main figures in the readings.

Reads and writes: nothing; pure.
Never: gives a disconnect voltage of an output that no load is wired to, or a figure that no device
can be set to: registers that are empty or not there are read as 0, 65535 or no number.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from appliance.model import PowerReading
from appliance.model_set_points import SetPoints

IN_READINGS = ("absorption_v", "float_v", "compensation_v_per_c", "lvd_v")

# Of any battery: volts of the whole, V per C, C, cells.
VOLTS = (5.0, 250.0)
POSSIBLE: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("absorption_v", "float_v", "equalize_v", "lvd_v", "lvr_v"), VOLTS),
    **dict.fromkeys(("system_v", "uvp_v", "ovp_v", "recharge_v", "over_voltage_v"), VOLTS),
    "compensation_v_per_c": (-1.0, 1.0),
    "charge_from_c": (-60.0, 60.0),
    "charge_until_c": (0.0, 100.0),
    "cells": (1, 100),
}


def name_set_points(
    set_points: SetPoints | None, title: str, *, loads_on_output: bool
) -> SetPoints | None:
    """The set-points of that device of the settings; what cannot be is None."""
    if set_points is None:
        return None
    impossible: dict[str, Any] = dict.fromkeys(list_impossible(set_points))
    return replace(set_points, device=title, loads_on_output=loads_on_output, **impossible)


def list_impossible(set_points: SetPoints) -> list[str]:
    """The names of the figures that no device can be set to."""
    known = {name: getattr(set_points, name) for name in POSSIBLE}
    return [
        name
        for name, value in known.items()
        if value is not None and not POSSIBLE[name][0] <= value <= POSSIBLE[name][1]
    ]


def add_set_points(reading: PowerReading, set_points: SetPoints | None) -> PowerReading:
    """The reading of a charger with the main figures of what it is set to."""
    if set_points is None:
        return reading
    found = {name: getattr(set_points, name) for name in IN_READINGS}
    if not set_points.loads_on_output:
        found["lvd_v"] = None
    return replace(reading, **found)


def combine_set_points(readings: Sequence[PowerReading | None]) -> dict[str, Any]:
    """Of several chargers the highest of each: the last to be full, the first to disconnect."""
    known = [one for one in readings if one is not None]
    return {name: find_highest([getattr(one, name) for one in known]) for name in IN_READINGS}


def find_cell_uvp_v(set_points: Sequence[SetPoints]) -> float | None:
    """The highest voltage of a cell at which a BMS disconnects; None where none is known."""
    known = [one.uvp_v / one.cells for one in set_points if one.uvp_v and one.cells]
    return find_highest(known)


def find_highest(values: Sequence[float | None]) -> float | None:
    """The highest of those that are known; None where none is."""
    return max((one for one in values if one is not None), default=None)
