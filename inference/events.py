"""Turns tracks into events: what was there, when, how surely, and what looking at it cost.

Inputs: the stories so far, the tracks of one camera, the look they come from. Output: the stories
now, and those that ended. Pure.
Never: tells of a thing that was not seen often enough, and never keeps a thing to itself for long.

When is an event stored? Tables only grow, so an event is one row, written once: when the thing has
gone, when the watch ends (stop, lower energy level, camera gone), or when a part of the story is
full. The first part holds 60 picture seconds, each next part twice as much, at most an hour: a
power cut costs at most the running part, and a car parked all day makes 30 rows, not 1440.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.model import Box, EnergyLevel, Event, Stamp, Tier
from inference.look import Look
from inference.track import Track, Tracks

FIRST_PART_S = 60.0
LONGEST_PART_S = 3600.0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Why and with what was looked; written into each event."""

    reason: str
    energy_level: EnergyLevel
    tier: Tier
    provider: str
    model_digest: str
    threshold: float
    energy_per_frame_j: float


@dataclass(frozen=True, slots=True)
class Story:
    """One track's event in the making. `best` is the look with its surest sighting.

    `part` counts from 0; `before` is the event that holds the part before this one.
    """

    event_id: str
    track: Track
    circumstances: Circumstances
    first: Stamp
    first_s: float
    last: datetime
    frames: int
    best: Look
    confidence: float
    box: Box
    part: int = 0
    before: str | None = None

    @property
    def full(self) -> bool:
        """Whether this part is long enough to be stored although the thing is still there."""
        part_s: float = min(LONGEST_PART_S, FIRST_PART_S * 2**self.part)
        return self.track.at_s - self.first_s >= part_s


Stories = Mapping[int, Story]


def follow(
    stories: Stories, tracks: Tracks, look: Look, circumstances: Circumstances, after_frames: int
) -> tuple[dict[int, Story], list[Story]]:
    """The stories after one look, and those that ended with it and are to be told.

    A track that is seen `after_frames` times becomes an event; one that is gone ends its story.
    """
    now: dict[int, Story] = {}
    ended: list[Story] = []
    for track in tracks.live:
        story = stories.get(track.number)
        if story is None or (story.full and track.seen_now):
            ended += [story] if story else []
            now[track.number] = begin(track, look, circumstances, story)
        else:
            now[track.number] = continued(story, track, look)
    live = {track.number for track in tracks.live}
    ended += [story for number, story in stories.items() if number not in live]
    return now, [story for story in ended if is_event(story, after_frames)]


def finished(stories: Stories, after_frames: int) -> list[Story]:
    """What is to be told of the running stories when the watch ends now."""
    return [story for story in stories.values() if is_event(story, after_frames)]


def is_event(story: Story, after_frames: int) -> bool:
    """Whether the thing was seen, surely, often enough."""
    return story.part > 0 or story.track.sightings >= after_frames


def begin(
    track: Track, look: Look, circumstances: Circumstances, before: Story | None = None
) -> Story:
    """A new story, or the next part of one."""
    stamp = look.picture.stamp
    part = before.part + 1 if before else 0
    return Story(
        event_id(stamp, look.picture.camera, track.number, part),
        track,
        circumstances,
        first=stamp,
        first_s=track.at_s,
        last=stamp.utc,
        frames=1,
        best=look,
        confidence=track.confidence,
        box=track.box,
        part=part,
        before=before.event_id if before else None,
    )


def continued(story: Story, track: Track, look: Look) -> Story:
    """The story after one more look: counted and kept if it is the best so far."""
    if not track.seen_now:
        return replace(story, track=track)
    story = replace(story, track=track, frames=story.frames + 1, last=look.picture.stamp.utc)
    if track.confidence <= story.confidence:
        return story
    return replace(story, best=look, confidence=track.confidence, box=track.box)


def told(story: Story, snapshot: str | None) -> Event:
    """The row of a story. Its energy is modelled: frames in which the thing was seen."""
    why = story.circumstances
    return Event(
        stamp=story.first,
        event_id=story.event_id,
        camera=story.best.picture.camera,
        label=story.track.label,
        confidence=story.confidence,
        last_seen=story.last,
        frames=story.frames,
        box=story.box,
        snapshot=snapshot,
        model_digest=why.model_digest,
        tier=why.tier,
        provider=why.provider,
        threshold=why.threshold,
        energy_level=why.energy_level,
        energy_j=story.frames * why.energy_per_frame_j,
        energy_measured=False,
        reason=reason(story),
    )


def reason(story: Story) -> str:
    """Why this was looked at, in one sentence."""
    sentence = f"watched because {story.circumstances.reason}"
    return f"{sentence}; it was still there after {story.before}" if story.before else sentence


def event_id(stamp: Stamp, camera: str, track: int, part: int) -> str:
    """Unique and in the order of time as text: time, camera, boot, track and part.

    The boot is in it because a unit without a clock battery may live through the same second twice.
    """
    when = f"{stamp.utc:%Y%m%dT%H%M%SZ}"
    return f"{when}-{camera}-{stamp.boot_id[-4:]}-{track}" + (f".{part}" if part else "")
