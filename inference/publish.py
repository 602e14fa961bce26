"""Makes events of drafts that are over: each with its snapshot, and with its clip if it has one.

Reads: nothing. Writes: snapshots and clips, through inference/events/snapshots.py.
Never: keeps an event back because its snapshot or clip cannot be stored, or does not come.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from appliance.errors import StoreError
from appliance.model_cameras import Event
from inference.cameras.camera import InferenceCamera
from inference.detection.frame_result import Cost
from inference.detection.head_blur import encode_snapshot
from inference.events import lifecycle
from inference.events.lifecycle import EventDraft
from inference.events.snapshots import EventFiles
from inference.events.sub_label import SubLabels

CLIP_WAIT_S = 10.0  # picture seconds after the end of a draft


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """A draft that is over and waits for its clip."""

    camera: InferenceCamera
    draft: EventDraft
    until_s: float


class EventPublisher:
    """Drafts that are over. `report_fault` is called for files that cannot be stored.

    publisher.add(camera, drafts, now_s)
    store.add(*publisher.take_events(now_s))
    """

    def __init__(
        self,
        files: EventFiles,
        *,
        blur_heads: bool,
        report_fault: Callable[[StoreError], None],
        sub_labels: SubLabels | None = None,
    ) -> None:
        self._files = files
        self._blur_heads = blur_heads
        self._report_fault = report_fault
        self._sub_labels = sub_labels
        self._spent: list[tuple[str, Cost]] = []
        self._pending: list[PendingEvent] = []

    def add(self, camera: InferenceCamera, drafts: Iterable[EventDraft], now_s: float) -> None:
        """These drafts of the camera are over."""
        self._pending += [PendingEvent(camera, draft, now_s + CLIP_WAIT_S) for draft in drafts]

    def take_events(self, now_s: float) -> list[Event]:
        """The events that can be stored now, their files first."""
        waiting = [one for one in self._pending if is_waiting(one, now_s)]
        ready = [one for one in self._pending if one not in waiting]
        self._pending = waiting
        return [self._make_event(one.camera, one.draft) for one in ready]

    def take_costs(self) -> list[tuple[str, Cost]]:
        """What second looks have cost since the last call, by camera."""
        spent, self._spent = self._spent, []
        return spent

    def tidy(self) -> None:
        """Delete files that are too old, or too many."""
        try:
            self._files.tidy()
        except StoreError as error:
            self._report_fault(error)

    def _make_event(self, camera: InferenceCamera, draft: EventDraft) -> Event:
        event = lifecycle.make_event(
            draft, self._store_snapshot(draft), self._store_clip(camera, draft)
        )
        found = self._sub_labels.find(camera.own, draft) if self._sub_labels else None
        if found is None:
            return event
        self._spent.append((camera.name, found.cost))
        return replace(
            event,
            sub_label=found.name,
            sub_confidence=found.confidence,
            energy_j=event.energy_j + found.cost.energy_j,
            energy_measured=event.energy_measured and found.cost.measured,
        )

    def _store_snapshot(self, draft: EventDraft) -> str | None:
        data = encode_snapshot(draft.best, blur_heads=self._blur_heads)
        return self._store(lambda: self._files.put_snapshot(draft.event_id, draft.first.utc, data))

    def _store_clip(self, camera: InferenceCamera, draft: EventDraft) -> str | None:
        clip = camera.clips.take_clip(draft.event_id)
        if clip is None:
            return None
        data = bytes(clip.data)
        return self._store(lambda: self._files.put_clip(draft.event_id, draft.first.utc, data))

    def _store(self, put: Callable[[], str]) -> str | None:
        """The path of a file that was stored, None where that failed."""
        try:
            return put()
        except StoreError as error:
            self._report_fault(error)
            return None


def is_waiting(one: PendingEvent, now_s: float) -> bool:
    """Whether an event still waits for its clip."""
    return one.camera.clips.is_pending(one.draft.event_id) and now_s < one.until_s
