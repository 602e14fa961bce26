"""Makes events of stories that are over: each with its picture, and with its film if it has one.

Reads: nothing. Writes: pictures and films, onto the shelf.
Never: keeps an event to itself because its picture or its film cannot be stored, or does not come.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from appliance.errors import StoreError
from appliance.model import Event
from inference.cameras.camera import InferenceCamera
from inference.detection.head_blur import encode_jpeg
from inference.events import lifecycle
from inference.events.lifecycle import EventDraft
from inference.events.snapshots import EventFiles

CLIP_WAIT_S = 10.0  # picture seconds after the end of a story


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """A story that is over and waits for its film."""

    camera: InferenceCamera
    draft: EventDraft
    until_s: float


class EventPublisher:
    """The stories that are over; `fault` is told of what cannot be stored."""

    def __init__(
        self, files: EventFiles, blur_heads: bool, report_fault: Callable[[StoreError], None]
    ) -> None:
        self._files = files
        self._blur_heads = blur_heads
        self._report_fault = report_fault
        self._pending: list[PendingEvent] = []

    def add(self, camera: InferenceCamera, stories: Iterable[EventDraft], now_s: float) -> None:
        """These stories of the camera are over."""
        self._pending += [PendingEvent(camera, story, now_s + CLIP_WAIT_S) for story in stories]

    def take_events(self, now_s: float) -> list[Event]:
        """The events that can be told now."""
        waiting = [one for one in self._pending if self._is_waiting(one, now_s)]
        told = [one for one in self._pending if one not in waiting]
        self._pending = waiting
        return [self._make_event(one.camera, one.draft) for one in told]

    def tidy(self) -> None:
        """Let the shelf delete what is too old, or too much."""
        try:
            self._files.tidy()
        except StoreError as error:
            self._report_fault(error)

    def _is_waiting(self, one: PendingEvent, now_s: float) -> bool:
        return one.camera.clips.is_pending(one.draft.event_id) and now_s < one.until_s

    def _make_event(self, camera: InferenceCamera, story: EventDraft) -> Event:
        return lifecycle.make_event(
            story, self._store_snapshot(story), self._store_clip(camera, story)
        )

    def _store_snapshot(self, story: EventDraft) -> str | None:
        data = encode_jpeg(story.best, self._blur_heads)
        return self._store(lambda: self._files.put_snapshot(story.event_id, story.first.utc, data))

    def _store_clip(self, camera: InferenceCamera, story: EventDraft) -> str | None:
        film = camera.clips.take_clip(story.event_id)
        if film is None:
            return None
        data = bytes(film.data)
        return self._store(lambda: self._files.put_clip(story.event_id, story.first.utc, data))

    def _store(self, put: Callable[[], str]) -> str | None:
        """The path of what was put onto the shelf, None where that failed."""
        try:
            return put()
        except StoreError as error:
            self._report_fault(error)
            return None
