"""One event in the making: what was there, since when, how surely, and what looking at it cost.

Inputs: the story so far, a rule that holds, the look it comes from. Output: the story now; its row.
Pure.
Never: decides whether a story is told (inference/events/lifecycle.py does).
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.model import Box, EnergyLevel, Event, Stamp, Tier
from inference.detection.frame_result import Look
from inference.events.rules import Claim
from inference.tracking.track import Track

FIRST_PART_S = 60.0
LONGEST_PART_S = 3600.0
FIRST_LOOKS = 3  # whoever noticed something by then has woken the camera for it
EDGE = 0.01  # of the picture: a box that comes so near to its edge is cut there
CUT_WORTH = 0.5  # of a whole one
LARGE_ENOUGH = 0.4  # longer side of a box, in fractions: from there larger shows no more


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Why and with what was looked; written into each event.

    `energy_per_frame_j` is what this look cost, with all that was done to get it.
    """

    reason: str
    energy_level: EnergyLevel
    tier: Tier
    provider: str
    model_digest: str
    threshold: float
    energy_per_frame_j: float


@dataclass(frozen=True, slots=True)
class Story:
    """One thing's event in the making, or that of all in a zone together.

    `circumstances` are those of the first look; `best` is the look that shows it best, with
    `box` and `found` (the circumstances) of that look. `part` counts from 0; `before` is the event
    that tells the part before this one. `ripe`: its rule holds by now. `is_over`: it ended as it
    began. `others` are stories that are told with it.
    """

    event_id: str
    track: Track
    circumstances: Circumstances
    first: Stamp
    first_s: float
    last: datetime
    frames: int
    best: Look
    worth: float
    box: Box
    found: Circumstances
    confidence: float
    first_confidence: float
    confidence_sum: float
    energy_j: float
    energy_measured: bool
    woken_by: str
    tag: str = ""
    rule: str = ""
    rank: float = 0.0
    ripe: bool = True
    is_over: bool = False
    drops: int = 0
    part: int = 0
    before: str | None = None
    others: int = 0
    others_reason: str = ""

    @property
    def full(self) -> bool:
        """Whether this part is long enough to be stored although the thing is still there."""
        part_s: float = min(LONGEST_PART_S, FIRST_PART_S * 2**self.part)
        return self.track.at_s - self.first_s >= part_s


def begin(
    claim: Claim, look: Look, why: Circumstances, share_j: float, before: Story | None = None
) -> Story:
    """A new story, or the next part of one. `share_j`: this thing's share of the look's cost."""
    stamp, track = look.picture.stamp, claim.track
    part = before.part + 1 if before else 0
    return Story(
        event_id(stamp, look.picture.camera, claim.key, part),
        track,
        why,
        first=stamp,
        first_s=track.at_s,
        last=stamp.utc,
        frames=1,
        best=look,
        worth=worth(track.box, track.confidence),
        box=track.box,
        found=why,
        confidence=track.confidence,
        first_confidence=track.confidence,
        confidence_sum=track.confidence,
        energy_j=share_j,
        energy_measured=look.cost.measured,
        woken_by=before.woken_by if before else look.picture.woken_by,
        tag=claim.tag,
        rule=claim.words,
        rank=claim.rank,
        ripe=claim.ripe,
        part=part,
        before=before.event_id if before else None,
    )


def happened(claim: Claim, look: Look, so_far: Story) -> Story:
    """The story of something that is over as it happens, told with all that was seen so far."""
    stamp = look.picture.stamp
    return replace(
        so_far,
        event_id=event_id(stamp, look.picture.camera, claim.key, 0),
        first=stamp,
        first_s=claim.track.at_s,
        last=stamp.utc,
        tag=claim.tag,
        rule=claim.words,
        is_over=True,
        part=0,
        before=None,
    )


def continued(story: Story, claim: Claim, look: Look, why: Circumstances, share_j: float) -> Story:
    """The story after one more look: counted, and kept if it shows the thing best so far."""
    track = claim.track
    words = (claim.words, claim.rank) if claim.rank >= story.rank else (story.rule, story.rank)
    story = replace(
        story,
        track=track,
        rule=words[0],
        rank=words[1],
        ripe=story.ripe or claim.ripe,
        drops=story.drops + look.missed,
    )
    if not claim.seen:
        return story
    is_first = not story.woken_by and story.part == 0 and story.frames < FIRST_LOOKS
    story = replace(
        story,
        frames=story.frames + 1,
        last=look.picture.stamp.utc,
        confidence=max(story.confidence, track.confidence),
        confidence_sum=story.confidence_sum + track.confidence,
        energy_j=story.energy_j + share_j,
        energy_measured=story.energy_measured and look.cost.measured,
        woken_by=look.picture.woken_by if is_first else story.woken_by,
    )
    found = worth(track.box, track.confidence)
    if found <= story.worth:
        return story
    return replace(story, best=look, worth=found, box=track.box, found=why)


def worth(box: Box, confidence: float) -> float:
    """How well a look shows a thing to a person: sure, large, and not cut by the picture's edge.

    The confidence, times the square root of the size (a box twice as large is not worth twice as
    much), halved where the box is cut.
    """
    longer = max(box.right - box.left, box.bottom - box.top)
    is_cut = min(box.left, box.top, 1 - box.right, 1 - box.bottom) <= EDGE
    size = math.sqrt(min(1.0, max(0.0, longer) / LARGE_ENOUGH))
    return confidence * size * (CUT_WORTH if is_cut else 1.0)


def told(story: Story, snapshot: str | None, clip: str | None = None) -> Event:
    """The row of a story."""
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
        model_digest=story.found.model_digest,
        tier=story.found.tier,
        provider=story.found.provider,
        threshold=story.found.threshold,
        energy_level=story.circumstances.energy_level,
        energy_j=story.energy_j,
        energy_measured=story.energy_measured,
        reason=reason(story),
        rule=story.rule,
        clip=clip,
        woken_by=story.woken_by,
        drops=story.drops,
        scores={
            "first": story.first_confidence,
            "mean": story.confidence_sum / story.frames,
            "best": story.confidence,
        },
    )


def reason(story: Story) -> str:
    """Why this was looked at, in one sentence."""
    sentence = f"watched because {story.circumstances.reason}"
    if story.before:
        sentence += f"; it was still there after {story.before}"
    if story.others:
        sentence += f"; {story.others} more are told with it: {story.others_reason}"
    return sentence


def event_id(stamp: Stamp, camera: str, key: tuple[int, str], part: int) -> str:
    """Unique and in the order of time as text: time, camera, boot, track, rule and part.

    The boot is in it because a unit without a clock battery may live through the same second twice.
    """
    when = f"{stamp.utc:%Y%m%dT%H%M%SZ}"
    track, tag = key
    return f"{when}-{camera}-{stamp.boot_id[-4:]}-{track}{tag}" + (f".{part}" if part else "")
