"""The cameras' part of the status document: what each does, why, since when, and what it costs.

Reads: CameraState, CameraChange, CameraMotion, Event, and what appliance/status/camera_costs.py
reads.
Writes: nothing.
Never: prices a camera that is silent: what it costs is then unknown.
"""

from appliance.model_cameras import CameraChange, CameraMotion, CameraState, Event
from appliance.settings import Settings
from appliance.status.camera_costs import NOTHING_KNOWN, Spending, draw_now, last_hour
from appliance.status.freshness import NOT_YET, Document, seen_at
from appliance.store.rows import text_of
from appliance.store.store import Store

FIELDS = ("power_w", "frames_served", "frames_skipped", "gates", "stream")


def cameras(store: Store, settings: Settings) -> list[Document]:
    """Every camera of the settings. Raises `StoreError`."""
    hour = last_hour(store)
    return [camera(store, name, hour.get(name, NOTHING_KNOWN)) for name in settings.camera]


def camera(store: Store, name: str, hour: Spending) -> Document:
    """What one camera does; nulls where it has never reported."""
    state = store.last(CameraState, camera=name)
    return {
        "camera": name,
        **seen_at(store, state),
        "mode": state.mode.value if state else None,
        "since": since(store, state) if state else None,
        "reason": state.reason if state else NOT_YET,
        **{field: getattr(state, field, None) for field in FIELDS},
        **costs_now(store, name),
        "per_hour": per_hour(hour),
        "last_motion": last_motion(store, name),
        "last_event": last_event(store, name),
    }


def since(store: Store, state: CameraState) -> str | None:
    """When the camera took the mode that it is in; None where that is not known."""
    change = store.last(CameraChange, camera=state.camera)
    if change is None or change.mode is not state.mode:
        return None
    same_boot = change.stamp.boot_id == state.stamp.boot_id
    return text_of(change.stamp.utc) if same_boot else None


def costs_now(store: Store, name: str) -> Document:
    """The draw of this moment: `power_w` (device and process) and the looking together."""
    draw = draw_now(store, name)
    return {
        "looking_w": draw.looking_w,
        "cost_w": draw.together_w,
        "cost_measured": draw.measured,
    }


def per_hour(hour: Spending) -> Document:
    """The mean of the last hour, as Wh in an hour, of the time that is known."""
    return {
        "wh": hour.mean_w,
        "camera_wh": hour.camera.mean_w,
        "looking_wh": hour.looking.mean_w,
        "measured": hour.measured,
        "known_s": hour.known_s,
    }


def last_motion(store: Store, name: str) -> Document | None:
    """The last stretch in which something moved, and whether anybody looked."""
    motion = store.last(CameraMotion, camera=name)
    if motion is None:
        return None
    return {
        "at": text_of(motion.stamp.utc),
        "ended": text_of(motion.ended),
        "woken_by": motion.woken_by,
        "score": motion.score,
        "looked": motion.looked,
        "reason": motion.reason,
    }


def last_event(store: Store, name: str) -> Document | None:
    """The newest event of that camera, in short."""
    event = store.last(Event, camera=name)
    if event is None:
        return None
    return {
        "event_id": event.event_id,
        "at": text_of(event.stamp.utc),
        "label": event.label,
        "confidence": event.confidence,
    }
