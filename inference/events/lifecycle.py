"""Turns tracks into events: which are told, and when.

Inputs: the stories so far, the tracks of one camera, the look they come from, the camera's rules.
Output: the stories now, and those that are to be told. Pure.
Never: tells of a thing that was not seen often enough, and never keeps a thing to itself for long.

When is an event stored? Tables only grow, so an event is one row, written once: when the thing has
gone, when the watch ends (stop, lower energy level, camera gone), or when a part of the story is
full. The first part holds 60 picture seconds, each next part twice as much, at most an hour: a
power cut costs at most the running part, and a car parked all day makes 30 rows, not 1440.

A camera with zones or lines tells only what they say (inference/events/rules.py). Who walks over a
line is told at once; who is in a zone, when he has left it. Where very many are to be told, they
are gathered (inference/events/rate_limit.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from inference.detection.frame_result import FrameResult
from inference.events import draft as tale
from inference.events.draft import Circumstances, EventDraft, make_event
from inference.events.rate_limit import RateLimit
from inference.events.rules import Key, RuleMatch, Rules, RuleState, apply_rules
from inference.tracking.track import Tracks

__all__ = [
    "Circumstances",
    "EventDraft",
    "EventDrafts",
    "end_drafts",
    "make_event",
    "select_running",
    "update_drafts",
]

LEAST_FRAMES = 2  # in a zone: one look may be the jitter of a box
NO_RULES = Rules()
THERE = ""  # the tag of being there


@dataclass(frozen=True, slots=True)
class EventDrafts:
    """All that one camera has to tell, or may have: by track and rule, and what leads to it.

    `gathered_ids` are the events that this look has put among others: nobody needs their films.
    """

    running: Mapping[Key, EventDraft] = field(default_factory=dict)
    rule_state: RuleState = field(default_factory=RuleState)
    rate_limits: Mapping[str, RateLimit] = field(default_factory=dict)
    merged_ids: tuple[str, ...] = ()


def update_drafts(
    drafts: EventDrafts,
    tracks: Tracks,
    result: FrameResult,
    circumstances: Circumstances,
    after_frames: int,
    rules: Rules = NO_RULES,
    patience_s: float = 2.0,
) -> tuple[EventDrafts, list[EventDraft]]:
    """The stories after one look, and those that are to be told now.

    A thing must be seen `after_frames` times. `patience_s`: for so long it may seem to have left a
    zone.
    """
    now_s = result.picture.media_s
    memory, claims = apply_rules(drafts.rule_state, rules, tracks, now_s, patience_s, after_frames)
    there = [RuleMatch((one.number, THERE), one, "", 0, one.seen_now) for one in tracks.live]
    share_j = circumstances.energy_per_frame_j / max(1, sum(one.seen_now for one in tracks.live))
    now: dict[Key, EventDraft] = {}
    over: list[EventDraft] = []
    for claim in (*there, *claims):
        before = drafts.running.get(claim.key)
        if claim.is_instant:
            so_far = now[claim.track.number, THERE]
            now[claim.key] = tale.make_instant_draft(claim, result, so_far)
        elif before is None:
            now[claim.key] = tale.begin_draft(claim, result, circumstances, share_j)
        elif before.is_full and claim.seen and is_event(before, after_frames):
            over.append(before)
            now[claim.key] = tale.begin_draft(claim, result, circumstances, share_j, before)
        else:
            now[claim.key] = tale.continue_draft(before, claim, result, circumstances, share_j)
    live = {track.number: track for track in tracks.live}
    for key, story in drafts.running.items():
        if key not in now and story.is_over and key[0] in live:
            now[key] = replace(story, track=live[key[0]])  # seen too seldom so far
        elif key not in now:
            over.append(story)
    passed = {key for key, one in now.items() if one.is_over and is_event(one, after_frames)}
    over += [now.pop(key) for key in sorted(passed)]
    over = select_events(over, rules, after_frames)
    bursts, telling = limit_rate(drafts.rate_limits, over, result.picture.stamp.uptime_s)
    return EventDrafts(now, memory, bursts, list_merged_ids(over, telling)), telling


def select_running(
    drafts: EventDrafts, after_frames: int, rules: Rules = NO_RULES
) -> list[EventDraft]:
    """What would be told of the running stories if the watch ended now."""
    return select_events(drafts.running.values(), rules, after_frames)


def end_drafts(
    drafts: EventDrafts, after_frames: int, rules: Rules = NO_RULES, *, for_good: bool = False
) -> tuple[EventDrafts, list[EventDraft]]:
    """The watch ends: nothing runs any more; what is to be told of it.

    `for_good`: nothing more will come for long, so that what was gathered is told too.
    """
    over = select_running(drafts, after_frames, rules)
    now_s = max((one.best.picture.stamp.uptime_s for one in over), default=0.0)
    bursts, telling = limit_rate(drafts.rate_limits, over, now_s)
    if for_good:
        for tag, burst in bursts.items():
            bursts[tag], rest = burst.flush()
            telling += rest
    return EventDrafts(rate_limits=bursts, merged_ids=list_merged_ids(over, telling)), telling


def select_events(over: Iterable[EventDraft], rules: Rules, after_frames: int) -> list[EventDraft]:
    """The events among stories: where there are rules, being there is none."""
    return [one for one in over if bool(one.tag) == bool(rules) and is_event(one, after_frames)]


def is_event(draft: EventDraft, after_frames: int) -> bool:
    """Whether the thing was seen, surely, often enough, and did what its rule says."""
    if draft.previous_id is not None:
        return True
    often = draft.track.sightings >= after_frames
    return draft.is_fulfilled and often and draft.frames >= min(LEAST_FRAMES, after_frames)


def list_merged_ids(over: list[EventDraft], telling: list[EventDraft]) -> tuple[str, ...]:
    """Which events are not told by themselves."""
    told_ids = {one.event_id for one in telling}
    return tuple(one.event_id for one in over if one.event_id not in told_ids)


def limit_rate(
    bursts: Mapping[str, RateLimit], over: list[EventDraft], now_s: float
) -> tuple[dict[str, RateLimit], list[EventDraft]]:
    """What is told now of stories that are over, each rule by itself."""
    after = dict(bursts)
    telling: list[EventDraft] = []
    for tag in sorted({*after, *(one.tag for one in over)}):
        mine = [one for one in over if one.tag == tag]
        after[tag], alone = after.get(tag, RateLimit()).apply(mine, now_s)
        telling += alone
    return after, telling
