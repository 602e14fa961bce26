"""What the last month would have been with the plan, and what with the ladder.

Reads and writes: nothing; pure. power/plan/run.py brings the days and stores the verdict. Imports
numpy.
Never: shows the planner a day before it comes. What it knows is how often each kind of day comes
here, as learned by now, and on each day the sun so far.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance.model import Stamp, SunDay
from appliance.settings import Settings
from power.battery.estimate import is_too_cold_to_charge
from power.battery.voltage_curve import cold_unavailable_pct
from power.plan.horizon import HORIZON_DAYS
from power.plan.nightly import POLICY_DAYS, SiteHistory, make_policy
from power.plan.policy import PolicyTable, compute_value_curve, interpolate_value, unpack_table
from power.plan.rollout import LadderController, StepController, TableController, TimeStep, roll_out
from power.plan.solar_day import summarise_weather
from power.plan.utility import list_options
from power.plan.weather_model import DayWeather

BACKTEST_DAYS = 30
CLEAR_DAYS = BACKTEST_DAYS + HORIZON_DAYS
MIN_DAYS = 14  # less proves nothing
LEAST_ADVANTAGE = 0.01  # before the ladder is believed to be the better one
START_PCT = 70.0


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """Worth of each in hours of FULL; the ladder's with what its charge at the end is worth more,
    or less, than the planner's.
    """

    days: int
    planner_utility: float
    ladder_utility: float

    @property
    def ladder_is_better(self) -> bool:
        return self.ladder_utility > self.planner_utility * (1 + LEAST_ADVANTAGE)


def run_backtest(
    days: Sequence[SunDay],
    midnight: datetime,
    clear_w: Sequence[float],
    history: SiteHistory,
    sigma_pct: float,
    reserve_wh: float,
    settings: Settings,
) -> BacktestResult | None:
    """Both voices over `days`, the oldest first; None where too few are known.

    `midnight`: with which the first of them began. `clear_w`: hourly from then on, without shade,
    for `CLEAR_DAYS`. `past` as it is known now. The planner is asked anew whenever a policy ends.
    """
    if len(days) < MIN_DAYS:
        return None
    choices = list_options(settings)
    pieces = rebuild_days(days, midnight, clear_w, settings)
    shaded = [watts * history.shade[hour % 24] for hour, watts in enumerate(clear_w)]
    by_plan, by_ladder = Contender(START_PCT), Contender(START_PCT)
    ladder = LadderController(settings, choices, sigma_pct)
    for first in range(0, len(pieces) // 24, POLICY_DAYS):
        known = hide_later_temperatures(history, BACKTEST_DAYS - first)
        now = Stamp(midnight + timedelta(days=first), "replay", 0.0)
        ahead_w = shaded[first * 24 :]
        table = unpack_table(make_policy(settings, now, ahead_w, known, sigma_pct, reserve_wh))
        some = count_hours_from_day(pieces[first * 24 : (first + POLICY_DAYS) * 24], first)
        planner = TableController(table, choices, settings.battery)
        by_plan.simulate(some, sigma_pct, planner, table, settings)
        by_ladder.simulate(some, sigma_pct, ladder, table, settings)
    more = by_ladder.remaining_value - by_plan.remaining_value
    return BacktestResult(len(days), by_plan.utility, by_ladder.utility + more)


@dataclass
class Contender:
    """One of the two voices: its charge, what it has earned, what its charge is still worth."""

    charge_pct: float
    utility: float = 0.0
    remaining_value: float = 0.0

    def simulate(
        self,
        steps: Sequence[TimeStep],
        sigma_pct: float,
        controller: StepController,
        table: PolicyTable,
        settings: Settings,
    ) -> None:
        """Live through `pieces`, hours of the `table`."""
        choices = list_options(settings)
        lived = roll_out(steps, self.charge_pct, sigma_pct, controller, choices, settings)
        self.charge_pct = lived[-1].end_pct
        self.utility += sum(one.option.utility * one.step.hours for one in lived)
        ends = lived[-1].step.hour + lived[-1].step.hours
        curve = compute_value_curve(table, ends, table.weather[-1], cold=False)
        self.remaining_value = interpolate_value(curve, self.charge_pct)


def count_hours_from_day(steps: Sequence[TimeStep], first: int) -> list[TimeStep]:
    """The same hours, counted from the midnight of day `first`."""
    return [replace(piece, hour=piece.hour - first * 24) for piece in steps]


def hide_later_temperatures(history: SiteHistory, ago: int) -> SiteHistory:
    """What is known now of the sky, and what was known of the cold `ago` days ago."""
    days = [
        DayWeather(day.clearness, history.days[place - ago].mean_c if place >= ago else None)
        for place, day in enumerate(history.days)
    ]
    return SiteHistory(tuple(days), history.shade)


def rebuild_days(
    days: Sequence[SunDay], midnight: datetime, clear_w: Sequence[float], settings: Settings
) -> list[TimeStep]:
    """The hours from the first of `days` to the last, under the sun that was measured. An hour that
    nobody measured is like its day, such a day like the mean of all.
    """
    by_number = {(day.day - days[0].day).days: day for day in days}
    usual = compute_clearness(days)
    found = []
    for number in range(min(BACKTEST_DAYS, max(by_number) + 1)):
        day = by_number.get(number)
        ratio = compute_clearness([day]) if day else None
        mean_c = summarise_weather(day, 0.0).mean_c if day else None
        cold = is_too_cold_to_charge(mean_c, settings.battery)
        hidden = cold_unavailable_pct(settings.battery, mean_c)
        for hour in range(number * 24, number * 24 + 24):
            share = (day.hours if day else {}).get(str(hour % 24), ratio)
            sun_w = clear_w[hour] * (usual or 0.0 if share is None else share)
            starts = midnight + timedelta(hours=hour)
            found.append(TimeStep(starts, hour, 1.0, sun_w, cold, hidden))
    return found


def compute_clearness(days: Sequence[SunDay]) -> float | None:
    """Measured over cloudless sun of these days together; None where nothing was measured."""
    clear_wh = sum(day.clear_wh for day in days)
    return sum(day.measured_wh for day in days) / clear_wh if clear_wh > 0 else None
