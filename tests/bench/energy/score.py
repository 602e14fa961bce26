"""What a year under a controller comes to, beside what could have been done, case by case.

Reads and writes: nothing; pure.
Never: judges a season by other weeks for one controller than for another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from appliance.model import EnergyLevel
from tests.bench.energy.weather import Floats

WEEK_STEPS = 7 * 96
DAY_STEPS = 96
FEWEST_FROST_WEEKS = 3  # of a case that counts among those with frost


@dataclass(frozen=True, slots=True)
class Score:
    """One controller on one case. Utility is in hours of everything, by whole weeks.

    `left_h`: what the charge that is left at the end is worth, less what the clairvoyant's is: the
    utility (hours) that the clairvoyant would make of it in the days that follow. Without it, a
    controller that saves in autumn is judged below one that spends all by the last evening.
    `regret`: by week, the utility that was lost by what was decided in it, wherever it is missed.
    """

    case: str
    controller: str
    weekly: tuple[float, ...]
    scarce: tuple[int, ...]
    frost: tuple[int, ...]
    left_h: float
    regret: tuple[float, ...]
    coverage_pct: float
    hibernate_h: float
    dead_h: float
    brownouts: int
    switches_a_day: float
    lowest_pct: float
    false_stops: int

    @property
    def annual(self) -> float:
        """Utility of all weeks, with what is left."""
        return sum(self.weekly) + self.left_h

    @property
    def scarce_utility(self) -> float:
        """Utility of the weeks of the scarce season, with what is left if they are the last."""
        ends_scarce = len(self.weekly) - 1 in self.scarce
        return sum(self.weekly[week] for week in self.scarce) + ends_scarce * self.left_h

    @property
    def frost_utility(self) -> float:
        """Utility of the weeks that the cold made scarce."""
        return sum(self.weekly[week] for week in self.frost)


def sum_by_week(utility: Floats) -> tuple[float, ...]:
    """Sums of whole weeks; what is left over is not counted."""
    weeks = len(utility) // WEEK_STEPS
    sums = utility[: weeks * WEEK_STEPS].reshape(weeks, WEEK_STEPS).sum(axis=1)
    return tuple(float(value) for value in sums)


def count_hours_at(levels: Floats, *wanted: EnergyLevel) -> float:
    """Hours spent at these levels."""
    return float(np.isin(levels, [int(level) for level in wanted]).sum()) / 4


@dataclass(frozen=True, slots=True)
class Summary:
    """One controller over all cases; percentages of the clairvoyant's utility."""

    annual_pct: float
    scarce_pct: float
    worst_annual_pct: float
    worst_scarce_pct: float
    frost_pct: float | None  # of the weeks that the cold made scarce, where there are some
    worst_frost_pct: float | None
    brownouts: int
    coverage_pct: float
    worst_coverage_pct: float
    dead_h: float
    hibernate_h: float
    switches_a_day: float
    lowest_pct: float
    false_stops: int


def compute_share_pct(utility: float, possible: float) -> float:
    """Of what was possible; all of it where nothing was (no such week is among those judged)."""
    return 100 * utility / possible if possible > 0 else 100.0


def summarise(judged: Sequence[Score], best: Mapping[str, Score]) -> Summary:
    """`best` is the clairvoyant's year by case."""
    annual = [100 * one.annual / best[one.case].annual for one in judged]
    scarce = [
        compute_share_pct(one.scarce_utility, best[one.case].scarce_utility) for one in judged
    ]
    frost = {
        one.case: compute_share_pct(one.frost_utility, best[one.case].frost_utility)
        for one in judged
        if len(one.frost) >= FEWEST_FROST_WEEKS
    }
    return Summary(
        annual_pct=float(np.mean(annual)),
        scarce_pct=float(np.mean(scarce)),
        worst_annual_pct=min(annual),
        worst_scarce_pct=min(scarce),
        frost_pct=float(np.mean([*frost.values()])) if frost else None,
        worst_frost_pct=min(frost.values(), default=None),
        brownouts=sum(one.brownouts for one in judged),
        coverage_pct=float(np.mean([one.coverage_pct for one in judged])),
        worst_coverage_pct=min(one.coverage_pct for one in judged),
        dead_h=float(np.mean([one.dead_h for one in judged])),
        hibernate_h=float(np.mean([one.hibernate_h for one in judged])),
        switches_a_day=float(np.mean([one.switches_a_day for one in judged])),
        lowest_pct=min(one.lowest_pct for one in judged),
        false_stops=sum(one.false_stops for one in judged),
    )
