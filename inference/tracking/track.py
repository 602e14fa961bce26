"""Multi-object tracking: detections of successive frames joined to tracks (after ByteTrack).

Inputs: the tracks so far, the detections of one picture, its picture time. Output: the tracks now.
Pure.
Never: looks at a pixel.

After ByteTrack (Zhang et al. 2022): sure detections are matched first; faint ones then keep a
known track alive but begin none. Boxes are compared where the Kalman filter (kalman.py) predicts
them, grown by its uncertainty (after buffered IoU, Yang et al. 2023): at 2 frames a second
a new thing may leave its own box, and at 10 it may not. Each choice here was measured:
docs/benchmarks.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from appliance.model_cameras import Box, Detection
from inference.tracking.boxes import (
    compute_area,
    compute_grown_overlap,
    compute_overlap,
    is_shown_whole,
    make_box,
    measure_box,
    shift_box,
)
from inference.tracking.kalman import Correction, correct, predict
from inference.tracking.state import DOUBT_EVERY_S, Place, Track, Tracks

__all__ = ["FAINTEST", "Track", "Tracks", "update_tracks"]

NO_THRESHOLDS: Mapping[str, float] = {}
FAINTEST = 0.25  # confidence below which a detection does not even keep a track alive
LEAST_OVERLAP = 0.3
SIDEWAYS, UPRIGHT = 1.0, 0.5  # of the uncertainty: what stands on the ground moves less up and down
LARGEST_GROWTH = 0.4  # of the longer side, on each side
SAME_THING = 0.4  # overlap from which a second box on what was just seen is no second thing
NEWCOMER_S = 0.3  # one seen once may be missed for this long, or once: most are false alarms
COVERED = 0.7  # share of a box that an analysed part must hold to miss it
FADE_S = 1.0  # a thing that is not where it should be has stopped: time in which its speed fades
UNSEEN_AT_MOST_S = 30.0  # even where no frame showed that place
STANDING_PATIENCE_S = 5.0  # nothing was seen to leave: rather the detector has missed it


def update_tracks(
    tracks: Tracks,
    detections: Sequence[Detection],
    media_s: float,
    *,
    threshold: float,
    patience_s: float,
    analysed_part: Box | None = None,
    label_thresholds: Mapping[str, float] = NO_THRESHOLDS,
) -> Tracks:
    """The tracks after a picture of `media_s`, of which only `analysed_part` was analysed if given.

    `label_thresholds` are those of labels that have one of their own instead of `threshold`.
    Tracks that were not found for over `patience_s` in frames that should show them are dropped.
    """
    predicted = [predict_track(track, media_s, analysed_part) for track in tracks.live]
    limits = [label_thresholds.get(one.label, threshold) for one in detections]
    judged = [(one, one.confidence >= limit) for one, limit in zip(detections, limits, strict=True)]
    sure = [one for one, is_sure in judged if is_sure]
    faint = [one for one, is_sure in judged if not is_sure]
    pairs, unseen, unknown = match(predicted, sure)
    found = [correct_track(track, detection, sure=True) for track, detection in pairs]
    pairs, unseen, _ = match(unseen, faint)
    found += [correct_track(track, detection, sure=False) for track, detection in pairs]
    fresh = [one for one in unknown if not is_second_box(one, found)]
    new = [begin_track(one, tracks.next_number + count, media_s) for count, one in enumerate(fresh)]
    steps = {track.number: media_s - track.at_s for track in tracks.live}
    kept = [one for one in unseen if is_awaited(one, patience_s, steps[one.number])]
    live = sorted(found + kept + new, key=lambda track: track.number)
    return Tracks(tuple(live), tracks.next_number + len(new))


def begin_track(detection: Detection, number: int, media_s: float) -> Track:
    """A track of something seen for the first time."""
    return Track(
        number=number,
        label=detection.label,
        confidence=detection.confidence,
        box=detection.box,
        velocity=(0.0, 0.0),
        sightings=1,
        seen_s=media_s,
        at_s=media_s,
        looked_s=media_s,
        place=Place(detection.box, media_s),
    )


def predict_track(track: Track, media_s: float, analysed_part: Box | None) -> Track:
    """The track moved on to `media_s` at its own speed, counted as missed until it is found."""
    if track.stands:
        return predict_standing(track, media_s, analysed_part)
    step_s = media_s - track.at_s
    is_missed = analysed_part is None or is_covered(analysed_part, track.box)
    fade = 1.0 if is_missed else max(0.0, 1 - step_s / FADE_S)
    right, down = track.velocity[0] * fade, track.velocity[1] * fade
    return Track(  # each frame makes two of each track: `replace` takes twice as long
        number=track.number,
        label=track.label,
        confidence=track.confidence,
        box=shift_box(track.box, right=right * step_s, down=down * step_s),
        velocity=(right, down),
        sightings=track.sightings,
        seen_s=track.seen_s,
        at_s=media_s,
        looked_s=media_s if is_missed else track.looked_s,
        place=track.place,
        missed_s=track.missed_s + step_s if is_missed else track.missed_s,
        uncertainty=predict(track.uncertainty, step_s),
    )


def predict_standing(track: Track, media_s: float, analysed_part: Box | None) -> Track:
    """What stands is where it was, however long ago that is, until a frame shows that it is not."""
    if not is_shown_whole(analysed_part, track.box):
        return replace(track, velocity=(0.0, 0.0), at_s=media_s)
    step_s = media_s - track.looked_s
    if track.missed_s == 0:
        step_s = min(DOUBT_EVERY_S, step_s)  # before that nobody looked
    return replace(
        track,
        velocity=(0.0, 0.0),
        at_s=media_s,
        looked_s=media_s,
        missed_s=track.missed_s + step_s,
        uncertainty=predict(track.uncertainty, step_s),
    )


def correct_track(track: Track, detection: Detection, *, sure: bool) -> Track:
    """A predicted track corrected by a detection."""
    step = correct(track.uncertainty, sure=sure)
    box, off_x, off_y = move_box(track.box, detection.box, step)
    return Track(
        number=track.number,
        label=track.label,
        confidence=detection.confidence,
        box=box,
        velocity=(
            track.velocity[0] + step.speed_gain * off_x,
            track.velocity[1] + step.speed_gain * off_y,
        ),
        sightings=track.sightings + sure,
        seen_s=track.at_s,
        at_s=track.at_s,
        looked_s=track.at_s,
        place=track.place.follow(box, track.at_s),
        uncertainty=step.uncertainty,
    )


def move_box(box: Box, found: Box, step: Correction) -> tuple[Box, float, float]:
    """A predicted box moved towards where it was found, and how far that was off (right, down)."""
    x, y, width, height = measure_box(box)
    found_x, found_y, found_width, found_height = measure_box(found)
    off_x, off_y = found_x - x, found_y - y
    moved = make_box(
        x + step.place_gain * off_x,
        y + step.place_gain * off_y,
        width + step.size_gain * (found_width - width),
        height + step.size_gain * (found_height - height),
    )
    return moved, off_x, off_y


def is_awaited(track: Track, patience_s: float, step_s: float) -> bool:
    """Whether an unseen track is kept; `step_s`: time since the frame before."""
    if track.stands:
        return track.missed_s <= max(patience_s, STANDING_PATIENCE_S)
    x, y, _, _ = measure_box(track.box)
    if not (0 < x < 1 and 0 < y < 1) or track.at_s - track.seen_s > UNSEEN_AT_MOST_S:
        return False
    if track.sightings == 1:
        patience_s = min(patience_s, max(NEWCOMER_S, 1.5 * step_s))
    return track.missed_s <= patience_s


def is_second_box(detection: Detection, seen: Sequence[Track]) -> bool:
    """Whether this is another box on something that was seen in the same frame."""
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


def is_covered(analysed_part: Box, box: Box) -> bool:
    """Whether the analysis of a part must find what is in `box`."""
    wide = min(analysed_part.right, box.right) - max(analysed_part.left, box.left)
    high = min(analysed_part.bottom, box.bottom) - max(analysed_part.top, box.top)
    return wide > 0 and high > 0 and wide * high >= COVERED * compute_area(box)
