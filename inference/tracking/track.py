"""Follows things from picture to picture, so that one passer-by is one event and not twenty.

Inputs: the tracks so far, the detections of one picture, its picture time. Output: the tracks now.
Pure.
Never: looks at a pixel.

After ByteTrack (Zhang et al. 2022): sure detections are matched first, faint ones then keep a known
track alive but begin none. Boxes are compared where the filter (inference/tracking/kalman.py)
expects them, grown by its doubt (after buffered IoU, Yang et al. 2023): at 2 looks a second a
newcomer may leave his own box, and at 10 he may not. Each choice here was measured:
docs/benchmarks.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.model import Box, Detection
from inference.tracking.kalman import NEWCOMER, Uncertainty, correct, predict

FAINTEST = 0.25  # confidence below which a detection does not even keep a track alive
LEAST_OVERLAP = 0.3
SIDEWAYS, UPRIGHT = 1.0, 0.5  # of the doubt: what stands on the ground moves less up and down
LARGEST_GROWTH = 0.4  # of the longer side, on each side
SAME_THING = 0.4  # overlap from which a second box on what was just seen is no second thing
NEWCOMER_S = 0.3  # one seen once may be missed for this long, or once: most are false alarms
COVERED = 0.7  # share of a box that a look at a part must hold to miss it
FADE_S = 1.0  # who is not where it moves stands still: the time in which its speed is lost
UNSEEN_AT_MOST_S = 30.0  # even where nobody looked


@dataclass(frozen=True, slots=True)
class Track:
    """One thing followed. `box` is where it is believed to be at picture time `at_s`.

    `drift` is the speed of its middle, right and down, in fractions of the picture a second.
    `sightings` counts the sure ones; `seen_s` is the last of any kind; `missed_s` is how long it
    has not been seen since, although it was looked for.
    """

    number: int
    label: str
    confidence: float
    box: Box
    velocity: tuple[float, float]
    sightings: int
    seen_s: float
    at_s: float
    missed_s: float = 0.0
    uncertainty: Uncertainty = NEWCOMER

    @property
    def seen_now(self) -> bool:
        """Whether the newest picture showed it; otherwise it coasts."""
        return self.seen_s == self.at_s


@dataclass(frozen=True, slots=True)
class Tracks:
    """All things followed by one camera. Numbers are never used again."""

    live: tuple[Track, ...] = ()
    next_number: int = 1


def update_tracks(
    tracks: Tracks,
    detections: Sequence[Detection],
    media_s: float,
    threshold: float,
    patience_s: float,
    analysed_part: Box | None = None,
) -> Tracks:
    """The tracks after a look at a picture of `media_s`, or at its part `looked` alone.

    Those looked for and unseen for over `patience_s` are given up.
    """
    coasting = [predict_track(track, media_s, analysed_part) for track in tracks.live]
    sure = [one for one in detections if one.confidence >= threshold]
    faint = [one for one in detections if one.confidence < threshold]
    pairs, unseen, unknown = match(coasting, sure)
    moved = [correct_track(track, detection, sure=True) for track, detection in pairs]
    pairs, unseen, _ = match(unseen, faint)
    moved += [correct_track(track, detection, sure=False) for track, detection in pairs]
    fresh = [one for one in unknown if not is_second_box(one, moved)]
    new = [begin_track(one, tracks.next_number + count, media_s) for count, one in enumerate(fresh)]
    steps = {track.number: media_s - track.at_s for track in tracks.live}
    kept = [one for one in unseen if is_awaited(one, patience_s, steps[one.number])]
    live = sorted(moved + kept + new, key=lambda track: track.number)
    return Tracks(tuple(live), tracks.next_number + len(new))


def begin_track(detection: Detection, number: int, media_s: float) -> Track:
    """A track of something seen for the first time."""
    return Track(
        number,
        detection.label,
        detection.confidence,
        detection.box,
        velocity=(0.0, 0.0),
        sightings=1,
        seen_s=media_s,
        at_s=media_s,
    )


def predict_track(track: Track, media_s: float, analysed_part: Box | None) -> Track:
    """The track moved on to `media_s` at its own speed, counted as missed until it is found."""
    step_s = media_s - track.at_s
    right, down = track.velocity
    covered = analysed_part is None or is_covered(analysed_part, track.box)
    fade = 1.0 if covered else max(0.0, 1 - step_s / FADE_S)
    return Track(
        track.number,
        track.label,
        track.confidence,
        shift_box(track.box, right * fade * step_s, down * fade * step_s),
        (right * fade, down * fade),
        track.sightings,
        track.seen_s,
        media_s,
        track.missed_s + step_s if covered else track.missed_s,
        predict(track.uncertainty, step_s),
    )


def correct_track(track: Track, detection: Detection, *, sure: bool) -> Track:
    """A coasting track corrected by what was seen."""
    place, speed, size, doubt = correct(track.uncertainty, sure)
    x, y, wide, high = measure_box(track.box)
    found_x, found_y, found_wide, found_high = measure_box(detection.box)
    off_x, off_y = found_x - x, found_y - y
    x, y = x + place * off_x, y + place * off_y
    half_wide, half_high = (
        (wide + size * (found_wide - wide)) / 2,
        (high + size * (found_high - high)) / 2,
    )
    return Track(
        track.number,
        track.label,
        detection.confidence,
        Box(x - half_wide, y - half_high, x + half_wide, y + half_high),
        (track.velocity[0] + speed * off_x, track.velocity[1] + speed * off_y),
        track.sightings + sure,
        track.at_s,
        track.at_s,
        0.0,
        doubt,
    )


def is_awaited(track: Track, patience_s: float, step_s: float) -> bool:
    """Whether an unseen track is still waited for; `step_s`: since the look before."""
    x, y, _, _ = measure_box(track.box)
    if not (0 < x < 1 and 0 < y < 1) or track.at_s - track.seen_s > UNSEEN_AT_MOST_S:
        return False
    if track.sightings == 1:
        patience_s = min(patience_s, max(NEWCOMER_S, 1.5 * step_s))
    return track.missed_s <= patience_s


def is_second_box(detection: Detection, seen: Sequence[Track]) -> bool:
    """Whether this is another box on something that was seen in the same look."""
    return any(
        track.label == detection.label and compute_overlap(track.box, detection.box) > SAME_THING
        for track in seen
    )


def match(
    tracks: Sequence[Track], detections: Sequence[Detection]
) -> tuple[list[tuple[Track, Detection]], list[Track], list[Detection]]:
    """Pairs of the same label, the best overlap first; then the tracks and detections left over.

    The best assignment of all together (Hungarian method) was measured too: it gains nothing.
    """
    pairs = []
    free_tracks, free_detections = dict(enumerate(tracks)), dict(enumerate(detections))
    for _, row, column in sorted(find_candidates(tracks, detections), reverse=True):
        if row in free_tracks and column in free_detections:
            pairs.append((free_tracks.pop(row), free_detections.pop(column)))
    return pairs, list(free_tracks.values()), list(free_detections.values())


def find_candidates(
    tracks: Sequence[Track], detections: Sequence[Detection]
) -> list[tuple[float, int, int]]:
    """(overlap, track index, detection index) of all that might be one thing."""
    found = []
    for row, track in enumerate(tracks):
        around = compute_growth(track)
        for column, detection in enumerate(detections):
            if track.label == detection.label:
                ratio = compute_grown_overlap(track.box, detection.box, *around)
                if ratio >= LEAST_OVERLAP:
                    found.append((ratio, row, column))
    return found


def compute_growth(track: Track) -> tuple[float, float]:
    """How much larger a track's box is made, on each side, before it is compared."""
    box = track.box
    longer = max(box.right - box.left, box.bottom - box.top)
    growth = min(LARGEST_GROWTH, track.uncertainty.place_sigma) * longer
    return SIDEWAYS * growth, UPRIGHT * growth


def compute_overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    return compute_grown_overlap(one, other, 0.0, 0.0)


def compute_grown_overlap(one: Box, other: Box, wider: float, higher: float) -> float:
    """Intersection over union of two boxes, each grown by as much on each side."""
    wide = min(one.right, other.right) - max(one.left, other.left) + 2 * wider
    high = min(one.bottom, other.bottom) - max(one.top, other.top) + 2 * higher
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    first = (one.right - one.left + 2 * wider) * (one.bottom - one.top + 2 * higher)
    second = (other.right - other.left + 2 * wider) * (other.bottom - other.top + 2 * higher)
    return shared / (first + second - shared)


def is_covered(analysed_part: Box, box: Box) -> bool:
    """Whether a look at the part `looked` must show what is in `box`."""
    wide = min(analysed_part.right, box.right) - max(analysed_part.left, box.left)
    high = min(analysed_part.bottom, box.bottom) - max(analysed_part.top, box.top)
    return wide > 0 and high > 0 and wide * high >= COVERED * compute_area(box)


def compute_area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def measure_box(box: Box) -> tuple[float, float, float, float]:
    """Middle (right, down), width and height."""
    return (
        (box.left + box.right) / 2,
        (box.top + box.bottom) / 2,
        box.right - box.left,
        box.bottom - box.top,
    )


def shift_box(box: Box, right: float, down: float) -> Box:
    return Box(box.left + right, box.top + down, box.right + right, box.bottom + down)
