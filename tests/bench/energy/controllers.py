"""The shipped controllers, as the benchmark drives them.

Reads: cases. Writes: nothing.
Never: hands a controller the future. The one exception is named for it: `ForecastController` gives
the planner the clear-sky index of the next days with an honest error, as a weather service would.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from appliance.model import BatteryState, EnergyLevel, EnergyPolicy, PowerReading, SolarDay, Stamp
from appliance.settings import Settings
from power.plan.backtest import BACKTEST_DAYS, CLEAR_DAYS, run_backtest
from power.plan.horizon import HORIZON_DAYS, DayForecast
from power.plan.ladder import Ladder, Proposal
from power.plan.plan import make_policy, solve_plan
from power.plan.policy_planner import PolicyPlanner
from power.plan.problem import (
    PlanProblem,
    SiteHistory,
    compute_current_reserve_wh,
    find_solar_midnight,
)
from power.plan.run import LADDER, MAX_SIGMA_PCT, MIN_SIGMA_PCT
from power.plan.solar_day import estimate_shade, summarise_weather
from tests.bench.energy.cases import Case
from tests.bench.energy.drive import DayEnd
from tests.bench.energy.weather import STEP, Floats

BACKTEST_EVERY = 14  # nights; it costs as much as some twenty plans
FORECAST_SIGMA = (0.12, 0.16, 0.20, 0.24)  # of a day's clear-sky index: today, tomorrow, ...


class LadderController:
    """The shipped ladder."""

    def __init__(self, settings: Settings) -> None:
        self._ladder = Ladder(settings)

    def propose(
        self,
        battery: BatteryState | None,
        reading: PowerReading | None,
        previous: EnergyLevel | None,
    ) -> Proposal:
        return self._ladder.propose(battery, reading, previous)

    def end_day(self, end: DayEnd) -> None:
        """It learns nothing."""


class PlannerController:
    """The shipped planner, solved anew each night. The backtest, which falls back to the ladder
    where that did better, runs every `BACKTEST_EVERY` nights here; on the unit with each plan.
    """

    def __init__(self, case: Case, clear_w: Floats) -> None:
        self._case = case
        self._clear_w = clear_w
        self._row: EnergyPolicy | None = None
        self._planned = PolicyPlanner(case.settings, lambda: self._row, predicts_change=False)
        self._by_ladder = False
        self.fallback_nights = 0
        self.end_day(DayEnd(Stamp(case.utc(0), "bench", 0.0), (), None, None))

    def propose(
        self,
        battery: BatteryState | None,
        reading: PowerReading | None,
        previous: EnergyLevel | None,
    ) -> Proposal:
        return self._planned.propose(battery, reading, previous)

    def end_day(self, end: DayEnd) -> None:
        """Solve."""
        days, settings = end.days, self._case.settings
        clear_w = self._take_clear_w(len(days), HORIZON_DAYS)
        history = SiteHistory(
            tuple(
                summarise_weather(day, self._clear_wh(number)) for number, day in enumerate(days)
            ),
            estimate_shade(days),
        )
        problem = PlanProblem(
            settings=settings,
            now=end.now,
            clear_w=[watts * history.shade[hour % 24] for hour, watts in enumerate(clear_w)],
            history=history,
            sigma_pct=min(MAX_SIGMA_PCT, max(MIN_SIGMA_PCT, end.sigma_pct or 0.0)),
            reserve_wh=compute_current_reserve_wh(
                settings, end.now.utc, end.full_at, confirmed=True
            ),
            forecast=self._forecast(len(days)),
        )
        row = make_policy(solve_plan(problem))
        if days and len(days) % BACKTEST_EVERY == 0:
            self._by_ladder = self._is_ladder_better(days, problem)
        self.fallback_nights += self._by_ladder
        self._row = replace(row, facts={**row.facts, LADDER: 1.0}) if self._by_ladder else row

    def _is_ladder_better(self, days: Sequence[SolarDay], problem: PlanProblem) -> bool:
        """What the shipped backtest says of the last days."""
        first = max(0, len(days) - BACKTEST_DAYS)
        midnight = problem.starts - timedelta(days=len(days) - first)
        dated = [
            replace(day, day=midnight + timedelta(days=number))
            for number, day in enumerate(days[first:])
        ]
        clear_w = self._take_clear_w(first, CLEAR_DAYS)
        result = run_backtest(dated, replace(problem, clear_w=clear_w), midnight=midnight)
        return result is not None and result.ladder_is_better

    def _take_clear_w(self, day: int, days: int) -> list[float]:
        """The clear sky of so many days from that day on, by hour."""
        hours = range(day * 24, (day + days) * 24)
        return [float(w) for w in np.take(self._clear_w, hours, mode="wrap")]

    def _clear_wh(self, number: int) -> float:
        return float(self._clear_w[number * 24 : number * 24 + 24].sum())

    def _forecast(self, number: int) -> Mapping[int, DayForecast] | None:
        return None


class ForecastController(PlannerController):
    """The same, with a day-ahead forecast of usual quality."""

    def __init__(self, case: Case, clear_w: Floats, seed: int = 7) -> None:
        self._seed = seed
        late = case.utc(0) - find_solar_midnight(case.utc(0), case.site.longitude_deg)
        days = case.steps // 96
        sun = np.roll(case.sun_w, late // STEP).reshape(days, 96).sum(axis=1) / 4
        clear = clear_w[: days * 24].reshape(days, 24).sum(axis=1)
        self._true = sun / np.maximum(clear, 1e-9)
        super().__init__(case, clear_w)

    def _forecast(self, number: int) -> Mapping[int, DayForecast] | None:
        forecast = {}
        for ahead, sigma in enumerate(FORECAST_SIGMA):
            day = (number + ahead) % len(self._true)
            noise = random.Random(f"{self._seed} {day} {ahead}").gauss(0, sigma)
            forecast[ahead] = DayForecast(min(1.1, max(0.0, float(self._true[day]) + noise)), sigma)
        return forecast
