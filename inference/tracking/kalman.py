"""A constant-velocity Kalman filter for a track: its variances and gains.

Inputs: the uncertainty so far, seconds passed, how sure a detection is. Output: the uncertainty
now, and the gains. Pure.
Never: handles a box; inference/tracking/track.py moves the box by these gains.

The noise is a share of the thing's own size, as in SORT and ByteTrack, so the uncertainty is the
same for x and y: one small filter serves both, and four numbers are enough for a track. Measured
against a filter with fixed gains (docs/benchmarks.md): no better at 10 frames a second, much better
at 2, where the uncertainty decides how far around a box to search.
"""

import math
from dataclasses import dataclass

PLACE_NOISE = 0.05**2  # of one detection: error of its place, in shares of its longer side
SIZE_NOISE = 0.08**2  # of one detection: error of width and height, as a share
FAINT_NOISE = 2.0  # times that, for a detection below the threshold
FIRST_SPEED = 0.5**2  # of a new track: a brisk walk, in longer sides a second
SPEED_PROCESS_NOISE = 0.12  # how quickly speeds change, in (longer sides a second)^2 per second
SIZE_PROCESS_NOISE = 0.006  # how quickly sizes change, in squared shares per second


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """Variances of place, speed and size, and the covariance `place_speed`; in longer sides of the
    box.
    """

    place: float
    place_speed: float
    speed: float
    size: float

    @property
    def place_sigma(self) -> float:
        """One standard deviation of the place, in longer sides of the box."""
        return math.sqrt(self.place)


NEWCOMER = Uncertainty(place=PLACE_NOISE, place_speed=0.0, speed=FIRST_SPEED, size=SIZE_NOISE)


@dataclass(frozen=True, slots=True)
class Correction:
    """Gains of one detection (`speed_gain` per second), and the uncertainty after it."""

    place_gain: float
    speed_gain: float
    size_gain: float
    uncertainty: Uncertainty


def predict(uncertainty: Uncertainty, step_s: float) -> Uncertainty:
    """The uncertainty after `step_s` without a detection."""
    noise = SPEED_PROCESS_NOISE * step_s
    speed = uncertainty.speed + noise / 3
    return Uncertainty(
        place=uncertainty.place + step_s * (2 * uncertainty.place_speed + step_s * speed),
        place_speed=uncertainty.place_speed + step_s * (uncertainty.speed + noise / 2),
        speed=uncertainty.speed + noise,
        size=uncertainty.size + SIZE_PROCESS_NOISE * step_s,
    )


def correct(before: Uncertainty, *, sure: bool) -> Correction:
    """Gains and uncertainty for one detection, above the threshold (`sure`) or below it."""
    noise = 1.0 if sure else FAINT_NOISE
    spread = before.place + noise * PLACE_NOISE
    place, speed = before.place / spread, before.place_speed / spread
    size = before.size / (before.size + noise * SIZE_NOISE)
    after = Uncertainty(
        place=(1 - place) * before.place,
        place_speed=(1 - place) * before.place_speed,
        speed=before.speed - speed * before.place_speed,
        size=(1 - size) * before.size,
    )
    return Correction(place, speed, size, after)
