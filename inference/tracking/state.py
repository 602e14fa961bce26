"""What is known of the things before one camera: tracks, and whether they stand still.

Reads and writes: nothing; values.
Never: changes; inference/tracking/track.py makes the next ones.
"""

from dataclasses import dataclass

from appliance.model_cameras import Box
from inference.tracking.boxes import compute_overlap
from inference.tracking.kalman import NEWCOMER, Uncertainty

STANDS_AFTER_S, STANDS_AFTER = 10.0, 10  # seconds and frames in one place
SAME_PLACE = 0.5  # overlap with where it stood at first: boxes jitter, and people move their arms
LOOK_EVERY_S = 60.0  # at what stands, where nothing moves at it
DOUBT_EVERY_S = 1.0  # at what stands and was not found


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing has been since `since_s`, and how many frames showed it there."""

    box: Box
    since_s: float
    frames: int = 1

    def follow(self, box: Box, at_s: float) -> "Place":
        """The place once the thing was seen in `box`: the same one, or where it is now."""
        if compute_overlap(self.box, box) >= SAME_PLACE:
            return Place(self.box, self.since_s, self.frames + 1)
        return Place(box, at_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One tracked thing. `box` is its estimated box at picture time `at_s`.

    `velocity` is the speed of its middle, right and down, in fractions of the picture a second.
    `sightings` counts the sure ones; `seen_s` is the last of any kind; `missed_s` is how long it
    has not been found since in frames that should have shown it, `looked_s` the last of these.
    `place` is where it stands or stood.
    """

    number: int
    label: str
    confidence: float
    box: Box
    velocity: tuple[float, float]
    sightings: int
    seen_s: float
    at_s: float
    looked_s: float
    place: Place
    missed_s: float = 0.0
    uncertainty: Uncertainty = NEWCOMER

    @property
    def seen_now(self) -> bool:
        """Whether the newest picture showed it; otherwise its box is only predicted."""
        return self.seen_s == self.at_s

    @property
    def stands(self) -> bool:
        """Whether it has been in one place for long: what stands still costs nothing."""
        lasted_s = self.seen_s - self.place.since_s
        return lasted_s >= STANDS_AFTER_S and self.place.frames >= STANDS_AFTER

    @property
    def next_look_s(self) -> float:
        """From when on it needs a frame although nothing moves at it; it may be past."""
        if not self.stands:
            return self.looked_s
        return self.looked_s + (DOUBT_EVERY_S if self.missed_s > 0 else LOOK_EVERY_S)


@dataclass(frozen=True, slots=True)
class Tracks:
    """All tracks of one camera. Numbers are never used again."""

    live: tuple[Track, ...] = ()
    next_number: int = 1
