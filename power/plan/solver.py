"""The solver: the value of each charge at each time to come, by stochastic dynamic programming.

Reads: a weather horizon (power/plan/horizon.py), the options (power/plan/utility.py). Writes:
nothing; pure. Imports numpy: it runs once a night in a process of its own, and
power/plan/policy.py uses the result.
Never: owns safety. Its floors are soft; the guard's are not.

The state is (time, charge, weather class of the day, too cold to charge or not). Backwards from the
end of the horizon, the value of a state is that of its best option: the utility of the option until
the end of the interval, and the expected value of the state that it leads to, over all weather that
may come. The value is concave in charge: the last watt-hours keep the cameras listening, the first
ones only add frames.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.settings import BatterySettings
from power.battery.charge_physics import ChargeModel
from power.plan.charge_array import compute_charge_changes_pct
from power.plan.horizon import Horizon, Interval
from power.plan.utility import Option
from power.plan.weather_model import (
    CLASS_CLEAR_SKY_INDEX,
    CLASS_COUNT,
    CLASS_PERSISTENCE,
    SPELL_PERSISTENCE,
)

ValueArray = NDArray[np.float32]

CHARGE_LEVELS = 41
# The sun is taken for less than its mean: grey weeks come in rows, which the Markov chain of days
# does not know. Tuned on training sites that are judged nowhere (docs/energy.md).
SUN_CAUTION = 0.8
SIGMA_GROWTH_PCT_PER_DAY, MAX_SIGMA_PCT = 2.0, 13.0  # of the estimator, between full charges


@dataclass(frozen=True, slots=True)
class Solution:
    """The value function. `values[interval, weather class, cold, charge]`: utility still to come
    (hours of FULL) at the start of each interval, and one more at the end of the last; charge runs
    from 0 to 100 % in equal steps. `floors_pct`: by interval, where the guard stops the loads.
    """

    intervals: tuple[Interval, ...]
    floors_pct: tuple[float, ...]
    values: ValueArray


def solve_values(
    horizon: Horizon,
    options: Sequence[Option],
    battery: BatterySettings,
    *,
    floor_pct: float,
    sigma_pct: float,
) -> Solution:
    """The value of each state.

    `floor_pct`: lower bound of the charge at which the guard stops the loads; the bound lies below
    the charge by its sigma and by the low-temperature derating, added in squares.
    """
    intervals = horizon.intervals
    floors_pct = tuple(
        floor_pct + math.hypot(grow_sigma_pct(sigma_pct, one.day), one.hidden_pct)
        for one in intervals
    )
    values = np.zeros((len(intervals) + 1, CLASS_COUNT, 2, CHARGE_LEVELS), np.float32)
    step_back = BackwardStep(options, battery)
    weather = np.asarray(horizon.weather, np.float32)
    for place in range(len(intervals) - 1, -1, -1):
        interval, after = intervals[place], values[place + 1]
        if interval.last:
            tomorrow = interval.day + 1
            after = mix_overnight(after, weather[tomorrow], cold=horizon.cold[tomorrow])
        values[place] = step_back(interval, floors_pct[place], after)
    return Solution(intervals, floors_pct, values)


def grow_sigma_pct(sigma_pct: float, days: int) -> float:
    """Sigma of the charge after so many days, if the battery does not get full before."""
    return max(sigma_pct, min(MAX_SIGMA_PCT, sigma_pct + SIGMA_GROWTH_PCT_PER_DAY * days))


def mix_overnight(after: ValueArray, chances: ValueArray, *, cold: float) -> ValueArray:
    """The value at midnight, before the day to come is known. Shapes (class, cold, charge).

    `chances`: of each weather class of that day; `cold`: the chance that it is too cold to charge.
    """
    any_class = np.tensordot(chances, after, (0, 0))
    by_class = CLASS_PERSISTENCE * after + (1 - CLASS_PERSISTENCE) * any_class
    either = cold * by_class[:, 1] + (1 - cold) * by_class[:, 0]
    mixed = SPELL_PERSISTENCE * by_class + (1 - SPELL_PERSISTENCE) * either[:, None]
    return to_float32(mixed)


class BackwardStep:
    """One step back in time, for all charges, weather classes and options at once."""

    def __init__(self, options: Sequence[Option], battery: BatterySettings) -> None:
        self._draw_w = np.array([one.power_w for one in options])
        self._utility = np.array([one.utility for one in options], np.float32)[:, None]
        self._charge_pct = np.linspace(0, 100, CHARGE_LEVELS, dtype=np.float32)
        self._battery = ChargeModel.from_settings(battery)
        self._clear_sky_index = np.array(CLASS_CLEAR_SKY_INDEX)[:, None, None] * SUN_CAUTION
        heats = np.array([one.heats for one in options])
        self._cold = np.array([False, True])[:, None] & ~heats
        self._rows = (np.arange(CLASS_COUNT * 2) * CHARGE_LEVELS)[:, None, None]

    def __call__(self, interval: Interval, floor_pct: float, after: ValueArray) -> ValueArray:
        """The value at the start of `interval`; `after` that at its end. (class, cold, charge)"""
        if interval.clear_w <= 0:
            return self._compute_dark_value(interval, floor_pct, after)
        changes_pct = compute_charge_changes_pct(
            self._battery,
            sun_w=interval.clear_w * self._clear_sky_index,
            draw_w=self._draw_w + interval.heat_w,
            hours=interval.hours,
            cold=self._cold,
        )
        change_pct = to_float32(changes_pct.reshape(CLASS_COUNT * 2, -1, 1))
        end_pct = to_float32(np.minimum(self._charge_pct + change_pct, 100))
        place, part = self._locate(end_pct)
        flat = after.reshape(-1)
        low = flat[place + self._rows]
        value = low + (flat[place + 1 + self._rows] - low) * part
        value += self._compute_utility(interval, change_pct, end_pct, floor_pct)
        return np.asarray(value.max(axis=1).reshape(CLASS_COUNT, 2, -1))

    def _compute_dark_value(
        self, interval: Interval, floor_pct: float, after: ValueArray
    ) -> ValueArray:
        """Without sun, all weather classes change the charge alike."""
        changes_pct = compute_charge_changes_pct(
            self._battery,
            sun_w=0.0,
            draw_w=self._draw_w + interval.heat_w,
            hours=interval.hours,
            cold=False,
        )
        change_pct = to_float32(changes_pct[:, None])
        end_pct = to_float32(self._charge_pct + change_pct)
        place, part = self._locate(end_pct)
        low = after[..., place]
        value = low + (after[..., place + 1] - low) * part
        value += self._compute_utility(interval, change_pct, end_pct, floor_pct)
        return np.asarray(value.max(axis=2))

    def _compute_utility(
        self, interval: Interval, change_pct: ValueArray, end_pct: ValueArray, floor_pct: float
    ) -> ValueArray:
        """Utility of each option in the interval."""
        share = compute_running_share(change_pct, end_pct, floor_pct)
        return np.asarray(interval.hours * self._utility * share)

    def _locate(self, end_pct: ValueArray) -> tuple[NDArray[np.int32], ValueArray]:
        """Index of the level below, and how far the charge is above it (0 to 1)."""
        x = np.maximum(end_pct, 0) * ((CHARGE_LEVELS - 1) / 100)
        place = np.minimum(x.astype(np.int32), CHARGE_LEVELS - 2)
        return place, to_float32(x - place)


def to_float32(numbers: NDArray[Any]) -> ValueArray:
    """32 bits: half the memory, twice the speed, and more digits than the weather is known to."""
    return np.asarray(numbers, np.float32)


def compute_running_share(
    change_pct: ValueArray, end_pct: ValueArray, floor_pct: float
) -> ValueArray:
    """The share of an interval until the guard stops the loads: all of it above the floor."""
    drawn_pct = np.maximum(-change_pct, np.float32(1e-6))
    share = (end_pct + drawn_pct - np.float32(floor_pct)) / drawn_pct
    return np.where(change_pct < 0, np.clip(share, 0, 1), np.float32(1))
