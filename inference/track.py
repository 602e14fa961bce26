"""Follows things from picture to picture, so that one passer-by is one event and not twenty.

Inputs: the tracks so far, the detections of one picture, its picture time. Output: the tracks now.
Pure.
Never: looks at a pixel.

After ByteTrack (Zhang et al. 2022): sure detections are matched first, faint ones then keep a known
track alive but begin none. A constant-velocity filter carries a track through a gap. At 2 frames a
second a walker may leave his own box, so boxes are grown with the time between two pictures before
they are compared (buffered IoU, Yang et al. 2023).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from appliance.model import Box, Detection

FAINTEST = 0.25  # confidence below which a detection does not even keep a track alive
LEAST_OVERLAP = 0.15
GROWTH_PER_S = 0.8  # of a box's own width and height, on each side
LARGEST_GROWTH = 0.5
POSITION_GAIN = 0.8  # how far a sighting pulls the box; 1 would believe each box as it is
DRIFT_GAIN = 0.4
LEAST_STEP_S = 0.001


@dataclass(frozen=True, slots=True)
class Track:
    """One thing followed. `box` is where it is believed to be at picture time `at_s`.

    `drift` is the speed of its middle, right and down, in fractions of the picture a second.
    `sightings` counts the sure ones; `seen_s` is the last of any kind.
    """

    number: int
    label: str
    confidence: float
    box: Box
    drift: tuple[float, float]
    sightings: int
    seen_s: float
    at_s: float

    @property
    def seen_now(self) -> bool:
        """Whether the newest picture showed it; otherwise it coasts."""
        return self.seen_s == self.at_s


@dataclass(frozen=True, slots=True)
class Tracks:
    """All things followed by one camera. Numbers are never used again."""

    live: tuple[Track, ...] = ()
    next_number: int = 1


def update(
    tracks: Tracks,
    detections: Sequence[Detection],
    media_s: float,
    threshold: float,
    patience_s: float,
) -> Tracks:
    """The tracks after a picture at `media_s`; those unseen for over `patience_s` are given up."""
    coasting = [coast(track, media_s) for track in tracks.live]
    sure = [one for one in detections if one.confidence >= threshold]
    faint = [one for one in detections if one.confidence < threshold]
    seen, unseen, unknown = match(coasting, sure)
    moved = [sighted(track, detection, 1) for track, detection in seen]
    seen, unseen, _ = match(unseen, faint)
    moved += [sighted(track, detection, 0) for track, detection in seen]
    kept = [track for track in unseen if media_s - track.seen_s <= patience_s]
    new = [begin(one, tracks.next_number + count, media_s) for count, one in enumerate(unknown)]
    live = sorted(moved + kept + new, key=lambda track: track.number)
    return Tracks(tuple(live), tracks.next_number + len(new))


def begin(detection: Detection, number: int, media_s: float) -> Track:
    """A track of something seen for the first time."""
    return Track(
        number,
        detection.label,
        detection.confidence,
        detection.box,
        drift=(0.0, 0.0),
        sightings=1,
        seen_s=media_s,
        at_s=media_s,
    )


def coast(track: Track, media_s: float) -> Track:
    """The track moved on to `media_s` at its own speed."""
    step_s = media_s - track.at_s
    right, down = (speed * step_s for speed in track.drift)
    return replace(track, box=shifted(track.box, right, down), at_s=media_s)


def sighted(track: Track, detection: Detection, sure: int) -> Track:
    """A coasting track corrected by what was seen (an alpha-beta filter)."""
    found_x, found_y = middle(detection.box)
    believed_x, believed_y = middle(track.box)
    gain = DRIFT_GAIN / max(track.at_s - track.seen_s, LEAST_STEP_S)
    return replace(
        track,
        confidence=detection.confidence,
        box=blended(track.box, detection.box, POSITION_GAIN),
        drift=(
            track.drift[0] + gain * (found_x - believed_x),
            track.drift[1] + gain * (found_y - believed_y),
        ),
        sightings=track.sightings + sure,
        seen_s=track.at_s,
    )


def match(
    tracks: Sequence[Track], detections: Sequence[Detection]
) -> tuple[list[tuple[Track, Detection]], list[Track], list[Detection]]:
    """Pairs of the same label, the best overlap first; then the tracks and detections left over."""
    pairs = []
    free_tracks, free_detections = dict(enumerate(tracks)), dict(enumerate(detections))
    for _, row, column in sorted(candidates(tracks, detections), reverse=True):
        if row in free_tracks and column in free_detections:
            pairs.append((free_tracks.pop(row), free_detections.pop(column)))
    return pairs, list(free_tracks.values()), list(free_detections.values())


def candidates(
    tracks: Sequence[Track], detections: Sequence[Detection]
) -> list[tuple[float, int, int]]:
    """(overlap, track index, detection index) of all that might be one thing."""
    found = []
    for row, track in enumerate(tracks):
        growth = min(LARGEST_GROWTH, GROWTH_PER_S * (track.at_s - track.seen_s))
        for column, detection in enumerate(detections):
            if track.label == detection.label:
                ratio = overlap(grown(track.box, growth), grown(detection.box, growth))
                if ratio >= LEAST_OVERLAP:
                    found.append((ratio, row, column))
    return found


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (area(one) + area(other) - shared)


def area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def middle(box: Box) -> tuple[float, float]:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def shifted(box: Box, right: float, down: float) -> Box:
    return Box(box.left + right, box.top + down, box.right + right, box.bottom + down)


def grown(box: Box, share: float) -> Box:
    """The box, larger by `share` of its own width and height on each side."""
    wider, higher = (box.right - box.left) * share, (box.bottom - box.top) * share
    return Box(box.left - wider, box.top - higher, box.right + wider, box.bottom + higher)


def blended(believed: Box, found: Box, gain: float) -> Box:
    """A box between two, `gain` of the way to the second."""
    return Box(
        believed.left + gain * (found.left - believed.left),
        believed.top + gain * (found.top - believed.top),
        believed.right + gain * (found.right - believed.right),
        believed.bottom + gain * (found.bottom - believed.bottom),
    )
