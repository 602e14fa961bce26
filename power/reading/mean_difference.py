"""By how much two meters of one current differ: in the mean of a day, and always by the same.

Reads and writes: nothing; it keeps means.
Never: takes a wrong sign or scale for a load, or counts in a day's mean what a dead band hides: a
current of exactly 0.
"""

from collections import deque
from dataclasses import dataclass, field
from statistics import median

MEAN_S = 86_400.0  # over a whole day a wrong scale cancels out, and what is left is a zero point
KNOWN_AFTER_S = 20 * 3600.0
SHORT_MEAN_S = 600.0  # longer than what a BMS averages
MEANS_AT_LEAST, MEANS_KEPT = 6, 18
LEAST_SPAN_A = 2.5  # of the controllers' current, from the least of these means to the most
LEAST_UNSTEADY_A, UNSTEADY_SHARE = 0.4, 0.08  # of that span: how near the difference stays
STEADY_SHARE = 0.7  # of the means must be so near
LEAST_LOAD_A = 1.5  # the zero points of two meters differ by less


@dataclass
class MeanDifference:
    """The mean of a current less another of the same battery (A), over the last day."""

    seconds: float = 0.0
    mean_a: float = 0.0

    def add(self, *, own_a: float, other_a: float, seconds: float) -> None:
        """One poll."""
        if own_a == 0:
            return
        self.seconds += seconds
        self.mean_a += (own_a - other_a - self.mean_a) * seconds / min(self.seconds, MEAN_S)

    @property
    def known_a(self) -> float | None:
        """The mean; None until it is that of nearly a day."""
        return self.mean_a if self.seconds >= KNOWN_AFTER_S else None


@dataclass
class SteadyDifference:
    """A load that is connected directly to the battery: what a pack counts less than the
    controllers (A, below 0), however large the current is, for a day; None where there is none. A
    wrong sign or scale makes a difference that follows the current.
    """

    leaves_a: float | None = None
    _found_s: float = 0.0
    _seconds: float = 0.0
    _own_as: float = 0.0
    _other_as: float = 0.0
    _means_a: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=MEANS_KEPT))

    def add(self, *, own_a: float, other_a: float, seconds: float, now_s: float) -> None:
        """One poll."""
        self._seconds += seconds
        self._own_as += own_a * seconds
        self._other_as += other_a * seconds
        if self._seconds >= SHORT_MEAN_S:
            self._means_a.append((self._own_as / self._seconds, self._other_as / self._seconds))
            self._seconds = self._own_as = self._other_as = 0.0
            self._judge(now_s)

    def _judge(self, now_s: float) -> None:
        if now_s - self._found_s > MEAN_S:
            self.leaves_a = None
        if len(self._means_a) < MEANS_AT_LEAST:
            return
        others_a = [other for _, other in self._means_a]
        span_a = max(others_a) - min(others_a)
        if span_a < LEAST_SPAN_A:
            return
        middle_a = median(own - other for own, other in self._means_a)
        near_a = max(LEAST_UNSTEADY_A, UNSTEADY_SHARE * span_a)
        # A BMS that averages shows a load's beginning and end late.
        steady_a = [other for own, other in self._means_a if abs(own - other - middle_a) <= near_a]
        is_steady = len(steady_a) >= STEADY_SHARE * len(self._means_a)
        is_wide = is_steady and max(steady_a) - min(steady_a) >= LEAST_SPAN_A
        is_load = is_wide and middle_a < -LEAST_LOAD_A
        self.leaves_a, self._found_s = (middle_a, now_s) if is_load else (None, now_s)
