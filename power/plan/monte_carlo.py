"""Many futures of one unit, drawn by lot: how far the charge may stray, and what becomes of levels.

Reads and writes: nothing; pure, and the same each time (seeded). Imports numpy.
Never: decides. The skies are drawn from the planner's own chances, a day of the same class as the
day before a little more often than chance has it, cold days in spells; grey weeks that come for
other reasons are rarer here than outside.

In each future the unit follows the planner's solution piece by piece, and the guard's floors.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from appliance.model import EnergyLevel
from power.battery.voltage_curve import get_cell
from power.guard.guard import hibernate_below_pct
from power.guard.limits import derive_limits
from power.plan.horizon import Interval
from power.plan.prospect import Plan
from power.plan.solver import (
    CONTROLLER,
    DISCHARGING,
    MOST_C,
    ValueArray,
    compute_running_share,
    grow_sigma_pct,
    mix_overnight,
)
from power.plan.weather_model import (
    CLASS_CLEARNESS,
    CLASS_COUNT,
    CLASS_PERSISTENCE,
    SPELL_PERSISTENCE,
)

SCENARIOS = 200
LOW_QUANTILE, MIDDLE_QUANTILE, HIGH_QUANTILE = (
    0.1,
    0.5,
    0.9,
)  # eight of ten futures lie between low and high
STEP_H = 2.0
FORBIDDEN = -1e9

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ScenarioStart:
    """Where all futures begin: `hour` after the outlook's start, the charge and its doubt.

    `skies`: what today may be by now, `cold`: whether it is too cold to charge; None: as the
    outlook has it.
    """

    hour: float
    charge_pct: float
    sigma_pct: float
    weather: Sequence[float] | None = None
    cold: bool | None = None


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """A piece of a stretch. `place` is the stretch's, `late` how much of it is over at the end."""

    hour: float
    hours: float
    clear_w: float
    interval: int
    interval_share: float


@dataclass(frozen=True, slots=True)
class ScenarioResults:
    """What came of them, by piece. `bounds` holds one time more than there are pieces, as do the
    quantiles of the charge (%), which are those at each of the `bounds`.

    `shares[piece, level]`: of the futures, at that level. `sun_w`, `power_w`, `worth` (per hour):
    means. `hibernates`, `powers_off`: share of the futures in which that ever comes.
    `lowest_pct`: one future in ten comes below. `total_worth`: of each future, in hours of FULL.
    """

    bounds: tuple[datetime, ...]
    hours: tuple[float, ...]
    low_pct: Floats
    middle_pct: Floats
    high_pct: Floats
    shares: Floats
    sun_w: Floats
    power_w: Floats
    utility: Floats
    hibernates: float
    powers_off: float
    lowest_pct: float
    total_utility: Floats


def simulate_scenarios(
    plan: Plan,
    start: ScenarioStart,
    days: float,
    step_h: float = STEP_H,
    count: int = SCENARIOS,
    seed: int = 1,
    sun_share: float = 1.0,
) -> ScenarioResults:
    """`count` futures from `start` on, for so many days (the outlook's end at most), in pieces of
    at most `piece_h` hours. `sun_share`: of each day's sun; 1 is what its class stands for.
    """
    parts = list(split_intervals(plan, start.hour, start.hour + days * 24, step_h))
    crowd = Scenarios(plan, start, count, seed, sun_share)
    charges, levels, options, suns = [crowd.charge_pct], [], [], []
    for part in parts:
        choice, level, sun_w = crowd.advance(part)
        charges.append(crowd.charge_pct)
        levels.append(level)
        options.append(choice)
        suns.append(sun_w.mean())
    return summarise(plan, parts, np.array(charges), np.array(levels), np.array(options), suns)


def split_intervals(plan: Plan, begin: float, end: float, step_h: float) -> Iterator[ScenarioStep]:
    """The pieces from hour `begin` to `end`, each within one stretch."""
    stretches = plan.horizon.intervals
    bounds = [0.0, *accumulate(stretch.hours for stretch in stretches)]
    end = min(end, bounds[-1])
    hour = begin
    while hour < end - 1e-6:
        place = bisect_right(bounds, hour + 1e-6) - 1
        until = min(bounds[place + 1], hour + step_h, end)
        late = (until - bounds[place]) / stretches[place].hours
        yield ScenarioStep(
            hour, until - hour, average_clear_w(plan.clear_w, hour, until), place, late
        )
        hour = until


def average_clear_w(clear_w: Sequence[float], begin: float, end: float) -> float:
    """Mean of the hourly clear sky between two hours."""
    total, hour = 0.0, begin
    while hour < end - 1e-9:
        until = min(math.floor(hour + 1e-9) + 1.0, end)
        total += clear_w[min(int(hour + 1e-9), len(clear_w) - 1)] * (until - hour)
        hour = until
    return total / (end - begin)


class Scenarios:
    """All futures at one moment: charge, class of the day, cold or not, one value for each."""

    def __init__(
        self, prospect: Plan, start: ScenarioStart, count: int, seed: int, sun_share: float
    ) -> None:
        self._luck = np.random.default_rng(seed)
        self._count = count
        self._clearness = np.array(CLASS_CLEARNESS) * sun_share
        self._outlook = prospect.horizon
        self._values = prospect.solution.values
        battery = prospect.settings.battery
        self._pct_per_wh = 100 / battery.capacity_wh
        self._most_w = MOST_C * battery.capacity_wh
        self._charging = get_cell(battery).charge_efficiency * CONTROLLER
        self._floors_pct = prospect.solution.floors_pct
        self._draw_w = np.array([one.power_w for one in prospect.options])
        self._worth = np.array([one.utility for one in prospect.options])
        self._level = np.array([int(one.level) for one in prospect.options])
        limits = derive_limits(battery, prospect.settings.energy)
        self._bars = (
            (EnergyLevel.HIBERNATE, hibernate_below_pct(prospect.settings, prospect.reserve_wh)),
            (EnergyLevel.SENTINEL, limits.sentinel_pct),
        )
        self._off_pct = limits.floor_pct
        self._sigma_pct = start.sigma_pct
        spread = self._luck.normal(0, start.sigma_pct, count)
        self.charge_pct: Floats = np.clip(start.charge_pct + spread, 0.0, 100.0)
        day = int(start.hour // 24)
        self._day = day
        skies = self._outlook.weather[day] if start.weather is None else start.weather
        self.weather_class: Ints = self._draw(skies)
        cold = self._outlook.cold[day] if start.cold is None else float(start.cold)
        self.cold: NDArray[np.bool_] = self._luck.random(count) < cold

    def advance(self, step: ScenarioStep) -> tuple[Ints, Ints, Floats]:
        """Live through one piece; what each future chose, its level, and its sun (W)."""
        stretch = self._outlook.intervals[step.interval]
        self._dawn(stretch.day)
        sun_w = step.clear_w * self._clearness[self.weather_class]
        moved_pct = self._moved(sun_w, self._draw_w, step.hours)
        end_pct = np.minimum(self.charge_pct[:, None] + moved_pct, 100.0)
        floor_pct = self._floors_pct[step.interval]
        runs = compute_running_share(
            moved_pct.astype(np.float32), end_pct.astype(np.float32), floor_pct
        )
        gains = self._worth * step.hours * runs + self._later(step, end_pct)
        off = self._guard(gains, stretch)
        choice = gains.argmax(axis=1)
        chosen_pct = np.take_along_axis(end_pct, choice[:, None], 1)[:, 0]
        asleep_pct = self.charge_pct + self._moved(sun_w, np.zeros(1), step.hours)[:, 0]
        self.charge_pct = np.clip(np.where(off, asleep_pct, chosen_pct), 0.0, 100.0)
        choice = np.where(off, -1, choice)
        return choice, np.where(off, int(EnergyLevel.OFF), self._level[choice]), sun_w

    def _dawn(self, day: int) -> None:
        """Draw each new day from the one before."""
        while self._day < day:
            self._day += 1
            same = self._luck.random(self._count) < CLASS_PERSISTENCE
            self.weather_class = np.where(
                same, self.weather_class, self._draw(self._outlook.weather[self._day])
            )
            kept = self._luck.random(self._count) < SPELL_PERSISTENCE
            cold = self._luck.random(self._count) < self._outlook.cold[self._day]
            self.cold = np.where(kept, self.cold, cold)

    def _draw(self, chances: Sequence[float]) -> Ints:
        edges = np.cumsum(chances)
        found = np.searchsorted(edges, self._luck.random(self._count) * edges[-1])
        return np.asarray(np.minimum(found, CLASS_COUNT - 1), np.int64)

    def _moved(self, sun_w: Floats, draw_w: Floats, hours: float) -> Floats:
        """Charge (%) that comes in or goes out, for each future and each draw."""
        net_w = sun_w[:, None] * CONTROLLER - draw_w
        taken_w = np.clip(net_w, 0, self._most_w) * self._charging * ~self.cold[:, None]
        moved_w = np.minimum(net_w, 0) / DISCHARGING + taken_w
        return np.asarray(moved_w * hours * self._pct_per_wh)

    def _later(self, part: ScenarioStep, end_pct: Floats) -> Floats:
        """Worth still to come after the piece, linear in time over its stretch."""
        after = self._after(part)
        if part.interval_share < 1 - 1e-6:
            before = self._values[part.interval]
            after = np.asarray(before + (after - before) * np.float32(part.interval_share))
        curves = after[self.weather_class, self.cold.astype(int)]
        x = np.maximum(end_pct, 0) * ((curves.shape[1] - 1) / 100)
        place = np.minimum(x.astype(np.int64), curves.shape[1] - 2)
        low = np.take_along_axis(curves, place, 1)
        high = np.take_along_axis(curves, place + 1, 1)
        return np.asarray(low + (high - low) * (x - place), np.float64)

    def _after(self, part: ScenarioStep) -> ValueArray:
        """The worth at the end of the piece's stretch; at midnight the next day is not known."""
        stretch, after = self._outlook.intervals[part.interval], self._values[part.interval + 1]
        if not stretch.last:
            return np.asarray(after)
        tomorrow = stretch.day + 1
        sky = np.asarray(self._outlook.weather[tomorrow], np.float32)
        return mix_overnight(after, sky, self._outlook.cold[tomorrow])

    def _guard(self, gains: Floats, stretch: Interval) -> NDArray[np.bool_]:
        """Bar what the guard would stop; returns which futures are off."""
        sigma_pct = grow_sigma_pct(self._sigma_pct, stretch.day)
        least_pct = self.charge_pct - math.hypot(sigma_pct, stretch.hidden_pct)
        for highest, below_pct in reversed(self._bars):
            barred = (least_pct < below_pct)[:, None] & (self._level > int(highest))
            gains[barred] = FORBIDDEN
        return np.asarray(least_pct < self._off_pct)


def summarise(
    plan: Plan,
    steps: Sequence[ScenarioStep],
    charges: Floats,
    levels: Ints,
    options: Ints,
    suns: Sequence[float],
) -> ScenarioResults:
    """What the futures have in common. Shapes: (pieces, futures), charges one piece more."""
    hours = np.array([part.hours for part in steps])
    draw_w = np.array([*(one.power_w for one in plan.options), 0.0])  # the last: off
    worth = np.array([*(one.utility for one in plan.options), 0.0])[options]
    low, middle, high = np.quantile(charges, (LOW_QUANTILE, MIDDLE_QUANTILE, HIGH_QUANTILE), axis=1)
    begin = plan.horizon.intervals[0].starts
    ends = [*(part.hour for part in steps), steps[-1].hour + steps[-1].hours]
    return ScenarioResults(
        bounds=tuple(begin + timedelta(hours=hour) for hour in ends),
        hours=tuple(part.hours for part in steps),
        low_pct=low,
        middle_pct=middle,
        high_pct=high,
        shares=np.stack([(levels == int(level)).mean(axis=1) for level in EnergyLevel], axis=1),
        sun_w=np.array(suns),
        power_w=draw_w[options].mean(axis=1),
        utility=worth.mean(axis=1),
        hibernates=float((levels <= int(EnergyLevel.HIBERNATE)).any(axis=0).mean()),
        powers_off=float((levels == int(EnergyLevel.OFF)).any(axis=0).mean()),
        lowest_pct=float(np.quantile(charges.min(axis=0), LOW_QUANTILE)),
        total_utility=(worth * hours[:, None]).sum(axis=0),
    )
