"""How sure a track is of where its thing is and how fast it goes: a constant-velocity filter.

Inputs: the doubt so far, seconds passed, how good a sighting is. Output: the doubt now, and gains.
Never: knows a box. It weighs; inference/tracking/track.py moves.

A Kalman filter whose noise is a share of the thing's own size, as in SORT and ByteTrack, has the
same doubt for right and down: one small filter serves both, and four numbers are a whole track's.
Measured against a filter with fixed gains (docs/benchmarks.md): no better at 10 looks a second,
much better at 2, where only the doubt says how far around a box one has to look.
"""

import math
from dataclasses import dataclass

PLACE_NOISE = 0.05**2  # of one sighting: how far a box is off, in shares of its longer side
SIZE_NOISE = 0.08**2  # of one sighting: how far its width and height are off, as a share
FAINT_NOISE = 2.0  # times that, for a detection below the threshold
FIRST_SPEED = 0.5**2  # how fast a newcomer may go, in longer sides a second: a brisk walk
SPEED_PROCESS_NOISE = (
    0.12  # how quickly speeds change, in squared longer sides a second, each second
)
SIZE_PROCESS_NOISE = 0.006  # how quickly sizes change, in squared shares each second


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Variances, in longer sides of the box: of place, of speed, what both share; and of size."""

    place: float
    place_speed: float
    speed: float
    size: float

    @property
    def place_sigma(self) -> float:
        """One standard deviation of the place, in longer sides of the box."""
        return math.sqrt(self.place)


NEWCOMER = Uncertainty(PLACE_NOISE, 0.0, FIRST_SPEED, SIZE_NOISE)


def predict(uncertainty: Uncertainty, step_s: float) -> Uncertainty:
    """The doubt when `step_s` have passed without a look."""
    restless = SPEED_PROCESS_NOISE * step_s
    return Uncertainty(
        uncertainty.place
        + step_s * (2 * uncertainty.place_speed + step_s * (uncertainty.speed + restless / 3)),
        uncertainty.place_speed + step_s * (uncertainty.speed + restless / 2),
        uncertainty.speed + restless,
        uncertainty.size + SIZE_PROCESS_NOISE * step_s,
    )


def correct(uncertainty: Uncertainty, sure: bool) -> tuple[float, float, float, Uncertainty]:
    """(gain of place, gain of speed per second, gain of size, doubt) after a sighting."""
    noise = 1.0 if sure else FAINT_NOISE
    spread = uncertainty.place + noise * PLACE_NOISE
    place, speed = uncertainty.place / spread, uncertainty.place_speed / spread
    size = uncertainty.size / (uncertainty.size + noise * SIZE_NOISE)
    left = Uncertainty(
        (1 - place) * uncertainty.place,
        (1 - place) * uncertainty.place_speed,
        uncertainty.speed - speed * uncertainty.place_speed,
        (1 - size) * uncertainty.size,
    )
    return place, speed, size, left
