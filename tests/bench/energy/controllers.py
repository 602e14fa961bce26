"""The shipped controllers, as the benchmark drives them.

Reads: cases. Writes: nothing.
Never: hands a controller the future. The one exception is named for it: `ForecastController` gives
the planner the clear-sky index of the next days with an honest error, as a weather service would.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from appliance.model import BatteryState, EnergyLevel, EnergyPolicy, PowerReading, SolarDay, Stamp
from appliance.settings import Settings
from power.plan.clear_sky import compute_clear_sky_w
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
from power.plan.solar_day import estimate_shade, summarise_weather
from tests.bench.energy.cases import Case
from tests.bench.energy.weather import STEP, Floats

USUAL_SIGMA_PCT = 4.0  # of the charge, for the planner's floor, while it is smaller
FORECAST_SIGMA = (0.12, 0.16, 0.20, 0.24)  # of a day's clear-sky index: today, tomorrow, ...


def compute_hourly_clear_w(case: Case) -> Floats:
    """Clear-sky power of each hour of the case's year, from its first local midnight on."""
    midnight = find_solar_midnight(case.utc(0), case.site.longitude_deg)
    middles = [midnight + timedelta(hours=hour + 0.5) for hour in range(366 * 24)]
    return np.array(compute_clear_sky_w(case.settings.site, case.settings.panels, middles))


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

    def end_day(self, now: Stamp, days: Sequence[SolarDay], sigma_pct: float) -> None:
        """It learns nothing."""


class PlannerController:
    """The shipped planner, solved anew each night."""

    def __init__(self, case: Case, clear_w: Floats) -> None:
        self._case = case
        self._clear_w = clear_w
        self._row: EnergyPolicy | None = None
        self._planned = PolicyPlanner(case.settings, lambda: self._row, predicts_change=False)
        self._number = 0
        self.end_day(Stamp(case.utc(0), "bench", 0.0), (), 0.0)

    def propose(
        self,
        battery: BatteryState | None,
        reading: PowerReading | None,
        previous: EnergyLevel | None,
    ) -> Proposal:
        return self._planned.propose(battery, reading, previous)

    def end_day(self, now: Stamp, days: Sequence[SolarDay], sigma_pct: float) -> None:
        """Solve."""
        place = len(days) * 24
        clear_w = [
            float(w)
            for w in np.take(self._clear_w, range(place, place + HORIZON_DAYS * 24), mode="wrap")
        ]
        history = SiteHistory(
            tuple(
                summarise_weather(day, self._clear_wh(number)) for number, day in enumerate(days)
            ),
            estimate_shade(days),
        )
        settings = self._case.settings
        problem = PlanProblem(
            settings=settings,
            now=now,
            clear_w=[watts * history.shade[hour % 24] for hour, watts in enumerate(clear_w)],
            history=history,
            sigma_pct=max(sigma_pct, USUAL_SIGMA_PCT),
            reserve_wh=compute_current_reserve_wh(settings, now.utc, None, confirmed=True),
            forecast=self._forecast(len(days)),
        )
        self._row = make_policy(solve_plan(problem))

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
