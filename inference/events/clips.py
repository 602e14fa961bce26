"""The films of one camera's events: which are wanted, which are asked for, which have come.

Reads and writes: nothing; the camera's line carries questions and answers.
Never: keeps an event waiting for its film for long: without an answer it is told without one.

A film is asked for once, when the time that it shows is over, or soon after the end of its story.
It is what the camera sent, heads and all; only the first part of a long story has one.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.media.frames import MP4, Answer, Picture, PictureRequest
from inference.events.lifecycle import EventDraft

LEAD_SHARE = 0.25  # of the film shows what came before the thing was seen
LONGEST_LEAD_S = 3.0
TAIL_S = 3.0  # of the film shows what came after it was seen last


@dataclass(frozen=True, slots=True)
class WantedClip:
    """The film of one event, in the camera's own time, and when it can be had, in the clock's."""

    since_s: float
    until_s: float
    due_s: float


class Clips:
    """The films of one camera, `clip_s` long; none where that is 0."""

    def __init__(self, clip_s: float) -> None:
        self._clip_s = clip_s
        self._wanted: dict[str, WantedClip] = {}  # by event
        self._received: dict[str, Picture | None] = {}

    @property
    def due_s(self) -> float:
        """When the next film is to be asked for; infinite where none is wished for."""
        return min((wish.due_s for wish in self._wanted.values()), default=math.inf)

    def choose_request(self, now_s: float) -> PictureRequest | None:
        """The question for a film that is due now."""
        for wish in self._wanted.values():
            if wish.due_s <= now_s:
                return PictureRequest(MP4, since_s=wish.since_s, until_s=wish.until_s)
        return None

    def follow(self, stories: Iterable[EventDraft], ahead_s: float) -> None:
        """These are running or over. The camera's time is `ahead_s` ahead of the clock's."""
        for story in stories:
            if self._clip_s > 0 and story.part == 0 and story.event_id not in self._received:
                self._wanted[story.event_id] = self._make_wanted(story, ahead_s)

    def _make_wanted(self, story: EventDraft, ahead_s: float) -> WantedClip:
        """A running story's film goes on with it."""
        since_s = story.first_s - min(LONGEST_LEAD_S, LEAD_SHARE * self._clip_s)
        last_s = max(story.first_s, story.track.seen_s)
        until_s = min(since_s + self._clip_s, last_s + TAIL_S)
        return WantedClip(since_s, until_s, until_s - ahead_s)

    def forget(self, event_ids: Iterable[str]) -> None:
        """Nobody needs the films of these."""
        for event_id in event_ids:
            self.take_clip(event_id)

    def accept(self, asked: PictureRequest, answer: Answer | None) -> None:
        """What came for the film that was asked for: a refusal or a torn answer is no film."""
        for event_id in find_event_ids(self._wanted, asked):
            del self._wanted[event_id]
            self._received[event_id] = answer if isinstance(answer, Picture) else None

    def give_up(self) -> None:
        """No more films: the camera is not asked any more."""
        self._received |= dict.fromkeys(self._wanted)
        self._wanted.clear()

    def is_pending(self, event_id: str) -> bool:
        """Whether the film of this event is still to come."""
        return event_id in self._wanted

    def take_clip(self, event_id: str) -> Picture | None:
        """The film of this event, once; None where there is none. It is waited for no longer."""
        self._wanted.pop(event_id, None)
        return self._received.pop(event_id, None)


def find_event_ids(wanted: Mapping[str, WantedClip], asked: PictureRequest) -> list[str]:
    """The events that wish for what was asked: things that came together share one film."""
    return [
        event_id
        for event_id, wish in wanted.items()
        if (wish.since_s, wish.until_s) == (asked.since_s, asked.until_s)
    ]
