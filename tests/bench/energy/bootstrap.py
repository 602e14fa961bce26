"""How sure a difference between two controllers is: a paired bootstrap over weeks.

Reads and writes: nothing; pure for a given seed.
Never: pairs a week of one site with that of another, or calls a difference sure by itself.

Days of one week share their weather, so the week is drawn as a whole. Weeks still resemble their
neighbours a little: the interval is somewhat narrower than the truth.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LOW_PCT, HIGH_PCT = 2.5, 97.5


class Difference(NamedTuple):
    """The mean of a - b, and the bounds between which it lies in 95 of 100 draws."""

    mean: float
    low: float
    high: float


def bootstrap_difference(
    values_a_per_week: Sequence[float],
    values_b_per_week: Sequence[float],
    draws: int = 2000,
    seed: int = 1,
) -> Difference:
    """The mean difference a - b over the same weeks, with its 95 % interval.

    Raises `ValueError` where the two are not of the same weeks.
    """
    if len(values_a_per_week) != len(values_b_per_week) or not len(values_a_per_week):
        raise ValueError(
            f"{len(values_a_per_week)} weeks of one controller and {len(values_b_per_week)} of the "
            "other make no pairs: give both the same weeks, at least one"
        )
    apart = np.asarray(values_a_per_week, float) - np.asarray(values_b_per_week, float)
    weeks = np.random.default_rng(seed).integers(0, len(apart), (draws, len(apart)))
    means = apart[weeks].mean(axis=1)
    low, high = np.percentile(means, (LOW_PCT, HIGH_PCT))
    return Difference(float(apart.mean()), float(low), float(high))
