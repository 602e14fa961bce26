"""How much more a pack counts for each ampere that the sun gives more: 1, or its scale is wrong.

Reads and writes: nothing; it keeps the means of the last hours.
Never: judges by the amount: loads and chargers that nobody measures change that, and not the slope.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import StatisticsError, correlation, linear_regression, median

MEAN_S = 1800.0  # loads that come and go are level over half an hour
MEANS_AT_LEAST, MEANS_KEPT = 6, 12
LEAST_SPREAD_A = 4.0  # of the sun, from the least of these means to the most
LEAST_CORRELATION = 0.8  # with less, loads or another charger decide
LEAST_STEP_A = 0.3  # of the sun, from one mean to the next
LEAST_SLOPE, MOST_SLOPE = 0.25, 4.0  # loads that follow the sun make it smaller, down to a half
SURE_SLOPES = (0.5, 1.7)
HOLDS_S = 86_400.0


@dataclass
class SunSlope:
    """The slope that contradicts a pack's scale, for a day; None while there is none."""

    slope: float | None = None
    _found_s: float = 0.0
    _seconds: float = 0.0
    _own_as: float = 0.0
    _sun_as: float = 0.0
    _means_a: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=MEANS_KEPT))

    def add(self, *, own_a: float, sun_a: float, seconds: float, now_s: float) -> None:
        """One poll in which all of the sun's power is taken (bulk charge)."""
        self._seconds += seconds
        self._own_as += own_a * seconds
        self._sun_as += sun_a * seconds
        if self._seconds >= MEAN_S:
            self._means_a.append((self._own_as / self._seconds, self._sun_as / self._seconds))
            self._seconds = self._own_as = self._sun_as = 0.0
            self._judge(now_s)

    def _judge(self, now_s: float) -> None:
        slopes = measure_slopes(self._means_a)
        if is_wrong(slopes):
            self.slope, self._found_s = self.slope or slopes[0], now_s
        elif slopes and SURE_SLOPES[0] <= slopes[0] <= SURE_SLOPES[1]:
            self.slope = None

    def expire(self, now_s: float) -> None:
        if now_s - self._found_s > HOLDS_S:
            self.slope = None


def is_wrong(slopes: tuple[float, ...]) -> bool:
    """Whether both slopes show a scale that is wrong in the same way."""
    return bool(slopes) and (max(slopes) < LEAST_SLOPE or min(slopes) > MOST_SLOPE)


def measure_slopes(means_a: deque[tuple[float, float]]) -> tuple[float, ...]:
    """Amperes of the pack for each of the sun: over all of these means, and the usual one from a
    mean to the next, which a charger that nobody measures changes only when it starts and stops.
    Nothing where these means do not show them.
    """
    own_a, sun_a = [own for own, _ in means_a], [sun for _, sun in means_a]
    if len(own_a) < MEANS_AT_LEAST or max(sun_a) - min(sun_a) < LEAST_SPREAD_A:
        return ()
    steps = [
        (later_own - own) / (later_sun - sun)
        for (own, sun), (later_own, later_sun) in pairwise(means_a)
        if abs(later_sun - sun) >= LEAST_STEP_A
    ]
    try:
        alike = correlation(sun_a, own_a)
    except StatisticsError:  # it reports always the same
        return ()
    if alike < LEAST_CORRELATION or len(steps) < MEANS_AT_LEAST - 1:
        return ()
    return linear_regression(sun_a, own_a).slope, median(steps)
