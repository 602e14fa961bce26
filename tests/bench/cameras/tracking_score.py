"""Tracking scores: MOTA, IDF1 and switches, for ours and for the package `trackers`.

Reads and writes: nothing.
Never: counts itself: the figures are those of `trackers.eval` (after TrackEval), for all alike.

All get the same detections at the same times. The answer of a tracker to a
frame is the boxes of the things that it sees in it, with their numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from appliance.model_cameras import Box
from inference.tracking import track
from inference.tracking.boxes import compute_overlap
from tests.bench.cameras.tracking_scene import Frame

PATIENCE_S = 2.0
THRESHOLD = 0.45
CONFIRMED = 2  # sightings before a track counts, for all alike
SCALE = 1000.0  # fractions to pixels, as the package expects
RIVALS = ("ByteTrack", "SORT", "OC-SORT")

Answers = list[dict[int, Box]]


@dataclass(frozen=True, slots=True)
class Score:
    """`mota` and `idf1` as shares of 1; `switches`: how often a number passed to another."""

    mota: float
    idf1: float
    switches: int
    recall: float
    precision: float


def follow_ours(frames: Sequence[Frame]) -> Answers:
    """What inference/tracking/track.py makes of the frames."""
    tracks, answers = track.Tracks(), []
    for frame in frames:
        tracks = track.update_tracks(
            tracks, frame.detections, frame.media_s, threshold=THRESHOLD, patience_s=PATIENCE_S
        )
        answers.append(
            {
                one.number: one.box
                for one in tracks.live
                if one.seen_now and one.sightings >= CONFIRMED
            }
        )
    return answers


def make_rival(name: str, frames_per_s: float, least_iou: float) -> Any:
    """A tracker of the package with our threshold, our patience and the rate."""
    import trackers

    common = {
        "lost_track_buffer": round(PATIENCE_S * 30),
        "frame_rate": frames_per_s,
        "minimum_consecutive_frames": CONFIRMED,
        "minimum_iou_threshold": least_iou,
    }
    match name:
        case "ByteTrack":
            return trackers.ByteTrackTracker(
                track_activation_threshold=THRESHOLD, high_conf_det_threshold=THRESHOLD, **common
            )
        case "OC-SORT":
            return trackers.OCSORTTracker(high_conf_det_threshold=THRESHOLD, **common)
        case _:
            return trackers.SORTTracker(track_activation_threshold=THRESHOLD, **common)


def follow_rival(
    frames: Sequence[Frame], name: str, frames_per_s: float, least_overlap: float
) -> Answers:
    """What a tracker of the package makes of the frames."""
    import supervision

    tracker = make_rival(name, frames_per_s, least_overlap)
    answers = []
    for frame in frames:
        seen = frame.detections
        boxes = [[d.box.left, d.box.top, d.box.right, d.box.bottom] for d in seen]
        given = supervision.Detections(
            xyxy=np.array(boxes, np.float32).reshape(-1, 4) * SCALE,
            confidence=np.array([d.confidence for d in seen], np.float32),
            class_id=np.zeros(len(seen), int),
        )
        found = tracker.update(given, timestamp=frame.media_s)
        numbers = found.tracker_id if found.tracker_id is not None else []
        answers.append(
            {
                int(number): Box(*(float(side) / SCALE for side in box))
                for number, box in zip(numbers, found.xyxy, strict=True)
                if number >= 0
            }
        )
    return answers


def score(frames: Sequence[Frame], answers: Answers, counts: Callable[[Frame], bool]) -> Score:
    """The figures over those frames that `counts` names."""
    from trackers.eval import compute_clear_metrics, compute_identity_metrics

    pairs = [
        (frame.truth, answer)
        for frame, answer in zip(frames, answers, strict=True)
        if counts(frame)
    ]
    true = [np.array(list(truth), int) for truth, _ in pairs]
    given = [np.array(list(answer), int) for _, answer in pairs]
    overlaps = [
        np.array(
            [[compute_overlap(a, b) for b in answer.values()] for a in truth.values()]
        ).reshape(len(truth), len(answer))
        for truth, answer in pairs
    ]
    clear = compute_clear_metrics(true, given, overlaps)
    identity = compute_identity_metrics(true, given, overlaps)
    return Score(clear["MOTA"], identity["IDF1"], clear["IDSW"], clear["CLR_Re"], clear["CLR_Pr"])
