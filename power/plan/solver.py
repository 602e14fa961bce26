"""The planner: what a charge is worth at each hour to come, by stochastic dynamic programming.

Reads: an outlook (power/plan/horizon.py), the ways to spend (power/plan/utility.py). Writes:
nothing; pure. Runs once a night in a process of its own (numpy); what it finds is used by
power/plan/policy.py.
Never: owns safety. Its floors are soft; the guard's are not.

The state is (time, charge, class of the day's clearness, too cold to charge or not). Backwards from
45 days ahead, the value of a state is the best of all ways to spend until the next stretch: what
that is worth, and the value of where it leads, over all skies that may come. The value is concave
in charge: the last watt-hours keep the cameras listening, the first ones only add frames.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.settings import BatterySettings
from power.battery.voltage_curve import CELLS
from power.plan.horizon import Horizon, Interval
from power.plan.utility import Option
from power.plan.weather_model import (
    CLASS_CLEARNESS,
    CLASS_COUNT,
    CLASS_PERSISTENCE,
    SPELL_PERSISTENCE,
)

ValueArray = NDArray[np.float32]

CHARGE_LEVELS = 41
CONTROLLER = 0.97  # of the sun arrives; and of what is drawn so much comes out of the battery
DISCHARGING = 0.97
MOST_C = 0.5  # charging current
# What comes is taken for less than the mean: grey weeks come in rows, which the chain of days does
# not know. Tuned on other sites (docs/energy.md).
SUN_CAUTION = 0.8
SIGMA_GROWTH_PCT_PER_DAY, MAX_SIGMA_PCT = 2.0, 13.0  # of the estimator, between full charges


@dataclass(frozen=True, slots=True)
class Solution:
    """`values[stretch, sky, cold, charge]`: worth still to come at the start of each stretch, and
    one more at the end of the last; charge runs from 0 to 100 % in equal steps. `floors_pct`: where
    the guard stops the loads, for each stretch.
    """

    intervals: tuple[Interval, ...]
    floors_pct: tuple[float, ...]
    values: ValueArray


def solve_values(
    horizon: Horizon,
    options: Sequence[Option],
    battery: BatterySettings,
    floor_pct: float,
    sigma_pct: float,
) -> Solution:
    """The value of each state. `floor_pct`: lower bound of the charge at which the guard stops the
    loads; the bound lies below the charge by its sigma and what the cold hides, taken together.
    """
    floors_pct = tuple(
        floor_pct + math.hypot(grow_sigma_pct(sigma_pct, stretch.day), stretch.hidden_pct)
        for stretch in horizon.intervals
    )
    count = len(horizon.intervals)
    values = np.zeros((count + 1, CLASS_COUNT, 2, CHARGE_LEVELS), np.float32)
    step = BackwardStep(options, battery)
    skies, cold = np.asarray(horizon.weather, np.float32), horizon.cold
    for place in range(count - 1, -1, -1):
        stretch, after = horizon.intervals[place], values[place + 1]
        if stretch.last:
            after = mix_overnight(after, skies[stretch.day + 1], cold[stretch.day + 1])
        values[place] = step(stretch, floors_pct[place], after)
    return Solution(horizon.intervals, floors_pct, values)


def grow_sigma_pct(sigma_pct: float, days: int) -> float:
    """The doubt of the charge so many days on, if the battery does not get full before."""
    return max(sigma_pct, min(MAX_SIGMA_PCT, sigma_pct + SIGMA_GROWTH_PCT_PER_DAY * days))


def mix_overnight(after: ValueArray, chances: ValueArray, cold: float) -> ValueArray:
    """The value at midnight, before it is known what day comes. Shapes (sky, cold, charge)."""
    any_sky = np.tensordot(chances, after, (0, 0))
    by_sky = CLASS_PERSISTENCE * after + (1 - CLASS_PERSISTENCE) * any_sky
    either = cold * by_sky[:, 1] + (1 - cold) * by_sky[:, 0]
    return np.asarray(
        SPELL_PERSISTENCE * by_sky + (1 - SPELL_PERSISTENCE) * either[:, None], np.float32
    )


class BackwardStep:
    """One step back in time, for all charges, skies and ways to spend at once."""

    def __init__(self, options: Sequence[Option], battery: BatterySettings) -> None:
        self._draw_w = np.array([one.power_w for one in options])
        self._worth = np.array([one.utility for one in options], np.float32)[:, None]
        self._charge_pct = np.linspace(0, 100, CHARGE_LEVELS, dtype=np.float32)
        self._capacity_wh = battery.capacity_wh
        self._charging = CELLS[battery.chemistry].charge_efficiency * CONTROLLER
        self._clear_share = np.array(CLASS_CLEARNESS) * SUN_CAUTION * CONTROLLER
        self._rows = (np.arange(CLASS_COUNT * 2) * CHARGE_LEVELS)[:, None, None]

    def __call__(self, stretch: Interval, floor_pct: float, after: ValueArray) -> ValueArray:
        """The value at the start of `stretch`; `after` that at its end. (sky, cold, charge)"""
        if stretch.clear_w <= 0:
            return self._dark(stretch, floor_pct, after)
        net_w = (stretch.clear_w * self._clear_share)[:, None] - self._draw_w
        drawn_w = np.minimum(net_w, 0) / DISCHARGING
        most_w = MOST_C * self._capacity_wh
        taken_w = drawn_w + np.clip(net_w, 0, most_w) * self._charging
        moved_w = np.stack([taken_w, drawn_w], axis=1)  # not cold, cold
        moved_pct = to_float32(moved_w.reshape(CLASS_COUNT * 2, -1, 1) * self._pct_per_w(stretch))
        end_pct = to_float32(np.minimum(self._charge_pct + moved_pct, 100))
        place, part = self._between(end_pct)
        flat = after.reshape(-1)
        low = flat[place + self._rows]
        worth = low + (flat[place + 1 + self._rows] - low) * part
        worth += stretch.hours * self._worth * compute_running_share(moved_pct, end_pct, floor_pct)
        return np.asarray(worth.max(axis=1).reshape(CLASS_COUNT, 2, -1))

    def _dark(self, stretch: Interval, floor_pct: float, after: ValueArray) -> ValueArray:
        """At night all skies are one."""
        moved_pct = to_float32(-self._draw_w[:, None] / DISCHARGING * self._pct_per_w(stretch))
        end_pct = to_float32(self._charge_pct + moved_pct)
        place, part = self._between(end_pct)
        low = after[..., place]
        worth = low + (after[..., place + 1] - low) * part
        worth += stretch.hours * self._worth * compute_running_share(moved_pct, end_pct, floor_pct)
        return np.asarray(worth.max(axis=2))

    def _pct_per_w(self, stretch: Interval) -> float:
        return stretch.hours / self._capacity_wh * 100

    def _between(self, end_pct: ValueArray) -> tuple[NDArray[np.int32], ValueArray]:
        """Index of the level below, and how far the charge is above it (0 to 1)."""
        x = np.maximum(end_pct, 0) * ((CHARGE_LEVELS - 1) / 100)
        place = np.minimum(x.astype(np.int32), CHARGE_LEVELS - 2)
        return place, to_float32(x - place)


def to_float32(numbers: NDArray[Any]) -> ValueArray:
    """In 32 bits: half the memory, twice the speed, and more than the sky is known to."""
    return np.asarray(numbers, np.float32)


def compute_running_share(
    moved_pct: ValueArray, end_pct: ValueArray, floor_pct: float
) -> ValueArray:
    """The share of a stretch until the guard stops the loads: all of it above the floor."""
    drawn_pct = np.maximum(-moved_pct, np.float32(1e-6))
    share = (end_pct + drawn_pct - np.float32(floor_pct)) / drawn_pct
    return np.where(moved_pct < 0, np.clip(share, 0, 1), np.float32(1))
