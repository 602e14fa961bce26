"""What the devices are set to: named as in the settings, and their main figures in the readings.

Reads and writes: nothing; pure.
Never: gives a disconnect voltage of an output that no load is wired to.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from appliance.model import PowerReading
from appliance.model_set_points import SetPoints

IN_READINGS = ("absorption_v", "float_v", "compensation_v_per_c", "lvd_v")


def name_set_points(
    set_points: SetPoints | None, title: str, *, loads_on_output: bool
) -> SetPoints | None:
    """The set-points of that device of the settings."""
    if set_points is None:
        return None
    return replace(set_points, device=title, loads_on_output=loads_on_output)


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


def find_highest(values: Sequence[float | None]) -> float | None:
    """The highest of those that are known; None where none is."""
    return max((one for one in values if one is not None), default=None)
