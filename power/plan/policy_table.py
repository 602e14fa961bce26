"""The policy table: the value of each charge at each time to come, as stored and as used.

Reads and writes: nothing; pure. The plan packs it, the power service unpacks it.
Never: imports numpy: it is used in a resident process.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import isfinite

from appliance.model import EnergyPolicy
from appliance.wording.sentence import say
from power.plan.weather_model import CLASS_COUNT

NEGLIGIBLE_CHANCE = 0.005  # a weather class less likely than this is left out of the mean


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """The value function of some days, by interval.

    `bounds_h`: start of the first interval and end of each, hours after `starts`. `floors_pct`: by
    interval, the charge at which the guard stops the loads. `clear_w`: clear-sky power (W) by hour.
    `weather[day]`: chance of each weather class. `values[bound][weather class * 2 + cold]`: utility
    still to come (hours of FULL), by charge in `levels` equal steps from 0 to 100 %.
    """

    starts: datetime
    ends: datetime
    bounds_h: Sequence[float]
    floors_pct: Sequence[float]
    clear_w: Sequence[float]
    weather: Sequence[Sequence[float]]
    values: Sequence[Sequence[Sequence[float]]]
    levels: int

    @property
    def facts(self) -> dict[str, int]:
        """The sizes that are stored beside the packed numbers."""
        return {
            "levels": self.levels,
            "stretches": len(self.floors_pct),
            "hours": len(self.clear_w),
            "days": len(self.weather),
        }


def pack_table(table: PolicyTable) -> bytes:
    """The table as stored: 32-bit floats, least significant byte first."""
    numbers = array("f", [*table.bounds_h, *table.floors_pct, *table.clear_w])
    for chances in table.weather:
        numbers.extend(chances)
    for curves in table.values:
        for curve in curves:
            numbers.extend(curve)
    return numbers.tobytes()


def unpack_table(row: EnergyPolicy) -> PolicyTable:
    """The table of a stored row. Raises `ValueError` or `KeyError` where it is damaged."""
    numbers = array("f")
    numbers.frombytes(row.worth)
    facts = {name: int(value) for name, value in row.facts.items()}
    levels, intervals = facts["levels"], facts["stretches"]
    sizes = [intervals + 1, intervals, facts["hours"], facts["days"] * CLASS_COUNT]
    sizes.append((intervals + 1) * CLASS_COUNT * 2 * levels)
    if len(numbers) != sum(sizes):
        raise ValueError(
            say(
                "the plan of {starts} is not whole: {count} numbers",
                starts=row.starts,
                count=len(numbers),
            )
        )
    bounds_h, floors_pct, clear_w, weather, values = cut_at(numbers, sizes)
    if not all(map(isfinite, numbers)) or any(one >= later for one, later in pairwise(bounds_h)):
        raise ValueError(say("the plan of {starts} is damaged", starts=row.starts))
    curves = split_evenly(values, levels)
    return PolicyTable(
        starts=row.starts,
        ends=row.ends,
        bounds_h=bounds_h,
        floors_pct=floors_pct,
        clear_w=clear_w,
        weather=split_evenly(weather, CLASS_COUNT),
        values=[curves[at : at + CLASS_COUNT * 2] for at in range(0, len(curves), CLASS_COUNT * 2)],
        levels=levels,
    )


def cut_at(numbers: Sequence[float], sizes: Sequence[int]) -> Iterator[list[float]]:
    """Consecutive parts of these sizes."""
    ends = [0]
    for size in sizes:
        ends.append(ends[-1] + size)
    return (list(numbers[first:last]) for first, last in pairwise(ends))


def split_evenly(numbers: list[float], size: int) -> list[list[float]]:
    """Consecutive parts of one size."""
    return [numbers[at : at + size] for at in range(0, len(numbers), size)]


def compute_hour(table: PolicyTable, utc: datetime) -> float:
    """Hours since the table's start."""
    return (utc - table.starts) / timedelta(hours=1)


def interpolate_clear_w(table: PolicyTable, hour: float) -> float:
    """Clear-sky power (W), linear between the middles of the hours."""
    x = min(max(hour - 0.5, 0.0), len(table.clear_w) - 1.000001)
    place = int(x)
    low, high = table.clear_w[place], table.clear_w[place + 1]
    return low + (high - low) * (x - place)


def find_floor_pct(table: PolicyTable, hour: float) -> float:
    """The charge (%) at which the guard stops the loads."""
    place = min(max(bisect_right(table.bounds_h, hour) - 1, 0), len(table.floors_pct) - 1)
    return table.floors_pct[place]


def compute_value_curve(
    table: PolicyTable, hour: float, weather: Sequence[float], *, cold: bool
) -> list[float]:
    """Utility still to come at `hour`, by charge: the mean over the weather classes."""
    place = min(max(bisect_right(table.bounds_h, hour) - 1, 0), len(table.values) - 2)
    begin, end = table.bounds_h[place], table.bounds_h[place + 1]
    share = min(1.0, max(0.0, (hour - begin) / (end - begin)))
    total = [0.0] * table.levels
    for weather_class, chance in enumerate(weather):
        if chance < NEGLIGIBLE_CHANCE:
            continue
        row = weather_class * 2 + cold
        now, then = table.values[place][row], table.values[place + 1][row]
        low, high = chance * (1 - share), chance * share
        total = [t + low * a + high * b for t, a, b in zip(total, now, then, strict=True)]
    return total


def interpolate_value(curve: Sequence[float], charge_pct: float) -> float:
    """The value at a charge; below 0 % and above 100 % that of the nearer end."""
    x = min(max(charge_pct, 0.0), 100.0) * (len(curve) - 1) / 100
    place = min(int(x), len(curve) - 2)
    return curve[place] + (curve[place + 1] - curve[place]) * (x - place)
