"""One watched camera: its line, what is followed in its pictures, its stories.

Reads: the camera's frame socket, through its line. Writes: nothing.
Never: waits, and never asks for a picture of nothing that moves unless it follows something.
"""

import math
from dataclasses import replace

from appliance.errors import CameraError
from appliance.media.frames import I420, MP4, Picture, PictureRequest
from appliance.model import Box
from appliance.settings import CameraSettings, InferenceSettings
from inference.cameras.connection import WAIT_S, Frames, Line
from inference.detection.blobs import require_raw
from inference.detection.frame_result import Look
from inference.detection.head_blur import people_in, unseen_people
from inference.detection.labels import followed, spelled_out
from inference.energy.allowance import Shortage
from inference.events import lifecycle
from inference.events.clips import Films
from inference.events.lifecycle import Circumstances, Stories, Story
from inference.events.rules import rules_of
from inference.tracking import track
from inference.tracking.track import Tracks

PATIENCE_LOOKS = 2.5  # at a low rate, the next look is not missing before it is due


class WatchedCamera:
    """What is known of one camera.

    `looked_s` is when it was last looked at, None where its watch has ended; `shortage` is why it
    is not looked at now, where its purse is empty. Both are of the clock's picture time, not the
    camera's own.
    """

    def __init__(
        self,
        name: str,
        frames: Frames,
        settings: InferenceSettings,
        own: CameraSettings | None = None,
    ) -> None:
        self.name = name
        self.own = spelled_out(own or CameraSettings(), settings.labels)
        self._labels = followed(self.own, settings)
        self.line = Line(frames)
        self.films = Films(self.own.clip_s)
        self.tracks = Tracks()
        self.looked_s: float | None = None
        self.last_look_s = -math.inf  # through all watches: who waited longest comes first
        self.full_s: float | None = None  # the camera's time when all of a picture was looked at
        self.people: tuple[Box, ...] = ()  # where they were or may have been then
        self.missed = 0  # pictures that came since the look before and were not looked at
        self.shortage: Shortage | None = None
        self._short_since_s: float | None = None
        self._held_back_s = 0.0
        self._settings = settings
        self._rules = rules_of(self.own)
        self._stories = Stories()
        self._after = -1
        self._media_s = -math.inf

    # --- asking --------------------------------------------------------------------------------

    @property
    def is_followed(self) -> bool:
        """Whether something is there that is followed."""
        return bool(self.tracks.live)

    def question(self, now_s: float) -> PictureRequest:
        """What to ask next: a film that is due, else the next picture."""
        film = self.films.wanted(now_s)
        if film is not None:
            return film
        return PictureRequest(I420, self._after, moved=not self.is_followed, wait_s=WAIT_S)

    def due_s(self, from_s: float) -> float:
        """When to ask next, where a look may begin at `from_s`; a film costs nothing."""
        film_s = max(self.line.ready_s, self.films.due_s)
        return min(film_s, max(self.line.due_s, from_s))

    def hold_back(self, shortage: Shortage | None, now_s: float) -> None:
        """The purse says that a look must wait, or need not."""
        self.shortage = shortage
        if shortage is None:
            if self._short_since_s is not None:
                self._held_back_s = now_s - self._short_since_s
            self._short_since_s = None
        elif self._short_since_s is None:
            self._short_since_s = now_s

    def take(self, now_s: float, interval_s: float) -> Picture | None:
        """The picture that came, if one did; the next is due `interval_s` after it."""
        asked = self.line.asked
        answer = self.line.take(now_s)
        if asked and asked.encoding == MP4:
            self.films.got(asked, answer)
            return None
        if not isinstance(answer, Picture):
            if answer is None:
                self._after = -1
            return None
        self.line.pace(now_s, interval_s)
        return self._checked(answer, now_s)

    def _checked(self, picture: Picture, now_s: float) -> Picture | None:
        """A new picture that can be looked at."""
        try:
            require_raw(picture)
        except CameraError as error:
            self.line.fail(error, now_s)
            self._after = -1
            return None
        if picture.media_s == self._media_s:
            return None
        self.missed = max(0, picture.sequence - self._after - 1) if self._after >= 0 else 0
        self._after = picture.sequence
        self.looked_s = self.last_look_s = now_s
        return picture

    # --- following -----------------------------------------------------------------------------

    def patience_s(self, interval_s: float) -> float:
        """How long a thing may be unseen, at a look each `interval_s`, before it counts as gone.

        What an empty purse has held back is nobody's absence.
        """
        slowest_s = max(interval_s, self._held_back_s)
        return max(self._settings.event_ends_after_s, PATIENCE_LOOKS * slowest_s)

    def follow(
        self, look: Look, why: Circumstances, interval_s: float, now_s: float
    ) -> list[Story]:
        """Take one look into account; returns the stories that are to be told now."""
        media_s = look.picture.media_s
        ended = self._end_stories() if media_s < self._media_s else []  # the camera began anew
        self._media_s = media_s
        if look.part is None:
            self.full_s = media_s
            self.people = people_in(look)
        wanted = [one for one in look.detections if one.label in self._labels]
        patience_s = self.patience_s(interval_s)
        self._held_back_s = 0.0
        self.tracks = track.update(
            self.tracks, wanted, media_s, self._settings.threshold, patience_s, look.part
        )
        look = replace(look, unseen=(*look.unseen, *unseen_people(self.tracks)))
        after_frames = self._settings.event_after_frames
        self._stories, over = lifecycle.follow(
            self._stories, self.tracks, look, why, after_frames, self._rules, patience_s
        )
        running = lifecycle.finished(self._stories, after_frames, self._rules)
        self.films.follow((*running, *over), media_s - now_s)
        self.films.forget(self._stories.gathered_ids)
        return ended + over

    def end_if_quiet(self, now_s: float, interval_s: float) -> list[Story]:
        """End the watch where no picture has come for too long; like `end`.

        A camera that waits for its purse to fill is not quiet.
        """
        if self.looked_s is None or self.shortage is not None:
            return []
        if now_s - self.looked_s <= self.patience_s(interval_s):
            return []
        return self.end()

    def end(self, *, for_good: bool = False) -> list[Story]:
        """End the watch for now: what is to be told of the running stories."""
        self.looked_s = None
        return self._end_stories(for_good=for_good)

    def _end_stories(self, *, for_good: bool = False) -> list[Story]:
        self._stories, told = lifecycle.ended(
            self._stories, self._settings.event_after_frames, self._rules, for_good=for_good
        )
        self.films.forget(self._stories.gathered_ids)
        self.tracks = Tracks(next_number=self.tracks.next_number)
        self._media_s = -math.inf
        self.full_s = None
        self.people = ()
        return told

    def rest(self) -> list[Story]:
        """Hang up until there is a plan again; like `end`."""
        told = self.end(for_good=True)
        self.line.rest()
        self.films.give_up()
        self._after = -1
        self.shortage = self._short_since_s = None
        self._held_back_s = 0.0
        return told

    # --- saying --------------------------------------------------------------------------------

    @property
    def complaint(self) -> str | None:
        """Why there are no pictures now; that nothing moves is no complaint."""
        if self.line.trouble:
            return str(self.line.trouble)
        if self.shortage:
            return self.shortage.sentence(self.name)
        return self.line.refusal if self.looked_s is None else None
