"""Turns tracks into events: which are stored, and when.

Inputs: the event drafts so far, the tracks of one camera, the frame they come from, the camera's
rules. Output: the drafts now, and those that are ready to be published. Pure.
Never: publishes a thing that was not seen often enough, and never keeps one back for long.

Tables only grow, so an event is one row, written once: when the thing has gone, when the analysis
ends (stop, lower energy level, camera gone), or when a part of a long event is full. The first part
holds 60 picture seconds, each next part twice as much, at most an hour: a power cut costs at most
the running part, and a car parked all day makes 30 rows, not 1440.

A camera with zones or lines has only the events that these define (inference/events/rules.py). A
crossing of a line is published at once; a stay in a zone, when the thing has left it. Where there
are very many, they are merged (inference/events/rate_limit.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from inference.detection.frame_result import FrameResult
from inference.events.draft import (
    Circumstances,
    EventDraft,
    begin_draft,
    continue_draft,
    make_event,
    make_instant_draft,
)
from inference.events.rate_limit import Burst, Kind, RateLimit, limit_rate
from inference.events.rules import Key, RuleMatch, Rules, RuleState, apply_rules
from inference.tracking.state import Tracks

__all__ = [
    "Circumstances",
    "EventDraft",
    "EventDrafts",
    "end_drafts",
    "make_event",
    "select_running",
    "update_drafts",
]

LEAST_FRAMES = 2  # in a zone: one frame may be the jitter of a box
NO_RULES = Rules()
USUAL_BURST = Burst()
PRESENT = ""  # the tag of being in the picture at all


@dataclass(frozen=True, slots=True)
class EventDrafts:
    """All drafts of one camera, by track and rule, and what its rules and rate limits remember.

    `merged_ids` are the events that this frame merged into others: nobody needs their clips.
    """

    running: Mapping[Key, EventDraft] = field(default_factory=dict)
    rule_state: RuleState = field(default_factory=RuleState)
    rate_limits: Mapping[Kind, RateLimit] = field(default_factory=dict)
    merged_ids: tuple[str, ...] = ()


def update_drafts(
    drafts: EventDrafts,
    tracks: Tracks,
    result: FrameResult,
    circumstances: Circumstances,
    *,
    after_frames: int,
    rules: Rules = NO_RULES,
    patience_s: float = 2.0,
    burst: Burst = USUAL_BURST,
) -> tuple[EventDrafts, list[EventDraft]]:
    """The drafts after one analysed frame, and those that are to be published now.

    A thing must be seen `after_frames` times. `patience_s`: for so long it may seem to have left a
    zone. `burst`: how many events are published one by one.

        drafts, ready = update_drafts(drafts, tracks, result, circumstances, after_frames=3)
        rows = [make_event(draft, snapshot=None) for draft in ready]
    """
    rule_state, matches = apply_rules(
        drafts.rule_state,
        rules,
        tracks,
        now_s=result.picture.media_s,
        patience_s=patience_s,
        after_frames=after_frames,
    )
    matches = [*match_presence(tracks), *matches]
    running, full = extend_drafts(drafts.running, matches, result, circumstances, after_frames)
    kept, ended = split_unmatched(drafts.running, running, tracks)
    running |= kept
    crossed = sorted(key for key, one in running.items() if is_instant_event(one, after_frames))
    over = [*full, *ended, *(running.pop(key) for key in crossed)]
    over = select_events(over, rules, after_frames)
    limits, ready = limit_rate(drafts.rate_limits, over, result.picture.stamp.uptime_s, burst)
    return EventDrafts(running, rule_state, limits, list_merged_ids(over, ready)), ready


def match_presence(tracks: Tracks) -> list[RuleMatch]:
    """Each thing's match for being in the picture, which needs no rule."""
    return [
        RuleMatch((one.number, PRESENT), one, text="", rank=0, seen=one.seen_now)
        for one in tracks.live
    ]


def extend_drafts(
    before: Mapping[Key, EventDraft],
    matches: Iterable[RuleMatch],
    result: FrameResult,
    circumstances: Circumstances,
    after_frames: int,
) -> tuple[dict[Key, EventDraft], list[EventDraft]]:
    """The drafts of all rules that match now, and full parts, after which a next part begins.

    `matches` begin with those of `match_presence`: they share the energy of the frame.
    """
    matches = list(matches)
    seen = sum(one.seen and one.tag == PRESENT for one in matches)
    share_j = circumstances.energy_per_frame_j / max(1, seen)
    running: dict[Key, EventDraft] = {}
    full: list[EventDraft] = []
    for match in matches:
        previous = before.get(match.key)
        if match.is_instant:
            so_far = running[match.track.number, PRESENT]
            draft = make_instant_draft(match, result, so_far)
        elif previous is None:
            draft = begin_draft(match, result, circumstances, share_j)
        elif previous.is_full and match.seen and is_event(previous, after_frames):
            full.append(previous)
            draft = begin_draft(match, result, circumstances, share_j, previous)
        else:
            draft = continue_draft(previous, match, result, circumstances, share_j)
        running[match.key] = draft
    return running, full


def split_unmatched(
    before: Mapping[Key, EventDraft], running: Mapping[Key, EventDraft], tracks: Tracks
) -> tuple[dict[Key, EventDraft], list[EventDraft]]:
    """Drafts that match no rule any more: those that are kept, and those that have ended.

    A crossing is kept while its thing is followed: it may have been seen too seldom so far.
    """
    live = {track.number: track for track in tracks.live}
    kept: dict[Key, EventDraft] = {}
    ended: list[EventDraft] = []
    for key, draft in before.items():
        if key in running:
            continue
        if draft.is_over and key[0] in live:
            kept[key] = replace(draft, track=live[key[0]])
        else:
            ended.append(draft)
    return kept, ended


def select_running(
    drafts: EventDrafts, after_frames: int, rules: Rules = NO_RULES
) -> list[EventDraft]:
    """The running drafts that would be published if the analysis ended now."""
    return select_events(drafts.running.values(), rules, after_frames)


def end_drafts(
    drafts: EventDrafts,
    after_frames: int,
    rules: Rules = NO_RULES,
    *,
    for_good: bool = False,
    burst: Burst = USUAL_BURST,
) -> tuple[EventDrafts, list[EventDraft]]:
    """The analysis ends: no draft runs any more; returns those that are to be published.

    `for_good`: nothing more will come for long, so merged events are published too.
    """
    over = select_running(drafts, after_frames, rules)
    now_s = max((one.best.picture.stamp.uptime_s for one in over), default=0.0)
    limits, ready = limit_rate(drafts.rate_limits, over, now_s, burst)
    if for_good:
        for kind, limit in limits.items():
            limits[kind], rest = limit.flush()
            ready += rest
    return EventDrafts(rate_limits=limits, merged_ids=list_merged_ids(over, ready)), ready


def select_events(over: Iterable[EventDraft], rules: Rules, after_frames: int) -> list[EventDraft]:
    """The drafts that are events: where there are rules, being in the picture is none."""
    return [one for one in over if bool(one.tag) == bool(rules) and is_event(one, after_frames)]


def is_event(draft: EventDraft, after_frames: int) -> bool:
    """Whether the thing was seen, surely, often enough, and its rule is fulfilled."""
    if draft.previous_id is not None:
        return True
    often = draft.track.sightings >= after_frames
    return draft.is_fulfilled and often and draft.frames >= min(LEAST_FRAMES, after_frames)


def is_instant_event(draft: EventDraft, after_frames: int) -> bool:
    """Whether this is an event that was over as it began, such as a crossing."""
    return draft.is_over and is_event(draft, after_frames)


def list_merged_ids(over: list[EventDraft], ready: list[EventDraft]) -> tuple[str, ...]:
    """The events that are not published by themselves."""
    ready_ids = {one.event_id for one in ready}
    return tuple(one.event_id for one in over if one.event_id not in ready_ids)
