"""Evidence for and against the sign of a device's current: one comparison each, summed over time.

Reads and writes: nothing; each keeps its own sums.
Never: judges by one instant, or by a current that is within the meters' noise.

A large current is recognised within minutes, a small one over hours: what counts is the sum of I^2
t.
"""

from dataclasses import dataclass
from enum import Enum
from math import sqrt

LEAST_S = 300.0
LEAST_A2S = 2700.0  # 3 A for 5 min, 0.8 A for 70 min, 0.5 A for 3 h
NOISE_A = 0.5  # offset of a meter, as JBD allows: less is rest
ALIKE = 0.9  # correlation
LEAST_RATIO, MOST_RATIO = 0.6, 1.7  # of two currents of one size
LEAST_MOVED, MOST_MOVED = 0.5, 2.0  # of what was counted, with steps of 1 %
LEAST_PCT = 2.0  # of charge: BMSs report it in steps of 1 %
STEP_A, STEP_V, STEP_WITHIN_S = 0.5, 0.02, 60.0  # a step of the current that the voltage shows
STILL_A, ABOVE_NOISE, NOISE_OF = 0.1, 4.0, 30  # the voltage's noise: its usual move at rest
LEAST_STEPS, MOST_STEPS = 6, 24
MOST_AGAINST = 0.25  # of the steps that may say the opposite
BOUND_TOLERANCE = 0.1  # of the currents
SAME_SCALE_A, SAME_SCALE_RATIO = 3.0, 1.5  # a BMS's dead band; meters differ less
SCALE_S = 1800.0
LARGEST_STEP_PCT = 1.5  # of charge, within a poll: more is a count set right, which is no evidence


class Vote(Enum):
    """What one comparison shows of the sign of a current."""

    AGREES = "agrees"
    OPPOSES = "opposes"


@dataclass
class CurrentComparison:
    """A current beside the one that others leave for it. Opposes: the same size, the other sign."""

    seconds: float = 0.0
    own_a2s: float = 0.0
    other_a2s: float = 0.0
    product_a2s: float = 0.0
    own_as: float = 0.0
    other_as: float = 0.0

    def add(self, *, own_a: float, other_a: float, seconds: float) -> None:
        if max(abs(own_a), abs(other_a)) < NOISE_A:
            return
        self._sum_up(own_a=own_a, other_a=other_a, seconds=seconds)

    def _sum_up(self, *, own_a: float, other_a: float, seconds: float) -> None:
        self.seconds += seconds
        self.own_a2s += own_a * own_a * seconds
        self.other_a2s += other_a * other_a * seconds
        self.product_a2s += own_a * other_a * seconds
        self.own_as += own_a * seconds
        self.other_as += other_a * seconds

    @property
    def is_complete(self) -> bool:
        return self.seconds >= LEAST_S and max(self.own_a2s, self.other_a2s) >= LEAST_A2S

    def vote(self) -> Vote | None:
        """None where both are not alike, in either sign."""
        if not (self.own_a2s and self.other_a2s):
            return None
        alike = self.product_a2s / sqrt(self.own_a2s * self.other_a2s)
        ratio = sqrt(self.own_a2s / self.other_a2s)
        if alike >= ALIKE:
            return Vote.AGREES
        opposite = alike <= -ALIKE and LEAST_RATIO <= ratio <= MOST_RATIO
        return Vote.OPPOSES if opposite else None


class ScaleComparison(CurrentComparison):
    """The size of a current beside the one that others leave for it, as means of half an hour. What
    a dead band hides is not compared: then the own current is exactly 0.
    """

    def add(self, *, own_a: float, other_a: float, seconds: float) -> None:
        if own_a:
            self._sum_up(own_a=own_a, other_a=other_a, seconds=seconds)

    @property
    def is_complete(self) -> bool:
        return self.seconds >= SCALE_S

    def vote(self) -> Vote | None:
        """Opposes: one sign, another size. None where both are too small to show it."""
        if super().vote() is not Vote.AGREES:
            return None
        own_a, other_a = self.means_a
        small, large = sorted((abs(own_a), abs(other_a)))
        if large <= SAME_SCALE_RATIO * small:
            return Vote.AGREES if small >= SAME_SCALE_A / 2 else None
        return Vote.OPPOSES if abs(own_a - other_a) > SAME_SCALE_A else None

    @property
    def means_a(self) -> tuple[float, float]:
        """The mean of both."""
        return self.own_as / self.seconds, self.other_as / self.seconds


@dataclass
class ChargeComparison:
    """A current beside the state of charge that the same BMS reports."""

    began_pct: float | None = None
    counted_pct: float = 0.0
    moved_pct: float = 0.0
    largest_step_pct: float = 0.0

    def add(self, *, own_a: float, full_ah: float, charge_pct: float, seconds: float) -> None:
        if self.began_pct is None:
            self.began_pct = charge_pct
        self.counted_pct += own_a * seconds / 3600 / full_ah * 100
        moved_pct = charge_pct - self.began_pct
        self.largest_step_pct = max(self.largest_step_pct, abs(moved_pct - self.moved_pct))
        self.moved_pct = moved_pct

    @property
    def is_complete(self) -> bool:
        moved_pct, counted_pct = abs(self.moved_pct), abs(self.counted_pct)
        if moved_pct < LEAST_PCT / 2:
            return counted_pct >= 2 * LEAST_PCT
        if self._is_against and not self._is_alike:
            return moved_pct >= LEAST_PCT <= counted_pct or counted_pct >= 4 * LEAST_PCT
        return counted_pct >= LEAST_PCT

    @property
    def _is_against(self) -> bool:
        return self.moved_pct * self.counted_pct < 0

    @property
    def _is_alike(self) -> bool:
        return LEAST_MOVED <= abs(self.moved_pct / (self.counted_pct or 1e-9)) <= MOST_MOVED

    def vote(self) -> Vote | None:
        # Also of another size: the sign may be wrong in charge only, while a load comes and goes.
        if self._is_against and abs(self.moved_pct) >= LEAST_PCT:
            return Vote.OPPOSES if self.largest_step_pct <= LARGEST_STEP_PCT else None
        if not self._is_alike:
            return None
        return Vote.OPPOSES if self._is_against else Vote.AGREES


@dataclass
class StepComparison:
    """Steps of a current beside those of the voltage: current that flows in raises it. A step of
    the voltage counts where it is far beyond what the voltage does while the current stays.
    """

    last: tuple[float, float, float] | None = None
    noise_v: float = 0.0
    alike: int = 0
    opposite: int = 0

    def add(self, *, at_s: float, own_a: float, voltage_v: float) -> None:
        before, self.last = self.last, (at_s, own_a, voltage_v)
        if before is None or at_s - before[0] > STEP_WITHIN_S:
            return
        step_a, step_v = own_a - before[1], voltage_v - before[2]
        if abs(step_a) <= STILL_A:
            self.noise_v += (abs(step_v) - self.noise_v) / NOISE_OF
        if abs(step_a) < STEP_A or abs(step_v) < max(STEP_V, ABOVE_NOISE * self.noise_v):
            return
        if step_a * step_v > 0:
            self.alike += 1
        else:
            self.opposite += 1

    @property
    def is_complete(self) -> bool:
        return self.alike + self.opposite >= LEAST_STEPS

    def vote(self) -> Vote | None:
        total = self.alike + self.opposite
        vote = None
        if self.opposite <= MOST_AGAINST * total:
            vote = Vote.AGREES
        elif self.alike <= MOST_AGAINST * total:
            vote = Vote.OPPOSES
        if total >= MOST_STEPS:
            self.alike, self.opposite = self.alike // 2, self.opposite // 2
        return vote


@dataclass
class SupplyComparison:
    """A current beside the most that the panels can give: more does not flow in."""

    seconds: float = 0.0
    beyond_a2s: float = 0.0  # as reported
    opposite_beyond_a2s: float = 0.0  # with the other sign

    def add(self, *, own_a: float, most_a: float, seconds: float) -> None:
        if abs(own_a) - most_a <= NOISE_A + BOUND_TOLERANCE * (abs(own_a) + abs(most_a)):
            return
        self.seconds += seconds
        if own_a > 0:
            self.beyond_a2s += own_a * own_a * seconds
        else:
            self.opposite_beyond_a2s += own_a * own_a * seconds

    @property
    def is_complete(self) -> bool:
        most_a2s = max(self.beyond_a2s, self.opposite_beyond_a2s)
        return self.seconds >= LEAST_S and most_a2s >= LEAST_A2S

    def vote(self) -> Vote | None:
        if self.beyond_a2s <= MOST_AGAINST * self.opposite_beyond_a2s:
            return Vote.AGREES
        return Vote.OPPOSES if self.opposite_beyond_a2s <= MOST_AGAINST * self.beyond_a2s else None
