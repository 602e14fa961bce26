"""The steady half-hours of a day: the panels' power changed as evenly as the sun moves.

Reads and writes: nothing; pure.
Never: compares with a clear-sky model: which way the panels face is what is learned from these
half-hours (power/plan/array_fit.py), so they may not depend on it. A steady overcast is steady too;
the fit leaves it out by what it gives.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import sqrt
from statistics import fmean

HALF_HOUR, STEP = timedelta(minutes=30), timedelta(minutes=5)
STEPS = 6  # of five minutes: each must have been measured
LEAST_RUN = 3  # half-hours in a row
UNEVEN_SHARE = 0.015  # of the mean: the deviation from a straight line
UNEVEN_OF_PEAK = 0.002  # of the nominal power, beside it ...
UNEVEN_W = 0.5  # ... and readings in whole watts
LEAST_OF_PEAK = 0.02


def find_steady_w(
    power_w: Mapping[datetime, float], day: datetime, peak_w: float
) -> dict[str, float]:
    """Mean power (W) of each steady half-hour, by the minutes from `day` to its middle.
    `power_w`: by the start of each step of five minutes that was not curtailed.
    """
    halves: defaultdict[datetime, list[float]] = defaultdict(list)
    for at in sorted(power_w):
        halves[at - timedelta(minutes=at.minute % 30)].append(power_w[at])
    steady = {at: fmean(watts) for at, watts in halves.items() if is_even(watts, peak_w)}
    return {
        str(round((at + HALF_HOUR / 2 - day).total_seconds() / 60)): round(watts, 1)
        for at, watts in steady.items()
        if is_in_run(at, steady)
    }


def is_even(watts: Sequence[float], peak_w: float) -> bool:
    """Whether a half-hour follows a straight line."""
    mean_w = fmean(watts)
    if len(watts) < STEPS or mean_w < LEAST_OF_PEAK * peak_w:
        return False
    middle = (STEPS - 1) / 2
    squares = sum((place - middle) ** 2 for place in range(STEPS))
    slope = sum((place - middle) * one for place, one in enumerate(watts)) / squares
    off = [one - mean_w - slope * (place - middle) for place, one in enumerate(watts)]
    most_w = UNEVEN_SHARE * mean_w + UNEVEN_OF_PEAK * peak_w + UNEVEN_W
    return sqrt(sum(one * one for one in off) / (STEPS - 2)) <= most_w


def is_in_run(at: datetime, steady: Mapping[datetime, float]) -> bool:
    """Whether it is one of several steady half-hours in a row."""
    return any(
        all(at + HALF_HOUR * (first + place) in steady for place in range(LEAST_RUN))
        for first in range(1 - LEAST_RUN, 1)
    )
