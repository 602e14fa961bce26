"""The backtest: what the last month would have been with the planner, and what with the ladder.

Reads and writes: nothing; pure. power/plan/run.py brings the days and stores the result. Imports
numpy.
Never: shows the planner a day before it comes. It uses how often each kind of day comes here, as
learned by now, and on each day the sun so far.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta

from appliance.model import SolarDay, Stamp
from appliance.settings import Settings
from power.battery.estimate import is_too_cold_to_charge
from power.battery.voltage_curve import compute_cold_unavailable_pct
from power.plan.horizon import HORIZON_DAYS
from power.plan.plan import POLICY_DAYS, solve_plan, tabulate_values
from power.plan.policy_table import PolicyTable, compute_value_curve, interpolate_value
from power.plan.problem import PlanProblem, SiteHistory
from power.plan.rollout import LadderController, StepController, TableController, TimeStep, roll_out
from power.plan.solar_day import summarise_weather
from power.plan.utility import list_options
from power.plan.weather_model import DayWeather

BACKTEST_DAYS = 30
CLEAR_DAYS = BACKTEST_DAYS + HORIZON_DAYS
MIN_DAYS = 14  # fewer prove nothing
LEAST_ADVANTAGE = 0.01  # from which the ladder counts as the better one
START_PCT = 70.0


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """Utility of each in hours of FULL; the ladder's with the difference in value of the charge
    that both have at the end.
    """

    days: int
    _: KW_ONLY
    planner_utility: float
    ladder_utility: float

    @property
    def ladder_is_better(self) -> bool:
        return self.ladder_utility > self.planner_utility * (1 + LEAST_ADVANTAGE)


def run_backtest(
    days: Sequence[SolarDay], problem: PlanProblem, *, midnight: datetime
) -> BacktestResult | None:
    """Planner and ladder over `days`, the oldest first; None where too few are known.

    `midnight`: with which the first of them began. `problem`: as it is known now, but its `clear_w`
    runs from `midnight` on, without shade, for `CLEAR_DAYS`. The planner is solved anew whenever a
    policy ends.
    """
    if len(days) < MIN_DAYS:
        return None
    settings, shade = problem.settings, problem.history.shade
    steps = rebuild_days(days, midnight, problem.clear_w, settings)
    shaded = [watts * shade[hour % 24] for hour, watts in enumerate(problem.clear_w)]
    planner, ladder = Contender(START_PCT), Contender(START_PCT)
    options = list_options(settings)
    by_ladder = LadderController(settings, options, problem.sigma_pct)
    for day in range(0, len(steps) // 24, POLICY_DAYS):
        then = replace(
            problem,
            now=Stamp(midnight + timedelta(days=day), "replay", 0.0),
            clear_w=shaded[day * 24 :],
            history=hide_later_temperatures(problem.history, BACKTEST_DAYS - day),
            forecast=None,
        )
        table = tabulate_values(solve_plan(then), POLICY_DAYS)
        part = count_hours_from_day(steps[day * 24 : (day + POLICY_DAYS) * 24], day)
        planner.simulate(part, TableController(table, options, settings.battery), table, then)
        ladder.simulate(part, by_ladder, table, then)
    more = ladder.remaining_value - planner.remaining_value
    return BacktestResult(
        len(days), planner_utility=planner.utility, ladder_utility=ladder.utility + more
    )


@dataclass
class Contender:
    """Planner or ladder: its charge, its utility so far, and the value of the charge it has."""

    charge_pct: float
    utility: float = 0.0
    remaining_value: float = 0.0

    def simulate(
        self,
        steps: Sequence[TimeStep],
        controller: StepController,
        table: PolicyTable,
        problem: PlanProblem,
    ) -> None:
        """Simulate `steps`, whose hours are those of the `table`."""
        simulated = roll_out(
            steps,
            controller,
            list_options(problem.settings),
            problem.settings,
            charge_pct=self.charge_pct,
            sigma_pct=problem.sigma_pct,
        )
        self.charge_pct = simulated[-1].end_pct
        self.utility += sum(one.option.utility * one.step.hours for one in simulated)
        ends = steps[-1].hour + steps[-1].hours
        curve = compute_value_curve(table, ends, table.weather[-1], cold=False)
        self.remaining_value = interpolate_value(curve, self.charge_pct)


def count_hours_from_day(steps: Sequence[TimeStep], day: int) -> list[TimeStep]:
    """The same steps, their hours counted from the midnight of that day."""
    return [replace(step, hour=step.hour - day * 24) for step in steps]


def hide_later_temperatures(history: SiteHistory, ago: int) -> SiteHistory:
    """The clear-sky index known now, and the temperatures as they were known `ago` days ago."""
    days = [
        DayWeather(day.clear_sky_index, history.days[place - ago].mean_c if place >= ago else None)
        for place, day in enumerate(history.days)
    ]
    return SiteHistory(tuple(days), history.shade)


def rebuild_days(
    days: Sequence[SolarDay], midnight: datetime, clear_w: Sequence[float], settings: Settings
) -> list[TimeStep]:
    """The hours from the first of `days` to the last, under the sun that was measured. An hour that
    was not measured is like its day, such a day like the mean of all.
    """
    by_number = {(day.day - days[0].day).days: day for day in days}
    usual = compute_clear_sky_index(days)
    steps = []
    for number in range(min(BACKTEST_DAYS, max(by_number) + 1)):
        day = by_number.get(number)
        ratio = compute_clear_sky_index([day]) if day else None
        mean_c = summarise_weather(day, 0.0).mean_c if day else None
        for hour in range(number * 24, number * 24 + 24):
            share = (day.hours if day else {}).get(str(hour % 24), ratio)
            step = TimeStep(
                starts=midnight + timedelta(hours=hour),
                hour=hour,
                hours=1.0,
                sun_w=clear_w[hour] * (usual or 0.0 if share is None else share),
                cold=is_too_cold_to_charge(mean_c, settings.battery),
                hidden_pct=compute_cold_unavailable_pct(settings.battery, mean_c),
            )
            steps.append(step)
    return steps


def compute_clear_sky_index(days: Sequence[SolarDay]) -> float | None:
    """Measured over cloudless sun of these days together; None where nothing was measured."""
    clear_wh = sum(day.clear_wh for day in days)
    return sum(day.measured_wh for day in days) / clear_wh if clear_wh > 0 else None
