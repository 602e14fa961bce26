"""The planner: what a charge is worth at each hour to come, by stochastic dynamic programming.

Reads: an outlook (power/plan/forecast.py), the ways to spend (power/plan/utility.py). Writes:
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
from power.plan.forecast import Outlook, Stretch
from power.plan.utility import Option
from power.plan.weather_model import CENTRES, CLASSES, SAME_AS_YESTERDAY, SPELL_KEPT

Values = NDArray[np.float32]

LEVELS_OF_CHARGE = 41
CONTROLLER = 0.97  # of the sun arrives; and of what is drawn so much comes out of the battery
DISCHARGING = 0.97
MOST_C = 0.5  # charging current
# What comes is taken for less than the mean: grey weeks come in rows, which the chain of days does
# not know. Tuned on other sites (docs/energy.md).
CAUTION = 0.8
SIGMA_PCT_PER_DAY, MOST_SIGMA_PCT = 2.0, 13.0  # of the estimator, between full charges


@dataclass(frozen=True, slots=True)
class Solution:
    """`values[stretch, sky, cold, charge]`: worth still to come at the start of each stretch, and
    one more at the end of the last; charge runs from 0 to 100 % in equal steps. `floors_pct`: where
    the guard stops the loads, for each stretch.
    """

    stretches: tuple[Stretch, ...]
    floors_pct: tuple[float, ...]
    values: Values


def solve(
    outlook: Outlook,
    choices: Sequence[Option],
    battery: BatterySettings,
    floor_pct: float,
    sigma_pct: float,
) -> Solution:
    """The value of each state. `floor_pct`: lower bound of the charge at which the guard stops the
    loads; the bound lies below the charge by its sigma and what the cold hides, taken together.
    """
    floors_pct = tuple(
        floor_pct + math.hypot(later_sigma_pct(sigma_pct, stretch.day), stretch.hidden_pct)
        for stretch in outlook.stretches
    )
    count = len(outlook.stretches)
    values = np.zeros((count + 1, CLASSES, 2, LEVELS_OF_CHARGE), np.float32)
    step = Backward(choices, battery)
    skies, cold = np.asarray(outlook.skies, np.float32), outlook.cold
    for place in range(count - 1, -1, -1):
        stretch, after = outlook.stretches[place], values[place + 1]
        if stretch.last:
            after = overnight(after, skies[stretch.day + 1], cold[stretch.day + 1])
        values[place] = step(stretch, floors_pct[place], after)
    return Solution(outlook.stretches, floors_pct, values)


def later_sigma_pct(sigma_pct: float, days: int) -> float:
    """The doubt of the charge so many days on, if the battery does not get full before."""
    return max(sigma_pct, min(MOST_SIGMA_PCT, sigma_pct + SIGMA_PCT_PER_DAY * days))


def overnight(after: Values, sky: Values, cold: float) -> Values:
    """The value at midnight, before it is known what day comes. Shapes (sky, cold, charge)."""
    any_sky = np.tensordot(sky, after, (0, 0))
    by_sky = SAME_AS_YESTERDAY * after + (1 - SAME_AS_YESTERDAY) * any_sky
    either = cold * by_sky[:, 1] + (1 - cold) * by_sky[:, 0]
    return np.asarray(SPELL_KEPT * by_sky + (1 - SPELL_KEPT) * either[:, None], np.float32)


class Backward:
    """One step back in time, for all charges, skies and ways to spend at once."""

    def __init__(self, choices: Sequence[Option], battery: BatterySettings) -> None:
        self._draw_w = np.array([one.power_w for one in choices])
        self._worth = np.array([one.worth for one in choices], np.float32)[:, None]
        self._charge_pct = np.linspace(0, 100, LEVELS_OF_CHARGE, dtype=np.float32)
        self._capacity_wh = battery.capacity_wh
        self._charging = CELLS[battery.chemistry].charge_efficiency * CONTROLLER
        self._clear_share = np.array(CENTRES) * CAUTION * CONTROLLER
        self._rows = (np.arange(CLASSES * 2) * LEVELS_OF_CHARGE)[:, None, None]

    def __call__(self, stretch: Stretch, floor_pct: float, after: Values) -> Values:
        """The value at the start of `stretch`; `after` that at its end. (sky, cold, charge)"""
        if stretch.clear_w <= 0:
            return self._dark(stretch, floor_pct, after)
        net_w = (stretch.clear_w * self._clear_share)[:, None] - self._draw_w
        drawn_w = np.minimum(net_w, 0) / DISCHARGING
        most_w = MOST_C * self._capacity_wh
        taken_w = drawn_w + np.clip(net_w, 0, most_w) * self._charging
        moved_w = np.stack([taken_w, drawn_w], axis=1)  # not cold, cold
        moved_pct = narrow(moved_w.reshape(CLASSES * 2, -1, 1) * self._pct_per_w(stretch))
        end_pct = narrow(np.minimum(self._charge_pct + moved_pct, 100))
        place, part = self._between(end_pct)
        flat = after.reshape(-1)
        low = flat[place + self._rows]
        worth = low + (flat[place + 1 + self._rows] - low) * part
        worth += stretch.hours * self._worth * running(moved_pct, end_pct, floor_pct)
        return np.asarray(worth.max(axis=1).reshape(CLASSES, 2, -1))

    def _dark(self, stretch: Stretch, floor_pct: float, after: Values) -> Values:
        """At night all skies are one."""
        moved_pct = narrow(-self._draw_w[:, None] / DISCHARGING * self._pct_per_w(stretch))
        end_pct = narrow(self._charge_pct + moved_pct)
        place, part = self._between(end_pct)
        low = after[..., place]
        worth = low + (after[..., place + 1] - low) * part
        worth += stretch.hours * self._worth * running(moved_pct, end_pct, floor_pct)
        return np.asarray(worth.max(axis=2))

    def _pct_per_w(self, stretch: Stretch) -> float:
        return stretch.hours / self._capacity_wh * 100

    def _between(self, end_pct: Values) -> tuple[NDArray[np.int32], Values]:
        """Index of the level below, and how far the charge is above it (0 to 1)."""
        x = np.maximum(end_pct, 0) * ((LEVELS_OF_CHARGE - 1) / 100)
        place = np.minimum(x.astype(np.int32), LEVELS_OF_CHARGE - 2)
        return place, narrow(x - place)


def narrow(numbers: NDArray[Any]) -> Values:
    """In 32 bits: half the memory, twice the speed, and more than the sky is known to."""
    return np.asarray(numbers, np.float32)


def running(moved_pct: Values, end_pct: Values, floor_pct: float) -> Values:
    """The share of a stretch until the guard stops the loads: all of it above the floor."""
    drawn_pct = np.maximum(-moved_pct, np.float32(1e-6))
    share = (end_pct + drawn_pct - np.float32(floor_pct)) / drawn_pct
    return np.where(moved_pct < 0, np.clip(share, 0, 1), np.float32(1))
