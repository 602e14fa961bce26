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
from inference.cameras.connection import WAIT_S, Connection, Frames
from inference.detection.frame_result import FrameResult
from inference.detection.head_blur import list_people, list_unseen_people
from inference.detection.labels import fill_in_labels, list_followed_labels
from inference.detection.model_input import require_raw
from inference.energy.allowance import Shortage
from inference.events import lifecycle
from inference.events.clips import Clips
from inference.events.lifecycle import Circumstances, EventDraft, EventDrafts
from inference.events.rules import build_rules
from inference.tracking import track
from inference.tracking.track import Tracks

PATIENCE_FRAMES = 2.5  # at a low rate, the next look is not missing before it is due


class InferenceCamera:
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
        self.own = fill_in_labels(own or CameraSettings(), settings.labels)
        self._labels = list_followed_labels(self.own, settings)
        self.connection = Connection(frames)
        self.clips = Clips(self.own.clip_s)
        self.tracks = Tracks()
        self.analysed_s: float | None = None
        self.last_analysed_s = -math.inf  # through all watches: who waited longest comes first
        self.full_s: float | None = None  # the camera's time when all of a picture was looked at
        self.people: tuple[Box, ...] = ()  # where they were or may have been then
        self.missed = 0  # pictures that came since the look before and were not looked at
        self.shortage: Shortage | None = None
        self._short_since_s: float | None = None
        self._held_back_s = 0.0
        self._settings = settings
        self._rules = build_rules(self.own)
        self._drafts = EventDrafts()
        self._after = -1
        self._media_s = -math.inf

    # --- asking --------------------------------------------------------------------------------

    @property
    def is_followed(self) -> bool:
        """Whether something is there that is followed."""
        return bool(self.tracks.live)

    def choose_request(self, now_s: float) -> PictureRequest:
        """What to ask next: a film that is due, else the next picture."""
        film = self.clips.choose_request(now_s)
        if film is not None:
            return film
        return PictureRequest(I420, self._after, moved=not self.is_followed, wait_s=WAIT_S)

    def find_due_s(self, from_s: float) -> float:
        """When to ask next, where a look may begin at `from_s`; a film costs nothing."""
        film_s = max(self.connection.ready_s, self.clips.due_s)
        return min(film_s, max(self.connection.due_s, from_s))

    def set_shortage(self, shortage: Shortage | None, now_s: float) -> None:
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
        asked = self.connection.pending
        answer = self.connection.take(now_s)
        if asked and asked.encoding == MP4:
            self.clips.accept(asked, answer)
            return None
        if not isinstance(answer, Picture):
            if answer is None:
                self._after = -1
            return None
        self.connection.schedule_next(now_s, interval_s)
        return self._accept(answer, now_s)

    def _accept(self, picture: Picture, now_s: float) -> Picture | None:
        """A new picture that can be looked at."""
        try:
            require_raw(picture)
        except CameraError as error:
            self.connection.fail(error, now_s)
            self._after = -1
            return None
        if picture.media_s == self._media_s:
            return None
        self.missed = max(0, picture.sequence - self._after - 1) if self._after >= 0 else 0
        self._after = picture.sequence
        self.analysed_s = self.last_analysed_s = now_s
        return picture

    # --- following -----------------------------------------------------------------------------

    def find_patience_s(self, interval_s: float) -> float:
        """How long a thing may be unseen, at a look each `interval_s`, before it counts as gone.

        What an empty purse has held back is nobody's absence.
        """
        slowest_s = max(interval_s, self._held_back_s)
        return max(self._settings.event_ends_after_s, PATIENCE_FRAMES * slowest_s)

    def follow(
        self, result: FrameResult, circumstances: Circumstances, interval_s: float, now_s: float
    ) -> list[EventDraft]:
        """Take one look into account; returns the stories that are to be told now."""
        media_s = result.picture.media_s
        ended = self._end_drafts() if media_s < self._media_s else []  # the camera began anew
        self._media_s = media_s
        if result.part is None:
            self.full_s = media_s
            self.people = list_people(result)
        wanted = [one for one in result.detections if one.label in self._labels]
        patience_s = self.find_patience_s(interval_s)
        self._held_back_s = 0.0
        self.tracks = track.update_tracks(
            self.tracks, wanted, media_s, self._settings.threshold, patience_s, result.part
        )
        result = replace(result, unseen=(*result.unseen, *list_unseen_people(self.tracks)))
        after_frames = self._settings.event_after_frames
        self._drafts, over = lifecycle.update_drafts(
            self._drafts, self.tracks, result, circumstances, after_frames, self._rules, patience_s
        )
        running = lifecycle.select_running(self._drafts, after_frames, self._rules)
        self.clips.follow((*running, *over), media_s - now_s)
        self.clips.forget(self._drafts.merged_ids)
        return ended + over

    def end_if_quiet(self, now_s: float, interval_s: float) -> list[EventDraft]:
        """End the watch where no picture has come for too long; like `end`.

        A camera that waits for its purse to fill is not quiet.
        """
        if self.analysed_s is None or self.shortage is not None:
            return []
        if now_s - self.analysed_s <= self.find_patience_s(interval_s):
            return []
        return self.end()

    def end(self, *, for_good: bool = False) -> list[EventDraft]:
        """End the watch for now: what is to be told of the running stories."""
        self.analysed_s = None
        return self._end_drafts(for_good=for_good)

    def _end_drafts(self, *, for_good: bool = False) -> list[EventDraft]:
        self._drafts, told = lifecycle.end_drafts(
            self._drafts, self._settings.event_after_frames, self._rules, for_good=for_good
        )
        self.clips.forget(self._drafts.merged_ids)
        self.tracks = Tracks(next_number=self.tracks.next_number)
        self._media_s = -math.inf
        self.full_s = None
        self.people = ()
        return told

    def rest(self) -> list[EventDraft]:
        """Hang up until there is a plan again; like `end`."""
        told = self.end(for_good=True)
        self.connection.close()
        self.clips.give_up()
        self._after = -1
        self.shortage = self._short_since_s = None
        self._held_back_s = 0.0
        return told

    # --- saying --------------------------------------------------------------------------------

    @property
    def complaint(self) -> str | None:
        """Why there are no pictures now; that nothing moves is no complaint."""
        if self.connection.trouble:
            return str(self.connection.trouble)
        if self.shortage:
            return self.shortage.format(self.name)
        return self.connection.refusal if self.analysed_s is None else None
