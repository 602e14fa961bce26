"""One camera of the inference service: its connection, tracks, event drafts and clips.

Reads: the camera's frame socket, through its connection. Writes: nothing.
Never: waits, and never asks for a picture without motion unless it is following something.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from appliance.errors import CameraError
from appliance.media.frames import I420, MP4, Answer, Picture, PictureRequest
from appliance.model_cameras import Box
from appliance.sections.cameras import CameraSettings, InferenceSettings
from appliance.wording.sentence import say
from inference.cameras.connection import WAIT_S, FrameConnection, Frames
from inference.cameras.second_look import SecondLook
from inference.detection.frame_result import FrameResult
from inference.detection.head_blur import list_followed_people, list_people
from inference.detection.labels import (
    fill_in_labels,
    list_followed_labels,
    list_label_thresholds,
)
from inference.detection.model_input import require_raw
from inference.energy.allowance import Shortage
from inference.events import lifecycle
from inference.events.begun import BegunEvents
from inference.events.clips import Clips
from inference.events.lifecycle import Circumstances, EventDraft, EventDrafts
from inference.events.rate_limit import Burst
from inference.events.rules import build_rules
from inference.tracking import attention, track
from inference.tracking.state import LOOK_EVERY_S, Tracks

PATIENCE_FRAMES = 2.5  # at a low rate, a thing is not missing before the next frame is due


class InferenceCamera:
    """The state of one camera in the inference service.

    `analysed_s` is when its last frame was analysed, None where the analysis has ended; `shortage`
    is why it must wait, where its energy allowance is too small. Both are of the clock's picture
    time, not the camera's own.
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
        self._label_thresholds = list_label_thresholds(settings)
        known_after = settings.event_after_frames
        self.second_look = SecondLook(self._labels, self.find_threshold, known_after)
        self.connection = FrameConnection(frames, self._check_answer)
        self.clips = Clips(self.own.clip_s)
        self.tracks = Tracks()
        self.analysed_s: float | None = None
        self.last_analysed_s = -math.inf  # kept after the end: the longest waiting camera is first
        self.full_s: float | None = None  # the camera's time of the last frame analysed as a whole
        self.people: tuple[Box, ...] = ()  # where they were or may have been then
        self.wants_still = False  # for a time-lapse
        self.missed = 0  # pictures since the last analysed one that were not analysed
        self.shortage: Shortage | None = None
        self._short_since_s: float | None = None
        self._held_back_s = 0.0
        self._settings = settings
        self._rules = build_rules(self.own)
        self._burst = Burst(settings.burst_events, settings.burst_s)
        self._drafts = EventDrafts()
        self.begun = BegunEvents(name)
        self._after, self._seems_gone = -1, False
        self._media_s, self._ahead_s = -math.inf, 0.0  # the camera's time, before the clock's

    # --- requests ------------------------------------------------------------------------------

    def needs_frame(self, now_s: float) -> bool:
        """Whether something is there that needs a frame although nothing moves."""
        return self.wants_still or attention.find_next_look_s(self.tracks) <= now_s + self._ahead_s

    def choose_request(self, now_s: float) -> PictureRequest:
        """The next request: a clip that is due, else the next picture."""
        clip = self.clips.choose_request(now_s)
        if clip is not None:
            return clip
        return PictureRequest(I420, self._after, moved=not self.needs_frame(now_s), wait_s=WAIT_S)

    def find_due_s(self, start_s: float) -> float:
        """When to ask next, where inference may begin at `start_s`; a clip costs no energy here."""
        clip_s = max(self.connection.ready_s, self.clips.due_s)
        return min(clip_s, max(self.connection.due_s, start_s))

    def set_shortage(self, shortage: Shortage | None, now_s: float) -> None:
        """The energy allowance is too small for the next frame, or (None) is not."""
        self.shortage = shortage
        if shortage is None:
            if self._short_since_s is not None:
                self._held_back_s = now_s - self._short_since_s
            self._short_since_s = None
        elif self._short_since_s is None:
            self._short_since_s = now_s

    def take(self, now_s: float, interval_s: float) -> Picture | None:
        """The picture that came, if one did; the next is due `interval_s` after it."""
        request = self.connection.pending
        answer = self.connection.take(now_s)
        if request and request.encoding == MP4:
            self.clips.accept(request, answer)
            return None
        if not isinstance(answer, Picture):
            if answer is None:
                self._after = -1
            return None
        self.connection.schedule_next(now_s, self._choose_interval_s(interval_s))
        return self._accept(answer, now_s)

    def _choose_interval_s(self, interval_s: float) -> float:
        """Where nothing was found or moved in the last picture, what is gone is searched less often
        than what is there is followed, but twice before it counts as gone.
        """
        if not self._seems_gone:
            return interval_s
        return max(interval_s, self.find_patience_s(interval_s) / PATIENCE_FRAMES)

    def _check_answer(self, answer: Answer) -> None:
        """Raise `CameraError` for a picture that is another camera's, or cannot be analysed."""
        if isinstance(answer, Picture):
            require_own(answer, self.name)
            if answer.encoding != MP4:
                require_raw(answer)

    def _accept(self, picture: Picture, now_s: float) -> Picture | None:
        """The picture, if it is a new one."""
        if picture.media_s == self._media_s:
            return None
        self.missed = max(0, picture.sequence - self._after - 1) if self._after >= 0 else 0
        self._after = picture.sequence
        self.analysed_s = self.last_analysed_s = now_s
        return picture

    def find_threshold(self, label: str) -> float:
        """The confidence from which a detection of this label is sure."""
        return self._label_thresholds.get(label, self._settings.threshold)

    # --- tracks and drafts ---------------------------------------------------------------------

    def find_patience_s(self, interval_s: float) -> float:
        """How long a thing may be unseen, at a frame each `interval_s`, before it counts as gone.

        Time in which the energy allowance held frames back does not count as absence.
        """
        slowest_s = max(interval_s, self._held_back_s)
        return max(self._settings.event_ends_after_s, PATIENCE_FRAMES * slowest_s)

    def follow(
        self, result: FrameResult, circumstances: Circumstances, *, interval_s: float, now_s: float
    ) -> list[EventDraft]:
        """Take one analysed frame into account; returns the drafts that are to be published now."""
        media_s = result.picture.media_s
        ended = self._end_drafts() if media_s < self._media_s else []  # the camera has restarted
        self._media_s, self._ahead_s = media_s, media_s - now_s
        if result.part is None:
            self.full_s = media_s
            self.people = list_people(result)
        patience_s = self.find_patience_s(interval_s)
        self._held_back_s = 0.0
        self._update_tracks(result, patience_s)
        gone = bool(self.tracks.live) and not any(one.seen_now for one in self.tracks.live)
        self._seems_gone = gone and result.picture.region is None
        over = self._update_drafts(result, circumstances, patience_s)
        self._request_clips(over, self._ahead_s)
        return ended + over

    def _update_tracks(self, result: FrameResult, patience_s: float) -> None:
        self.tracks = track.update_tracks(
            self.tracks,
            [one for one in result.detections if one.label in self._labels],
            result.picture.media_s,
            threshold=self._settings.threshold,
            label_thresholds=self._label_thresholds,
            patience_s=patience_s,
            analysed_part=result.part,
        )

    def _update_drafts(
        self, result: FrameResult, circumstances: Circumstances, patience_s: float
    ) -> list[EventDraft]:
        unseen = (*result.unseen, *list_followed_people(self.tracks))
        self._drafts, over = lifecycle.update_drafts(
            self._drafts,
            self.tracks,
            replace(result, unseen=unseen),
            circumstances,
            after_frames=self._settings.event_after_frames,
            rules=self._rules,
            patience_s=patience_s,
            burst=self._burst,
        )
        return over

    def _request_clips(self, over: Sequence[EventDraft], ahead_s: float) -> None:
        after_frames = self._settings.event_after_frames
        running = lifecycle.select_running(self._drafts, after_frames, self._rules)
        self.clips.follow((*running, *over), ahead_s)
        self.begun.follow((*running, *over))
        self.clips.forget(self._drafts.merged_ids)

    def end_if_quiet(self, now_s: float, interval_s: float) -> list[EventDraft]:
        """End the analysis where no picture has come for too long; like `end`.

        A camera that waits for its energy allowance is not quiet, nor is one before which all
        stands still, as long as it answers.
        """
        if self.analysed_s is None or self.shortage is not None:
            return []
        patience_s = self.find_patience_s(interval_s)
        if attention.rests(self.tracks) and not self.connection.complaint:
            patience_s += LOOK_EVERY_S
        if now_s - self.analysed_s <= patience_s:
            return []
        return self.end()

    def end(self, *, for_good: bool = False) -> list[EventDraft]:
        """End the analysis for now; returns the running drafts that are to be published."""
        self.analysed_s = None
        return self._end_drafts(for_good=for_good)

    def _end_drafts(self, *, for_good: bool = False) -> list[EventDraft]:
        self._drafts, over = lifecycle.end_drafts(
            self._drafts,
            self._settings.event_after_frames,
            self._rules,
            for_good=for_good,
            burst=self._burst,
        )
        self.clips.forget(self._drafts.merged_ids)
        self.tracks = Tracks(next_number=self.tracks.next_number)
        self._media_s = -math.inf
        self.full_s = None
        self.people = ()
        return over

    def pause(self) -> list[EventDraft]:
        """Close the connection until there is a plan again; like `end`."""
        over = self.end(for_good=True)
        self.connection.close()
        self.clips.give_up()
        self._after = -1
        self.shortage = self._short_since_s = None
        self._held_back_s = 0.0
        return over

    # --- status --------------------------------------------------------------------------------

    @property
    def complaint(self) -> str | None:
        """Why there are no pictures now; that nothing moves is no complaint."""
        if self.shortage and not self.connection.trouble:
            return self.shortage.format(self.name)
        return (
            self.connection.complaint
            if self.analysed_s is None or self.connection.trouble
            else None
        )


def require_own(picture: Picture, camera: str) -> None:
    """Raise `CameraError` where the picture is of another camera: events are named by it."""
    if picture.camera != camera:
        raise CameraError(
            say(
                "the socket of the camera {camera} handed out a picture of {other}: another "
                "process has it; restart both cameras",
                camera=camera,
                other=picture.camera,
            )
        )
