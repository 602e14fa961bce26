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
from power.battery.voltage_curve import cell_of
from power.guard.guard import hibernate_below_pct
from power.guard.limits import limits_of
from power.plan.forecast import Stretch
from power.plan.prospect import Prospect
from power.plan.solver import (
    CONTROLLER,
    DISCHARGING,
    MOST_C,
    Values,
    later_sigma_pct,
    overnight,
    running,
)
from power.plan.weather_model import CENTRES, CLASSES, SAME_AS_YESTERDAY, SPELL_KEPT

FUTURES = 200
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9  # eight of ten futures lie between low and high
PIECE_H = 2.0
BARRED = -1e9

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Start:
    """Where all futures begin: `hour` after the outlook's start, the charge and its doubt.

    `skies`: what today may be by now, `cold`: whether it is too cold to charge; None: as the
    outlook has it.
    """

    hour: float
    charge_pct: float
    sigma_pct: float
    skies: Sequence[float] | None = None
    cold: bool | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a stretch. `place` is the stretch's, `late` how much of it is over at the end."""

    hour: float
    hours: float
    clear_w: float
    place: int
    late: float


@dataclass(frozen=True, slots=True)
class Futures:
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
    worth: Floats
    hibernates: float
    powers_off: float
    lowest_pct: float
    total_worth: Floats


def imagine(
    prospect: Prospect,
    start: Start,
    days: float,
    piece_h: float = PIECE_H,
    count: int = FUTURES,
    seed: int = 1,
    sun_share: float = 1.0,
) -> Futures:
    """`count` futures from `start` on, for so many days (the outlook's end at most), in pieces of
    at most `piece_h` hours. `sun_share`: of each day's sun; 1 is what its class stands for.
    """
    parts = list(cut(prospect, start.hour, start.hour + days * 24, piece_h))
    crowd = Crowd(prospect, start, count, seed, sun_share)
    charges, levels, options, suns = [crowd.charge_pct], [], [], []
    for part in parts:
        choice, level, sun_w = crowd.live(part)
        charges.append(crowd.charge_pct)
        levels.append(level)
        options.append(choice)
        suns.append(sun_w.mean())
    return summed(prospect, parts, np.array(charges), np.array(levels), np.array(options), suns)


def cut(prospect: Prospect, begin: float, end: float, piece_h: float) -> Iterator[Part]:
    """The pieces from hour `begin` to `end`, each within one stretch."""
    stretches = prospect.outlook.stretches
    bounds = [0.0, *accumulate(stretch.hours for stretch in stretches)]
    end = min(end, bounds[-1])
    hour = begin
    while hour < end - 1e-6:
        place = bisect_right(bounds, hour + 1e-6) - 1
        until = min(bounds[place + 1], hour + piece_h, end)
        late = (until - bounds[place]) / stretches[place].hours
        yield Part(hour, until - hour, mean_clear_w(prospect.clear_w, hour, until), place, late)
        hour = until


def mean_clear_w(clear_w: Sequence[float], begin: float, end: float) -> float:
    """Mean of the hourly clear sky between two hours."""
    total, hour = 0.0, begin
    while hour < end - 1e-9:
        until = min(math.floor(hour + 1e-9) + 1.0, end)
        total += clear_w[min(int(hour + 1e-9), len(clear_w) - 1)] * (until - hour)
        hour = until
    return total / (end - begin)


class Crowd:
    """All futures at one moment: charge, class of the day, cold or not, one value for each."""

    def __init__(
        self, prospect: Prospect, start: Start, count: int, seed: int, sun_share: float
    ) -> None:
        self._luck = np.random.default_rng(seed)
        self._count = count
        self._clearness = np.array(CENTRES) * sun_share
        self._outlook = prospect.outlook
        self._values = prospect.solution.values
        battery = prospect.settings.battery
        self._pct_per_wh = 100 / battery.capacity_wh
        self._most_w = MOST_C * battery.capacity_wh
        self._charging = cell_of(battery).charge_efficiency * CONTROLLER
        self._floors_pct = prospect.solution.floors_pct
        self._draw_w = np.array([one.power_w for one in prospect.choices])
        self._worth = np.array([one.worth for one in prospect.choices])
        self._level = np.array([int(one.level) for one in prospect.choices])
        limits = limits_of(battery, prospect.settings.energy)
        self._bars = (
            (EnergyLevel.HIBERNATE, hibernate_below_pct(prospect.settings, prospect.kept_wh)),
            (EnergyLevel.SENTINEL, limits.sentinel_pct),
        )
        self._off_pct = limits.floor_pct
        self._sigma_pct = start.sigma_pct
        spread = self._luck.normal(0, start.sigma_pct, count)
        self.charge_pct: Floats = np.clip(start.charge_pct + spread, 0.0, 100.0)
        day = int(start.hour // 24)
        self._day = day
        skies = self._outlook.skies[day] if start.skies is None else start.skies
        self.sky: Ints = self._draw(skies)
        cold = self._outlook.cold[day] if start.cold is None else float(start.cold)
        self.cold: NDArray[np.bool_] = self._luck.random(count) < cold

    def live(self, part: Part) -> tuple[Ints, Ints, Floats]:
        """Live through one piece; what each future chose, its level, and its sun (W)."""
        stretch = self._outlook.stretches[part.place]
        self._dawn(stretch.day)
        sun_w = part.clear_w * self._clearness[self.sky]
        moved_pct = self._moved(sun_w, self._draw_w, part.hours)
        end_pct = np.minimum(self.charge_pct[:, None] + moved_pct, 100.0)
        floor_pct = self._floors_pct[part.place]
        runs = running(moved_pct.astype(np.float32), end_pct.astype(np.float32), floor_pct)
        gains = self._worth * part.hours * runs + self._later(part, end_pct)
        off = self._guard(gains, stretch)
        choice = gains.argmax(axis=1)
        chosen_pct = np.take_along_axis(end_pct, choice[:, None], 1)[:, 0]
        asleep_pct = self.charge_pct + self._moved(sun_w, np.zeros(1), part.hours)[:, 0]
        self.charge_pct = np.clip(np.where(off, asleep_pct, chosen_pct), 0.0, 100.0)
        choice = np.where(off, -1, choice)
        return choice, np.where(off, int(EnergyLevel.OFF), self._level[choice]), sun_w

    def _dawn(self, day: int) -> None:
        """Draw each new day from the one before."""
        while self._day < day:
            self._day += 1
            same = self._luck.random(self._count) < SAME_AS_YESTERDAY
            self.sky = np.where(same, self.sky, self._draw(self._outlook.skies[self._day]))
            kept = self._luck.random(self._count) < SPELL_KEPT
            cold = self._luck.random(self._count) < self._outlook.cold[self._day]
            self.cold = np.where(kept, self.cold, cold)

    def _draw(self, chances: Sequence[float]) -> Ints:
        edges = np.cumsum(chances)
        found = np.searchsorted(edges, self._luck.random(self._count) * edges[-1])
        return np.asarray(np.minimum(found, CLASSES - 1), np.int64)

    def _moved(self, sun_w: Floats, draw_w: Floats, hours: float) -> Floats:
        """Charge (%) that comes in or goes out, for each future and each draw."""
        net_w = sun_w[:, None] * CONTROLLER - draw_w
        taken_w = np.clip(net_w, 0, self._most_w) * self._charging * ~self.cold[:, None]
        moved_w = np.minimum(net_w, 0) / DISCHARGING + taken_w
        return np.asarray(moved_w * hours * self._pct_per_wh)

    def _later(self, part: Part, end_pct: Floats) -> Floats:
        """Worth still to come after the piece, linear in time over its stretch."""
        after = self._after(part)
        if part.late < 1 - 1e-6:
            before = self._values[part.place]
            after = np.asarray(before + (after - before) * np.float32(part.late))
        curves = after[self.sky, self.cold.astype(int)]
        x = np.maximum(end_pct, 0) * ((curves.shape[1] - 1) / 100)
        place = np.minimum(x.astype(np.int64), curves.shape[1] - 2)
        low = np.take_along_axis(curves, place, 1)
        high = np.take_along_axis(curves, place + 1, 1)
        return np.asarray(low + (high - low) * (x - place), np.float64)

    def _after(self, part: Part) -> Values:
        """The worth at the end of the piece's stretch; at midnight the next day is not known."""
        stretch, after = self._outlook.stretches[part.place], self._values[part.place + 1]
        if not stretch.last:
            return np.asarray(after)
        tomorrow = stretch.day + 1
        sky = np.asarray(self._outlook.skies[tomorrow], np.float32)
        return overnight(after, sky, self._outlook.cold[tomorrow])

    def _guard(self, gains: Floats, stretch: Stretch) -> NDArray[np.bool_]:
        """Bar what the guard would stop; returns which futures are off."""
        sigma_pct = later_sigma_pct(self._sigma_pct, stretch.day)
        least_pct = self.charge_pct - math.hypot(sigma_pct, stretch.hidden_pct)
        for highest, below_pct in reversed(self._bars):
            barred = (least_pct < below_pct)[:, None] & (self._level > int(highest))
            gains[barred] = BARRED
        return np.asarray(least_pct < self._off_pct)


def summed(
    prospect: Prospect,
    parts: Sequence[Part],
    charges: Floats,
    levels: Ints,
    options: Ints,
    suns: Sequence[float],
) -> Futures:
    """What the futures have in common. Shapes: (pieces, futures), charges one piece more."""
    hours = np.array([part.hours for part in parts])
    draw_w = np.array([*(one.power_w for one in prospect.choices), 0.0])  # the last: off
    worth = np.array([*(one.worth for one in prospect.choices), 0.0])[options]
    low, middle, high = np.quantile(charges, (LOW, MIDDLE, HIGH), axis=1)
    begin = prospect.outlook.stretches[0].starts
    ends = [*(part.hour for part in parts), parts[-1].hour + parts[-1].hours]
    return Futures(
        bounds=tuple(begin + timedelta(hours=hour) for hour in ends),
        hours=tuple(part.hours for part in parts),
        low_pct=low,
        middle_pct=middle,
        high_pct=high,
        shares=np.stack([(levels == int(level)).mean(axis=1) for level in EnergyLevel], axis=1),
        sun_w=np.array(suns),
        power_w=draw_w[options].mean(axis=1),
        worth=worth.mean(axis=1),
        hibernates=float((levels <= int(EnergyLevel.HIBERNATE)).any(axis=0).mean()),
        powers_off=float((levels == int(EnergyLevel.OFF)).any(axis=0).mean()),
        lowest_pct=float(np.quantile(charges.min(axis=0), LOW)),
        total_worth=(worth * hours[:, None]).sum(axis=0),
    )
