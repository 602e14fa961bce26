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

from inference.detection.frame_result import Look
from inference.events import draft as tale
from inference.events.draft import Circumstances, Story, told
from inference.events.rate_limit import Burst
from inference.events.rules import Claim, Key, Memory, Rules, judge
from inference.tracking.track import Tracks

__all__ = ["Circumstances", "Stories", "Story", "ended", "finished", "follow", "told"]

LEAST_LOOKS = 2  # in a zone: one look may be the jitter of a box
NO_RULES = Rules()
THERE = ""  # the tag of being there


@dataclass(frozen=True, slots=True)
class Stories:
    """All that one camera has to tell, or may have: by track and rule, and what leads to it.

    `gathered_ids` are the events that this look has put among others: nobody needs their films.
    """

    running: Mapping[Key, Story] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    bursts: Mapping[str, Burst] = field(default_factory=dict)
    gathered_ids: tuple[str, ...] = ()


def follow(
    stories: Stories,
    tracks: Tracks,
    look: Look,
    why: Circumstances,
    after_frames: int,
    rules: Rules = NO_RULES,
    patience_s: float = 2.0,
) -> tuple[Stories, list[Story]]:
    """The stories after one look, and those that are to be told now.

    A thing must be seen `after_frames` times. `patience_s`: for so long it may seem to have left a
    zone.
    """
    now_s = look.picture.media_s
    memory, claims = judge(stories.memory, rules, tracks, now_s, patience_s, after_frames)
    there = [Claim((one.number, THERE), one, "", 0, one.seen_now) for one in tracks.live]
    share_j = why.energy_per_frame_j / max(1, sum(one.seen_now for one in tracks.live))
    now: dict[Key, Story] = {}
    over: list[Story] = []
    for claim in (*there, *claims):
        before = stories.running.get(claim.key)
        if claim.at_once:
            so_far = now[claim.track.number, THERE]
            now[claim.key] = tale.happened(claim, look, so_far)
        elif before is None:
            now[claim.key] = tale.begin(claim, look, why, share_j)
        elif before.full and claim.seen and is_event(before, after_frames):
            over.append(before)
            now[claim.key] = tale.begin(claim, look, why, share_j, before)
        else:
            now[claim.key] = tale.continued(before, claim, look, why, share_j)
    live = {track.number: track for track in tracks.live}
    for key, story in stories.running.items():
        if key not in now and story.is_over and key[0] in live:
            now[key] = replace(story, track=live[key[0]])  # seen too seldom so far
        elif key not in now:
            over.append(story)
    passed = {key for key, one in now.items() if one.is_over and is_event(one, after_frames)}
    over += [now.pop(key) for key in sorted(passed)]
    over = meant(over, rules, after_frames)
    bursts, telling = limited(stories.bursts, over, look.picture.stamp.uptime_s)
    return Stories(now, memory, bursts, gathered(over, telling)), telling


def finished(stories: Stories, after_frames: int, rules: Rules = NO_RULES) -> list[Story]:
    """What would be told of the running stories if the watch ended now."""
    return meant(stories.running.values(), rules, after_frames)


def ended(
    stories: Stories, after_frames: int, rules: Rules = NO_RULES, *, for_good: bool = False
) -> tuple[Stories, list[Story]]:
    """The watch ends: nothing runs any more; what is to be told of it.

    `for_good`: nothing more will come for long, so that what was gathered is told too.
    """
    over = finished(stories, after_frames, rules)
    now_s = max((one.best.picture.stamp.uptime_s for one in over), default=0.0)
    bursts, telling = limited(stories.bursts, over, now_s)
    if for_good:
        for tag, burst in bursts.items():
            bursts[tag], rest = burst.flushed()
            telling += rest
    return Stories(bursts=bursts, gathered_ids=gathered(over, telling)), telling


def meant(over: Iterable[Story], rules: Rules, after_frames: int) -> list[Story]:
    """The events among stories: where there are rules, being there is none."""
    return [one for one in over if bool(one.tag) == bool(rules) and is_event(one, after_frames)]


def is_event(story: Story, after_frames: int) -> bool:
    """Whether the thing was seen, surely, often enough, and did what its rule says."""
    if story.before is not None:
        return True
    often = story.track.sightings >= after_frames
    return story.ripe and often and story.frames >= min(LEAST_LOOKS, after_frames)


def gathered(over: list[Story], telling: list[Story]) -> tuple[str, ...]:
    """Which events are not told by themselves."""
    told_ids = {one.event_id for one in telling}
    return tuple(one.event_id for one in over if one.event_id not in told_ids)


def limited(
    bursts: Mapping[str, Burst], over: list[Story], now_s: float
) -> tuple[dict[str, Burst], list[Story]]:
    """What is told now of stories that are over, each rule by itself."""
    after = dict(bursts)
    telling: list[Story] = []
    for tag in sorted({*after, *(one.tag for one in over)}):
        mine = [one for one in over if one.tag == tag]
        after[tag], alone = after.get(tag, Burst()).limited(mine, now_s)
        telling += alone
    return after, telling
