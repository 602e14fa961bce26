"""Follows the nightly plan: the best way to spend now, from a table of what charge is worth.

Reads: the plan's table (EnergyPolicy row), the charge, the sun of today. Writes: nothing.
Never: imports numpy (it lives in a resident process), runs past the table's end (the ladder takes
over), or owns safety: the guard may hold it down.

Today's sky is judged from the sun so far, the last hour most. The doubt of the charge is in the
table's floors: the guard stops the loads at a charge less its sigma, so that is where they end.
"""

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from appliance.model import EnergyPolicy
from power.plan.utility import Option
from power.plan.weather_model import CLASS_CLEARNESS, CLASS_COUNT, CLASS_EDGES, CLASS_PERSISTENCE

HOUR_S = 3600.0
RECENT_S = 5400.0
RECENT_WEIGHT = 0.7
EARLY_SHARE, EARLY_SIGMA, SIGMA = 0.15, 0.30, 0.22  # error of the rest of the day's clearness
NOTHING_SHARE = 0.03  # of the day's sun: before that nothing is known of today
CONTROLLER, DISCHARGING = 0.97, 0.97
QUARTER_H = 0.25
LEAST_GAIN_PER_H = 0.002  # worth per hour: a smaller gain is not worth a change


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """The plan's table, unpacked. `bounds_h`: the ends of its stretches, hours after `starts`.

    `values[place]` holds for each (sky, cold) the worth over charge; `clear_w` is hourly.
    """

    starts: datetime
    ends: datetime
    bounds_h: Sequence[float]
    floors_pct: Sequence[float]
    clear_w: Sequence[float]
    weather: Sequence[Sequence[float]]
    values: Sequence[Sequence[Sequence[float]]]
    levels: int


def pack_table(
    bounds_h: Sequence[float],
    floors_pct: Sequence[float],
    clear_w: Sequence[float],
    weather: Sequence[Sequence[float]],
    values: Sequence[float],
) -> bytes:
    """The table as stored: 32-bit floats, least significant byte first."""
    numbers = array("f", [*bounds_h, *floors_pct, *clear_w])
    for sky in weather:
        numbers.extend(sky)
    numbers.extend(values)
    return numbers.tobytes()


def unpack_table(row: EnergyPolicy) -> PolicyTable:
    """The table of a stored row. Raises `ValueError` where it is not whole."""
    numbers = array("f")
    numbers.frombytes(row.worth)
    facts = {name: int(value) for name, value in row.facts.items()}
    levels, count = facts["levels"], facts["stretches"]
    sizes = (count + 1, count, facts["hours"], facts["days"] * CLASS_COUNT)
    if len(numbers) != sum(sizes) + (count + 1) * CLASS_COUNT * 2 * levels:
        raise ValueError(f"the plan of {row.starts} is not whole: {len(numbers)} numbers")
    cut = [0]
    for size in sizes:
        cut.append(cut[-1] + size)
    bounds, floors, clear, skies = (list(numbers[a:b]) for a, b in pairwise(cut))
    rest = numbers[cut[-1] :]
    rows = [list(rest[at : at + levels]) for at in range(0, len(rest), levels)]
    return PolicyTable(
        starts=row.starts,
        ends=row.ends,
        bounds_h=bounds,
        floors_pct=floors,
        clear_w=clear,
        weather=[skies[at : at + CLASS_COUNT] for at in range(0, len(skies), CLASS_COUNT)],
        values=[rows[at : at + CLASS_COUNT * 2] for at in range(0, len(rows), CLASS_COUNT * 2)],
        levels=levels,
    )


class SolarNowcast:
    """What today's sun has been so far, beside a cloudless one; and so, what the rest may be."""

    def __init__(self) -> None:
        self._day = -1
        self._at_h = 0.0
        self._measured_wh = self._clear_wh = 0.0
        self._recent_wh = self._recent_clear_wh = 0.0

    def observe(self, table: PolicyTable, hour: float, pv_power_w: float | None) -> None:
        """`pv_power_w` was measured at `hour` of the table; None: not, or the sun was throttled."""
        elapsed_h = hour - self._at_h
        self._at_h = hour
        if int(hour // 24) != self._day:
            self._day = int(hour // 24)
            self._measured_wh = self._clear_wh = 0.0
        if not 0 < elapsed_h <= 1 or pv_power_w is None:
            return
        clear_w = interpolate_clear_w(table, hour - elapsed_h / 2)
        kept = math.exp(-elapsed_h * HOUR_S / RECENT_S)
        self._measured_wh += pv_power_w * elapsed_h
        self._clear_wh += clear_w * elapsed_h
        self._recent_wh = self._recent_wh * kept + pv_power_w * elapsed_h
        self._recent_clear_wh = self._recent_clear_wh * kept + clear_w * elapsed_h

    def estimate_chances(self, table: PolicyTable) -> list[float]:
        """The chance of each class for the rest of the day."""
        day = max(0, self._day)
        before = table.weather[min(day, len(table.weather) - 1)]
        whole_wh = sum(table.clear_w[day * 24 : day * 24 + 24])
        if whole_wh <= 0 or self._clear_wh < NOTHING_SHARE * whole_wh:
            return list(before)
        so_far = self._measured_wh / self._clear_wh
        if self._recent_clear_wh > 0.01 * whole_wh:
            recent = self._recent_wh / self._recent_clear_wh
            so_far += RECENT_WEIGHT * (recent - so_far)
        sigma = EARLY_SIGMA if self._clear_wh < EARLY_SHARE * whole_wh else SIGMA
        return update_chances(before, so_far, sigma)


def update_chances(prior: Sequence[float], seen: float, sigma: float) -> list[float]:
    """The chances after a clearness was seen, with that error."""
    weights = [
        chance * (math.exp(-0.5 * ((centre - seen) / sigma) ** 2) + 1e-6)
        for chance, centre in zip(prior, CLASS_CLEARNESS, strict=True)
    ]
    total = sum(weights)
    return [weight / total for weight in weights]


def interpolate_clear_w(table: PolicyTable, hour: float) -> float:
    """Clear-sky power (W), linear between the middles of the hours."""
    x = min(max(hour - 0.5, 0.0), len(table.clear_w) - 1.000001)
    place = int(x)
    low, high = table.clear_w[place], table.clear_w[place + 1]
    return low + (high - low) * (x - place)


def compute_value_curve(
    table: PolicyTable, hour: float, weather: Sequence[float], cold: bool
) -> list[float]:
    """Worth still to come at `hour`, for each level of charge, over the skies that may be."""
    place = min(max(bisect_right(table.bounds_h, hour) - 1, 0), len(table.values) - 2)
    begin, end = table.bounds_h[place], table.bounds_h[place + 1]
    late = min(1.0, max(0.0, (hour - begin) / (end - begin)))
    total = [0.0] * table.levels
    for sky, chance in enumerate(weather):
        if chance < 0.005:
            continue
        now, then = table.values[place][sky * 2 + cold], table.values[place + 1][sky * 2 + cold]
        low, high = chance * (1 - late), chance * late
        total = [t + low * a + high * b for t, a, b in zip(total, now, then, strict=True)]
    return total


def interpolate_value(curve: Sequence[float], charge_pct: float) -> float:
    """The worth at a charge; below 0 and above 100 % that of the end."""
    x = min(max(charge_pct, 0.0), 100.0) * (len(curve) - 1) / 100
    place = min(int(x), len(curve) - 2)
    return curve[place] + (curve[place + 1] - curve[place]) * (x - place)


@dataclass(frozen=True, slots=True)
class DecisionState:
    """What is known at one moment. `sun_w`: what the panels give now."""

    hour: float
    charge_pct: float
    sun_w: float
    cold: bool


def evaluate_option(
    option: Option,
    state: DecisionState,
    curve: Sequence[float],
    table: PolicyTable,
    capacity_wh: float,
) -> float:
    """Worth of the next quarter of an hour with `option`, and of where it leads."""
    net_w = state.sun_w * CONTROLLER - option.power_w
    if net_w < 0:
        net_w /= DISCHARGING
    elif state.cold:
        net_w = 0.0
    moved_pct = net_w * QUARTER_H / capacity_wh * 100
    end_pct = state.charge_pct + moved_pct
    runs = 1.0
    if moved_pct < 0:
        above_pct = state.charge_pct - find_floor_pct(table, state.hour)
        runs = min(1.0, max(0.0, above_pct / -moved_pct))
    return option.utility * QUARTER_H * runs + interpolate_value(curve, end_pct)


def find_floor_pct(table: PolicyTable, hour: float) -> float:
    """The charge at which the guard stops the loads."""
    place = min(max(bisect_right(table.bounds_h, hour) - 1, 0), len(table.floors_pct) - 1)
    return table.floors_pct[place]


def choose_option(
    options: Sequence[Option],
    state: DecisionState,
    curve: Sequence[float],
    table: PolicyTable,
    capacity_wh: float,
    held: Option | None,
) -> Option:
    """The option with the most worth; the one that holds stays unless another is clearly better."""
    gains = [evaluate_option(option, state, curve, table, capacity_wh) for option in options]
    top = max(range(len(options)), key=gains.__getitem__)
    if (
        held is not None
        and held in options
        and gains[top] - gains[options.index(held)] < LEAST_GAIN_PER_H * QUARTER_H
    ):
        return held
    return options[top]


def compute_hour(table: PolicyTable, utc: datetime) -> float:
    """Hours since the table's start."""
    return (utc - table.starts) / timedelta(hours=1)


assert len(CLASS_EDGES) == CLASS_COUNT - 1
assert 0 <= CLASS_PERSISTENCE < 1
