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


@dataclass(frozen=True, slots=True)
class Score:
    """One controller on one case. Utility is in hours of everything, by whole weeks."""

    case: str
    controller: str
    weekly: tuple[float, ...]
    scarce: tuple[int, ...]
    coverage_pct: float
    hibernate_h: float
    dead_h: float
    brownouts: int
    switches_a_day: float
    lowest_pct: float
    false_stops: int

    @property
    def annual(self) -> float:
        """Utility of all weeks."""
        return sum(self.weekly)

    @property
    def scarce_utility(self) -> float:
        """Utility of the weeks of the scarce season."""
        return sum(self.weekly[week] for week in self.scarce)


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
    brownouts: int
    coverage_pct: float
    worst_coverage_pct: float
    dead_h: float
    hibernate_h: float
    switches_a_day: float
    lowest_pct: float
    false_stops: int


def summarise(judged: Sequence[Score], best: Mapping[str, Score]) -> Summary:
    """`best` is the clairvoyant's year by case."""
    annual = [100 * one.annual / best[one.case].annual for one in judged]
    scarce = [100 * one.scarce_utility / best[one.case].scarce_utility for one in judged]
    return Summary(
        annual_pct=float(np.mean(annual)),
        scarce_pct=float(np.mean(scarce)),
        worst_annual_pct=min(annual),
        worst_scarce_pct=min(scarce),
        brownouts=sum(one.brownouts for one in judged),
        coverage_pct=float(np.mean([one.coverage_pct for one in judged])),
        worst_coverage_pct=min(one.coverage_pct for one in judged),
        dead_h=float(np.mean([one.dead_h for one in judged])),
        hibernate_h=float(np.mean([one.hibernate_h for one in judged])),
        switches_a_day=float(np.mean([one.switches_a_day for one in judged])),
        lowest_pct=min(one.lowest_pct for one in judged),
        false_stops=sum(one.false_stops for one in judged),
    )
