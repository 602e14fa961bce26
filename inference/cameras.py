"""One watched camera: pulls its pictures, follows what is in them, remembers its stories.

Reads: the camera's frame socket. Writes: nothing.
Never: waits for a camera that is gone, and never asks one while nothing is planned.
"""

import math
from typing import Protocol

from appliance.errors import CameraError
from appliance.frames import BGR, Answer, Ask, Picture, Refusal
from appliance.settings import InferenceSettings
from inference import events, track
from inference.events import Circumstances, Story
from inference.look import Look, pixels
from inference.track import Tracks

RETRY_AFTER_S = 2.0


class Frames(Protocol):
    """The camera seam: `appliance.frames.FrameClient`."""

    def pull(self, ask: Ask) -> Answer:
        """One picture or the reason why not; raises `CameraError`."""

    def close(self) -> None:
        """Hang up; the next `pull` connects again."""


class WatchedCamera:
    """What is known of one camera. `trouble` is why it gave no picture the last time, if so.

    `looked_s` and `now_s` are the clock's picture time, not the camera's own.
    """

    def __init__(self, name: str, frames: Frames, settings: InferenceSettings) -> None:
        self.name = name
        self.tracks = Tracks()
        self.looked_s: float | None = None
        self.trouble: CameraError | None = None
        self.refusal: str | None = None
        self._trouble_since_s = self._tried_s = 0.0
        self._frames = frames
        self._settings = settings
        self._stories: dict[int, Story] = {}
        self._after = -1
        self._media_s = -math.inf

    def pull(self, now_s: float) -> tuple[Picture, int] | None:
        """The newest picture, and how many before it were not looked at; None: there is none."""
        if self.trouble and now_s - self._tried_s < RETRY_AFTER_S:
            return None
        self._tried_s = now_s
        try:
            answer = self._frames.pull(Ask(BGR, self._after))
            if isinstance(answer, Picture):
                pixels(answer)
        except CameraError as error:
            self._fail(error, now_s)
            return None
        self.trouble = None
        self.refusal = answer.reason if isinstance(answer, Refusal) else None
        if isinstance(answer, Refusal) or answer.media_s == self._media_s:
            return None
        missed = answer.sequence - self._after - 1 if self._after >= 0 else 0
        self._after = answer.sequence
        self.looked_s = now_s
        return answer, max(0, missed)

    @property
    def complaint(self) -> str | None:
        """Why there are no pictures now; "no new picture yet" between two pictures is none."""
        if self.trouble:
            return str(self.trouble)
        return self.refusal if self.looked_s is None else None

    def trouble_s(self, now_s: float) -> float:
        """How long the camera has been in trouble."""
        return now_s - self._trouble_since_s if self.trouble else 0.0

    def follow(self, look: Look, why: Circumstances, patience_s: float) -> list[Story]:
        """Take one look into account; returns the stories that are to be told now."""
        media_s = look.picture.media_s
        ended = self._end_stories() if media_s < self._media_s else []  # the camera began anew
        self._media_s = media_s
        wanted = [one for one in look.detections if one.label in self._settings.labels]
        threshold = self._settings.threshold
        self.tracks = track.update(self.tracks, wanted, media_s, threshold, patience_s)
        self._stories, over = events.follow(
            self._stories, self.tracks, look, why, self._settings.event_after_frames
        )
        return ended + over

    def end(self) -> list[Story]:
        """End the watch for now: what is to be told of the running stories."""
        self.looked_s = None
        return self._end_stories()

    def _end_stories(self) -> list[Story]:
        told = events.finished(self._stories, self._settings.event_after_frames)
        self._stories = {}
        self.tracks = Tracks(next_number=self.tracks.next_number)
        self._media_s = -math.inf
        return told

    def rest(self) -> list[Story]:
        """Hang up until there is a plan again; like `end`."""
        self._frames.close()
        self._after = -1
        self.trouble = self.refusal = None
        return self.end()

    def _fail(self, error: CameraError, now_s: float) -> None:
        if self.trouble is None:
            self._trouble_since_s = now_s
        self.trouble = error
        self.refusal = None
        self._after = -1
