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
from power.battery.estimate import charge_blocked
from power.battery.voltage_curve import hidden_pct
from power.plan.forecast import DAYS as HORIZON_DAYS
from power.plan.nightly import KEPT_DAYS, Past, make_policy
from power.plan.policy import Table, interpolated, unpack, worth_over_charge
from power.plan.rollout import ByLadder, ByTable, Chooser, Piece, walk
from power.plan.solar_day import past_day
from power.plan.utility import options
from power.plan.weather_model import PastDay

DAYS = 30
CLEAR_DAYS = DAYS + HORIZON_DAYS
FEWEST_DAYS = 14  # less proves nothing
BETTER_BY = 0.01  # before the ladder is believed to be the better one
START_PCT = 70.0


@dataclass(frozen=True, slots=True)
class Replay:
    """Worth of each in hours of FULL; the ladder's with what its charge at the end is worth more,
    or less, than the planner's.
    """

    days: int
    planned: float
    by_ladder: float

    @property
    def ladder_is_better(self) -> bool:
        return self.by_ladder > self.planned * (1 + BETTER_BY)


def replay(
    days: Sequence[SunDay],
    midnight: datetime,
    clear_w: Sequence[float],
    past: Past,
    sigma_pct: float,
    kept_wh: float,
    settings: Settings,
) -> Replay | None:
    """Both voices over `days`, the oldest first; None where too few are known.

    `midnight`: with which the first of them began. `clear_w`: hourly from then on, without shade,
    for `CLEAR_DAYS`. `past` as it is known now. The planner is asked anew whenever a policy ends.
    """
    if len(days) < FEWEST_DAYS:
        return None
    choices = options(settings)
    pieces = lived_through(days, midnight, clear_w, settings)
    shaded = [watts * past.shade[hour % 24] for hour, watts in enumerate(clear_w)]
    by_plan, by_ladder = Side(START_PCT), Side(START_PCT)
    ladder = ByLadder(settings, choices, sigma_pct)
    for first in range(0, len(pieces) // 24, KEPT_DAYS):
        known = before(past, DAYS - first)
        now = Stamp(midnight + timedelta(days=first), "replay", 0.0)
        ahead_w = shaded[first * 24 :]
        table = unpack(make_policy(settings, now, ahead_w, known, sigma_pct, kept_wh))
        some = since_midnight(pieces[first * 24 : (first + KEPT_DAYS) * 24], first)
        planner = ByTable(table, choices, settings.battery)
        by_plan.live(some, sigma_pct, planner, table, settings)
        by_ladder.live(some, sigma_pct, ladder, table, settings)
    more = by_ladder.left - by_plan.left
    return Replay(len(days), by_plan.earned, by_ladder.earned + more)


@dataclass
class Side:
    """One of the two voices: its charge, what it has earned, what its charge is still worth."""

    charge_pct: float
    earned: float = 0.0
    left: float = 0.0

    def live(
        self,
        pieces: Sequence[Piece],
        sigma_pct: float,
        chooser: Chooser,
        table: Table,
        settings: Settings,
    ) -> None:
        """Live through `pieces`, hours of the `table`."""
        choices = options(settings)
        lived = walk(pieces, self.charge_pct, sigma_pct, chooser, choices, settings)
        self.charge_pct = lived[-1].end_pct
        self.earned += sum(one.option.worth * one.piece.hours for one in lived)
        ends = lived[-1].piece.hour + lived[-1].piece.hours
        curve = worth_over_charge(table, ends, table.skies[-1], cold=False)
        self.left = interpolated(curve, self.charge_pct)


def since_midnight(pieces: Sequence[Piece], first: int) -> list[Piece]:
    """The same hours, counted from the midnight of day `first`."""
    return [replace(piece, hour=piece.hour - first * 24) for piece in pieces]


def before(past: Past, ago: int) -> Past:
    """What is known now of the sky, and what was known of the cold `ago` days ago."""
    days = [
        PastDay(day.clearness, past.days[place - ago].mean_c if place >= ago else None)
        for place, day in enumerate(past.days)
    ]
    return Past(tuple(days), past.shade)


def lived_through(
    days: Sequence[SunDay], midnight: datetime, clear_w: Sequence[float], settings: Settings
) -> list[Piece]:
    """The hours from the first of `days` to the last, under the sun that was measured. An hour that
    nobody measured is like its day, such a day like the mean of all.
    """
    by_number = {(day.day - days[0].day).days: day for day in days}
    usual = clearness(days)
    found = []
    for number in range(min(DAYS, max(by_number) + 1)):
        day = by_number.get(number)
        ratio = clearness([day]) if day else None
        mean_c = past_day(day, 0.0).mean_c if day else None
        cold = charge_blocked(mean_c, settings.battery)
        hidden = hidden_pct(settings.battery, mean_c)
        for hour in range(number * 24, number * 24 + 24):
            share = (day.hours if day else {}).get(str(hour % 24), ratio)
            sun_w = clear_w[hour] * (usual or 0.0 if share is None else share)
            starts = midnight + timedelta(hours=hour)
            found.append(Piece(starts, hour, 1.0, sun_w, cold, hidden))
    return found


def clearness(days: Sequence[SunDay]) -> float | None:
    """Measured over cloudless sun of these days together; None where nothing was measured."""
    clear_wh = sum(day.clear_wh for day in days)
    return sum(day.measured_wh for day in days) / clear_wh if clear_wh > 0 else None
