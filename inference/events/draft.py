"""The draft of one event: label, time, confidence, best frame, and the energy of its frames.

Inputs: the draft so far, a rule that matches, the analysed frame. Output: the draft now; its row.
Pure.
Never: decides whether a draft is published (inference/events/lifecycle.py does).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from appliance.media.frames import SUB
from appliance.model import EnergyLevel, Stamp
from appliance.model_cameras import Box, Event, Tier
from appliance.wording.rule_zone import find_zone_name
from appliance.wording.sentence import join_sentences, say
from inference.detection.frame_result import FrameResult
from inference.events.rules import RuleMatch
from inference.tracking.state import LOOK_EVERY_S, Track

FIRST_PART_S = 60.0
LONGEST_PART_S = 3600.0
FIRST_FRAMES = 3  # what had woken the camera by then has woken it for this thing
EDGE = 0.01  # of the picture: a box that comes so near to its edge is cut there
CUT_FACTOR = 0.5  # of the score of a whole thing
SUB_FACTOR = 0.5  # of the score of the same picture in the main stream
LARGE_ENOUGH = 0.4  # longer side of a box, as a fraction: a larger one shows no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Why and with what a frame was analysed; written into each event.

    `energy_per_frame_j` is the energy of this frame: decoding, loading and the run of the model.
    """

    reason: str
    energy_level: EnergyLevel
    tier: Tier
    provider: str
    model_digest: str
    threshold: float
    energy_per_frame_j: float
    label_thresholds: Mapping[str, float] = field(default_factory=dict)

    def find_threshold(self, label: str) -> float:
        """The confidence from which a thing of this label counted."""
        return self.label_thresholds.get(label, self.threshold)


@dataclass(frozen=True, slots=True)
class EventDraft:
    """The draft of one thing's event, or of all things in a zone together.

    `circumstances` are those of the first frame; `best` is the frame that shows it best, with
    `box` and `best_circumstances` of that frame. `part` counts from 0; `previous_id` is the event
    of the part before. `is_fulfilled`: its rule is fulfilled by now. `is_over`: it ended as it
    began. `merged` counts the drafts that the rate limit has merged into this one.
    """

    event_id: str
    track: Track
    circumstances: Circumstances
    first: Stamp
    first_s: float
    last: datetime
    frames: int
    best: FrameResult
    snapshot_score: float
    box: Box
    best_circumstances: Circumstances
    confidence: float
    first_confidence: float
    confidence_sum: float
    energy_j: float
    energy_measured: bool
    woken_by: str
    tag: str = ""
    rule: str = ""
    rank: float = 0.0
    is_fulfilled: bool = True
    is_over: bool = False
    drops: int = 0
    part: int = 0
    previous_id: str | None = None
    merged: int = 0
    merge_reason: str = ""

    @property
    def is_full(self) -> bool:
        """Whether this part is long enough to be stored although the thing is still there."""
        part_s: float = min(LONGEST_PART_S, FIRST_PART_S * 2**self.part)
        return self.track.at_s - self.first_s >= part_s


def begin_draft(
    match: RuleMatch,
    result: FrameResult,
    circumstances: Circumstances,
    share_j: float,
    previous: EventDraft | None = None,
) -> EventDraft:
    """A new draft, or the next part of `previous`. `share_j`: its share of the frame's energy."""
    stamp, track = result.picture.stamp, match.track
    part = previous.part + 1 if previous else 0
    return EventDraft(
        make_event_id(stamp, result.picture.camera, match.key, part),
        track,
        circumstances,
        first=stamp,
        first_s=track.at_s,
        last=stamp.utc,
        frames=1,
        best=result,
        snapshot_score=score_snapshot(track.box, track.confidence, result.picture.stream),
        box=track.box,
        best_circumstances=circumstances,
        confidence=track.confidence,
        first_confidence=track.confidence,
        confidence_sum=track.confidence,
        energy_j=share_j,
        energy_measured=result.cost.measured,
        woken_by=previous.woken_by if previous else result.picture.woken_by,
        tag=match.tag,
        rule=match.text,
        rank=match.rank,
        is_fulfilled=match.is_fulfilled,
        part=part,
        previous_id=previous.event_id if previous else None,
    )


def make_instant_draft(match: RuleMatch, result: FrameResult, so_far: EventDraft) -> EventDraft:
    """The draft of an event without duration, such as a crossing, with all that was seen so far."""
    stamp = result.picture.stamp
    return replace(
        so_far,
        event_id=make_event_id(stamp, result.picture.camera, match.key, 0),
        first=stamp,
        first_s=match.track.at_s,
        last=stamp.utc,
        tag=match.tag,
        rule=match.text,
        is_over=True,
        part=0,
        previous_id=None,
    )


def continue_draft(
    draft: EventDraft,
    match: RuleMatch,
    result: FrameResult,
    circumstances: Circumstances,
    share_j: float,
) -> EventDraft:
    """The draft after one more frame, which becomes `best` if it shows the thing best so far."""
    is_higher = match.rank >= draft.rank
    changes: dict[str, Any] = {
        "track": match.track,
        "rule": match.text if is_higher else draft.rule,
        "rank": match.rank if is_higher else draft.rank,
        "is_fulfilled": draft.is_fulfilled or match.is_fulfilled,
        "drops": draft.drops + result.missed,
    }
    if match.seen:
        changes |= count_frame(draft, match.track, result, circumstances, share_j)
    return replace(draft, **changes)  # once: there are many fields, and a draft for each thing


def count_frame(
    draft: EventDraft,
    track: Track,
    result: FrameResult,
    circumstances: Circumstances,
    share_j: float,
) -> dict[str, Any]:
    """What one more frame that shows its thing changes in a draft."""
    is_first = not draft.woken_by and draft.part == 0 and draft.frames < FIRST_FRAMES
    changes: dict[str, Any] = {
        "frames": draft.frames + 1,
        "last": result.picture.stamp.utc,
        "confidence": max(draft.confidence, track.confidence),
        "confidence_sum": draft.confidence_sum + track.confidence,
        "energy_j": draft.energy_j + share_j,
        "energy_measured": draft.energy_measured and result.cost.measured,
        "woken_by": result.picture.woken_by if is_first else draft.woken_by,
    }
    score = score_snapshot(track.box, track.confidence, result.picture.stream)
    if score > draft.snapshot_score:
        changes |= {
            "best": result,
            "snapshot_score": score,
            "box": track.box,
            "best_circumstances": circumstances,
        }
    return changes


def score_snapshot(box: Box, confidence: float, stream: str = "") -> float:
    """How well a frame shows a thing to a person: sure, large, not cut by the edge, sharp.

    The confidence, times the square root of the size (a box twice as large is not twice as good),
    halved where the box is cut, and in a picture of the camera's sub stream.
    """
    longer = max(box.right - box.left, box.bottom - box.top)
    is_cut = min(box.left, box.top, 1 - box.right, 1 - box.bottom) <= EDGE
    size = math.sqrt(min(1.0, max(0.0, longer) / LARGE_ENOUGH))
    sharpness = SUB_FACTOR if stream == SUB else 1.0
    return confidence * size * (CUT_FACTOR if is_cut else 1.0) * sharpness


def make_event(draft: EventDraft, snapshot: str | None, clip: str | None = None) -> Event:
    """The row of a draft; `snapshot` and `clip` are paths below the data directory."""
    return Event(
        stamp=draft.first,
        event_id=draft.event_id,
        camera=draft.best.picture.camera,
        label=draft.track.label,
        confidence=draft.confidence,
        last_seen=draft.last,
        frames=draft.frames,
        box=draft.box,
        snapshot=snapshot,
        model_digest=draft.best_circumstances.model_digest,
        tier=draft.best_circumstances.tier,
        provider=draft.best_circumstances.provider,
        threshold=draft.best_circumstances.find_threshold(draft.track.label),
        energy_level=draft.circumstances.energy_level,
        energy_j=draft.energy_j,
        energy_measured=draft.energy_measured,
        reason=format_reason(draft),
        rule=draft.rule,
        clip=clip,
        woken_by=draft.woken_by,
        drops=draft.drops,
        scores={
            "first": draft.first_confidence,
            "mean": draft.confidence_sum / draft.frames,
            "best": draft.confidence,
        },
        stream=draft.best.picture.stream,
        zone=find_zone_name(draft.rule),
    )


def format_reason(draft: EventDraft) -> str:
    """Why the frames of this event were analysed, in one sentence."""
    parts: list[str] = [say("analysed because {reason}", reason=draft.circumstances.reason)]
    if draft.best.looks > 1:
        parts.append(say("found by a second look at the picture, smaller"))
    if draft.track.stands:
        parts.append(
            say(
                "it stands still: looked at where something moves, else each {every_s:g} s",
                every_s=LOOK_EVERY_S,
            )
        )
    if draft.previous_id:
        parts.append(say("it was still there after {event_id}", event_id=draft.previous_id))
    if draft.merged:
        parts.append(
            say(
                "{merged} more are merged into it: {reason}",
                merged=draft.merged,
                reason=draft.merge_reason,
            )
        )
    return join_sentences("; ", parts)


def make_event_id(stamp: Stamp, camera: str, key: tuple[int, str], part: int) -> str:
    """Unique and in the order of time as text: time, camera, boot, track, rule and part.

    The boot is in it because a unit without a clock battery may live through the same second twice.
    """
    when = f"{stamp.utc:%Y%m%dT%H%M%SZ}"
    track, tag = key
    return f"{when}-{camera}-{stamp.boot_id[-4:]}-{track}{tag}" + (f".{part}" if part else "")
