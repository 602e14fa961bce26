"""Many random scenarios of one unit at one moment, and the step from one moment to the next.

Reads and writes: nothing; pure, and the same each time (seeded). Imports numpy.
Never: decides. Each scenario follows the solver's value function and the guard's floors.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from appliance.model import EnergyLevel
from power.battery.charge_physics import ChargeModel
from power.guard.by_charge import compute_hibernate_below_pct
from power.guard.limits import derive_limits
from power.plan.charge_array import compute_charge_changes_pct
from power.plan.horizon import Interval
from power.plan.plan import Plan
from power.plan.snow import uncover
from power.plan.solver import ValueArray, compute_running_share, grow_sigma_pct, mix_overnight
from power.plan.weather_model import (
    CLASS_CLEAR_SKY_INDEX,
    CLASS_COUNT,
    CLASS_PERSISTENCE,
    SPELL_PERSISTENCE,
)

FORBIDDEN = -1e9  # value of an option that the guard would not allow

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioStart:
    """Where all scenarios begin: `hour` after the horizon's start, the charge and its sigma.

    `weather`: today's chances of the weather classes by now; `cold`: whether it is too cold to
    charge; None: as the horizon has it.
    """

    hour: float
    charge_pct: float
    sigma_pct: float
    weather: Sequence[float] | None = None
    cold: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioStep:
    """Some hours within one interval of the horizon. `place` is the interval's index, `share` how
    much of the interval is over at the end of the step.
    """

    hour: float
    hours: float
    clear_w: float
    place: int
    share: float


class Scenarios:
    """All scenarios at one moment: charge, weather class of the day, cold; one value for each.

    `sun_share`: of each day's sun; 1 is what its weather class stands for.
    """

    def __init__(
        self, plan: Plan, start: ScenarioStart, *, count: int, seed: int, sun_share: float
    ) -> None:
        self._random = np.random.default_rng(seed)
        self._count = count
        self._clear_sky_index = np.array(CLASS_CLEAR_SKY_INDEX) * sun_share
        self._horizon = plan.horizon
        self._solution = plan.solution
        self._battery = ChargeModel.from_settings(plan.settings.battery)
        self._draw_w = np.array([one.power_w for one in plan.options])
        self._heats = np.array([one.heats for one in plan.options])
        self._utility = np.array([one.utility for one in plan.options])
        self._level = np.array([int(one.level) for one in plan.options])
        self._guard_limits, self._off_pct = list_guard_limits(plan)
        self._sigma_pct = start.sigma_pct
        spread = self._random.normal(0, start.sigma_pct, count)
        self.charge_pct: Floats = np.clip(start.charge_pct + spread, 0.0, 100.0)
        self._day = day = int(start.hour // 24)
        weather = self._horizon.weather[day] if start.weather is None else start.weather
        self.weather_class: Ints = self._draw_classes(weather)
        self._covered = self._draw_covered(weather[0])
        cold = self._horizon.cold[day] if start.cold is None else float(start.cold)
        self.cold: NDArray[np.bool_] = self._random.random(count) < cold

    def advance(self, step: ScenarioStep) -> tuple[Ints, Ints, Floats]:
        """Simulate one step; of each scenario its option (-1: off), level, and sun (W)."""
        interval = self._horizon.intervals[step.place]
        self._begin_days(interval.day)
        sun_w = step.clear_w * self._clear_sky_index[self.weather_class]
        change_pct = self._compute_changes_pct(
            sun_w, self._draw_w + interval.heat_w, step.hours, heats=self._heats
        )
        end_pct = np.minimum(self.charge_pct[:, None] + change_pct, 100.0)
        values = self._compute_utility(step, change_pct, end_pct) + self._compute_later_value(
            step, end_pct
        )
        off = self._apply_guard(values, interval)
        choice = values.argmax(axis=1)
        chosen_pct = np.take_along_axis(end_pct, choice[:, None], 1)[:, 0]
        off_pct = self.charge_pct + self._compute_changes_pct(sun_w, np.zeros(1), step.hours)[:, 0]
        self.charge_pct = np.clip(np.where(off, off_pct, chosen_pct), 0.0, 100.0)
        levels = np.where(off, int(EnergyLevel.OFF), self._level[choice])
        return np.where(off, -1, choice), levels, sun_w

    def _begin_days(self, day: int) -> None:
        """Draw the weather of each new day from that of the day before."""
        while self._day < day:
            self._day += 1
            same = (self._random.random(self._count) < CLASS_PERSISTENCE) & ~self._covered
            drawn = self._draw_classes(self._get_open_weather())
            if self._covered.any():
                self._covered &= self._random.random(self._count) < self._get_stay_chance()
            self.weather_class = np.where(same, self.weather_class, drawn) * ~self._covered
            lasts = self._random.random(self._count) < SPELL_PERSISTENCE
            cold = self._random.random(self._count) < self._horizon.cold[self._day]
            self.cold = np.where(lasts, self.cold, cold)

    def _draw_covered(self, dark: float) -> NDArray[np.bool_]:
        """In which scenarios snow covers the panels at the start; only dark ones, chance `dark`."""
        if not self._horizon.covered[self._day]:
            return np.zeros(self._count, bool)
        chance = min(1.0, self._horizon.covered[self._day] / max(dark, 1e-9))
        is_covered = self._random.random(self._count) < chance
        return np.asarray(is_covered & (self.weather_class == 0))

    def _get_open_weather(self) -> Sequence[float]:
        """The day's weather where no snow lies."""
        return uncover(self._horizon.weather[self._day], self._horizon.covered[self._day])

    def _get_stay_chance(self) -> float:
        """The chance that snow of the day before still lies."""
        before, now = self._horizon.covered[self._day - 1 : self._day + 1]
        return now / before if before > 0 else 0.0

    def _draw_classes(self, chances: Sequence[float]) -> Ints:
        edges = np.cumsum(chances)
        found = np.searchsorted(edges, self._random.random(self._count) * edges[-1])
        return np.asarray(np.minimum(found, CLASS_COUNT - 1), np.int64)

    def _compute_changes_pct(
        self, sun_w: Floats, draw_w: Floats, hours: float, *, heats: ArrayLike = False
    ) -> Floats:
        """Change of charge (%), by scenario and draw; `heats`: which of them warm the battery."""
        return compute_charge_changes_pct(
            self._battery,
            sun_w=sun_w[:, None],
            draw_w=draw_w,
            hours=hours,
            cold=self.cold[:, None] & ~np.asarray(heats),
        )

    def _compute_utility(self, step: ScenarioStep, change_pct: Floats, end_pct: Floats) -> Floats:
        """Utility of the step, by scenario and option."""
        floor_pct = self._solution.floors_pct[step.place]
        share = compute_running_share(
            change_pct.astype(np.float32), end_pct.astype(np.float32), floor_pct
        )
        return np.asarray(self._utility * step.hours * share)

    def _compute_later_value(self, step: ScenarioStep, end_pct: Floats) -> Floats:
        """Utility still to come after the step, linear in time over its interval."""
        after = self._get_value_after(step)
        if step.share < 1 - 1e-6:
            before = self._solution.values[step.place]
            after = np.asarray(before + (after - before) * np.float32(step.share))
        curves = after[self.weather_class, self.cold.astype(int)]
        x = np.maximum(end_pct, 0) * ((curves.shape[1] - 1) / 100)
        place = np.minimum(x.astype(np.int64), curves.shape[1] - 2)
        low = np.take_along_axis(curves, place, 1)
        high = np.take_along_axis(curves, place + 1, 1)
        return np.asarray(low + (high - low) * (x - place), np.float64)

    def _get_value_after(self, step: ScenarioStep) -> ValueArray:
        """The value at the end of the step's interval; at midnight the next day is not known."""
        interval = self._horizon.intervals[step.place]
        after = self._solution.values[step.place + 1]
        if not interval.last:
            return np.asarray(after)
        tomorrow = interval.day + 1
        chances = np.asarray(self._horizon.weather[tomorrow], np.float32)
        return mix_overnight(after, chances, cold=self._horizon.cold[tomorrow])

    def _apply_guard(self, values: Floats, interval: Interval) -> NDArray[np.bool_]:
        """Forbid what the guard would not allow; returns which scenarios are off."""
        sigma_pct = grow_sigma_pct(self._sigma_pct, interval.day)
        least_pct = self.charge_pct - math.hypot(sigma_pct, interval.hidden_pct)
        for highest, below_pct in self._guard_limits:
            forbidden = (least_pct < below_pct)[:, None] & (self._level > int(highest))
            values[forbidden] = FORBIDDEN
        return np.asarray(least_pct < self._off_pct)


def list_guard_limits(plan: Plan) -> tuple[tuple[tuple[EnergyLevel, float], ...], float]:
    """The highest level below each charge (%), and the charge below which the unit is off."""
    limits = derive_limits(plan.settings.battery, plan.settings.energy)
    hibernate_pct = compute_hibernate_below_pct(plan.settings, plan.problem.reserve_wh)
    below = (
        (EnergyLevel.SENTINEL, limits.sentinel_pct),
        (EnergyLevel.HIBERNATE, hibernate_pct),
    )
    return below, limits.floor_pct
