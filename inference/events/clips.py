"""The video clips of one camera's events: which are wanted, requested, and received.

Reads and writes: nothing; the camera's connection carries requests and answers.
Never: delays an event for long: without an answer it is published without a clip.

A clip is requested once, when the time that it shows is over, or soon after the end of its event.
It is what the camera sent, with heads visible. Only the first part of a long event has one.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.media.frames import MP4, Answer, Picture, PictureRequest
from inference.events.lifecycle import EventDraft

LEAD_SHARE = 0.25  # of the clip shows what came before the thing was seen
LONGEST_LEAD_S = 3.0
TAIL_S = 3.0  # of the clip shows what came after it was seen last


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedClip:
    """The clip of one event, in the camera's time; `due_s`: when to ask, in the clock's time."""

    since_s: float
    until_s: float
    due_s: float


class Clips:
    """The clips of one camera, `clip_s` long; none where that is 0."""

    def __init__(self, clip_s: float) -> None:
        self._clip_s = clip_s
        self._wanted: dict[str, WantedClip] = {}  # by event
        self._received: dict[str, Picture | None] = {}

    @property
    def due_s(self) -> float:
        """When the next clip is to be requested; infinite where none is wanted."""
        return min((clip.due_s for clip in self._wanted.values()), default=math.inf)

    def choose_request(self, now_s: float) -> PictureRequest | None:
        """The request for a clip that is due now."""
        for clip in self._wanted.values():
            if clip.due_s <= now_s:
                return PictureRequest(MP4, since_s=clip.since_s, until_s=clip.until_s)
        return None

    def follow(self, drafts: Iterable[EventDraft], ahead_s: float) -> None:
        """These drafts run or are over. The camera's time is `ahead_s` ahead of the clock's."""
        for draft in drafts:
            if self._clip_s > 0 and draft.part == 0 and draft.event_id not in self._received:
                self._wanted[draft.event_id] = self._make_wanted(draft, ahead_s)

    def _make_wanted(self, draft: EventDraft, ahead_s: float) -> WantedClip:
        """The clip of a draft; while the draft runs, the clip grows with it."""
        since_s = draft.first_s - min(LONGEST_LEAD_S, LEAD_SHARE * self._clip_s)
        last_s = max(draft.first_s, draft.track.seen_s)
        until_s = min(since_s + self._clip_s, last_s + TAIL_S)
        return WantedClip(since_s=since_s, until_s=until_s, due_s=until_s - ahead_s)

    def forget(self, event_ids: Iterable[str]) -> None:
        """Nobody needs the clips of these events."""
        for event_id in event_ids:
            self.take_clip(event_id)

    def accept(self, request: PictureRequest, answer: Answer | None) -> None:
        """Keep the answer to a request; a refusal or a torn answer is no clip."""
        for event_id in find_event_ids(self._wanted, request):
            del self._wanted[event_id]
            self._received[event_id] = answer if isinstance(answer, Picture) else None

    def give_up(self) -> None:
        """No more clips: the camera is not asked any more."""
        self._received |= dict.fromkeys(self._wanted)
        self._wanted.clear()

    def is_pending(self, event_id: str) -> bool:
        """Whether the clip of this event is still to come."""
        return event_id in self._wanted

    def take_clip(self, event_id: str) -> Picture | None:
        """The clip of this event, once; None where there is none. It is not waited for any more."""
        self._wanted.pop(event_id, None)
        return self._received.pop(event_id, None)


def find_event_ids(wanted: Mapping[str, WantedClip], request: PictureRequest) -> list[str]:
    """The events that a request was made for: things that came together share one clip."""
    return [
        event_id
        for event_id, clip in wanted.items()
        if (clip.since_s, clip.until_s) == (request.since_s, request.until_s)
    ]
