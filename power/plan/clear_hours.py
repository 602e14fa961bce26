"""The clear hours of a day: those in which the panels gave what a cloudless sky gives, steadily.

Reads and writes: nothing; pure.
Never: asks a light sensor, for there is none. A cloudless sky is known by its steadiness: the ratio
of measured to clear-sky power stays the same for two hours and longer, as it never does under
clouds for long. Dirty panels give less, as steadily; but below a quarter it may be overcast.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean

HOUR, STEP_H = timedelta(hours=1), 1 / 12
LEAST_STEPS = 10  # of the twelve of an hour
LEAST_SUN = 0.25  # of the nominal power: with less the sky's own model is rough
STEADY_SHARE = 0.08  # of the mean: ratios of one hour, the highest and the lowest left out
ALIKE_SHARE = 0.06  # two hours beside each other
LEAST_RATIO = 0.25  # overcast may be steady below it


@dataclass(frozen=True, slots=True)
class PowerStep:
    """Five minutes in which the panels were not curtailed: measured and clear-sky power."""

    pv_power_w: float
    clear_w: float


@dataclass(frozen=True, slots=True)
class ClearHours:
    """How many hours were clear, and their measured and clear-sky energy."""

    hours: int
    measured_wh: float
    clear_wh: float


def find_clear_hours(steps: Mapping[datetime, PowerStep], peak_w: float) -> ClearHours:
    """The clear hours among these steps, by the start of each."""
    by_hour: defaultdict[datetime, list[PowerStep]] = defaultdict(list)
    for at, step in steps.items():
        by_hour[at.replace(minute=0, second=0, microsecond=0)].append(step)
    ratios = {at: compute_ratio(of) for at, of in by_hour.items() if is_steady(of, peak_w)}
    clear = [at for at in ratios if any(is_alike(ratios, at, at + way) for way in (HOUR, -HOUR))]
    found = [step for at in clear for step in by_hour[at]]
    return ClearHours(
        len(clear),
        sum(step.pv_power_w for step in found) * STEP_H,
        sum(step.clear_w for step in found) * STEP_H,
    )


def is_steady(steps: Iterable[PowerStep], peak_w: float) -> bool:
    """Whether measured over clear-sky power was the same for this hour."""
    steps = list(steps)
    if len(steps) < LEAST_STEPS or min(one.clear_w for one in steps) < LEAST_SUN * peak_w:
        return False
    ratios = sorted(one.pv_power_w / one.clear_w for one in steps)
    middle = fmean(ratios)
    return middle > LEAST_RATIO and ratios[-2] - ratios[1] <= STEADY_SHARE * middle


def compute_ratio(steps: Iterable[PowerStep]) -> float:
    """Measured over clear-sky energy."""
    steps = list(steps)
    return sum(one.pv_power_w for one in steps) / sum(one.clear_w for one in steps)


def is_alike(ratios: Mapping[datetime, float], at: datetime, other: datetime) -> bool:
    """Whether the other hour was steady too, at the same ratio."""
    return other in ratios and abs(ratios[other] / ratios[at] - 1) <= ALIKE_SHARE
