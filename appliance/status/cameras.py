"""The cameras' part of the status document: what each does, why, since when, and what it costs.

Reads: CameraState, CameraChange, CameraMotion, Event, and what the other parts on cameras read.
Writes: nothing.
Never: gives a cost for a camera that does not report: its cost is then unknown.
"""

from appliance.model_cameras import CameraChange, CameraMotion, CameraState, Event
from appliance.settings import Settings
from appliance.status.camera_costs import NOTHING_KNOWN, CameraEnergy, read_power, sum_up_last_hour
from appliance.status.camera_holds import describe_holds
from appliance.status.freshness import NOT_YET, Document, describe_age
from appliance.store.rows import encode_time
from appliance.store.store import Store

FIELDS = (
    "power_w",
    "frames_served",
    "frames_skipped",
    "gates",
    "stream",
    "lag_s",
    "key_frame_s",
    "frames_corrupt",
    "decode_errors",
    "advice",
)


def describe_cameras(store: Store, settings: Settings) -> list[Document]:
    """Every camera of the settings. Raises `StoreError`."""
    hour = sum_up_last_hour(store)
    zone = settings.site.timezone
    return [
        describe_camera(store, name, hour.get(name, NOTHING_KNOWN))
        | {"holds": describe_holds(store, name, zone)}
        for name in settings.camera
    ]


def describe_camera(store: Store, name: str, hour: CameraEnergy) -> Document:
    """What one camera does; nulls where it has never reported."""
    state = store.last(CameraState, camera=name)
    return {
        "camera": name,
        **describe_age(store, state),
        "mode": state.mode.value if state else None,
        "since": find_mode_start(store, state) if state else None,
        "reason": state.reason if state else NOT_YET,
        **{field: getattr(state, field, None) for field in FIELDS},
        **describe_power(store, name),
        "per_hour": describe_hour(hour),
        "last_motion": describe_last_motion(store, name),
        "last_event": find_last_event_time(store, name),
    }


def find_mode_start(store: Store, state: CameraState) -> str | None:
    """When the camera took the mode that it is in; None where that is not known."""
    change = store.last(CameraChange, camera=state.camera)
    if change is None or change.mode is not state.mode:
        return None
    same_boot = change.stamp.boot_id == state.stamp.boot_id
    return encode_time(change.stamp.utc) if same_boot else None


def describe_power(store: Store, name: str) -> Document:
    """The draw of this moment: `power_w` (device and process) and of inference together."""
    draw = read_power(store, name)
    return {
        "looking_w": draw.inference_w,
        "cost_w": draw.total_w,
        "cost_measured": draw.measured,
    }


def describe_hour(hour: CameraEnergy) -> Document:
    """The mean of the last hour, as Wh in an hour, of the time that is known."""
    return {
        "wh": hour.mean_w,
        "camera_wh": hour.camera.mean_w,
        "looking_wh": hour.inference.mean_w,
        "measured": hour.measured,
        "known_s": hour.known_s,
    }


def describe_last_motion(store: Store, name: str) -> Document | None:
    """The last motion segment, and whether it was analysed."""
    motion = store.last(CameraMotion, camera=name)
    if motion is None:
        return None
    return {
        "at": encode_time(motion.stamp.utc),
        "ended": encode_time(motion.ended),
        "woken_by": motion.woken_by,
        "score": motion.score,
        "looked": motion.looked,
        "reason": motion.reason,
    }


def find_last_event_time(store: Store, name: str) -> Document | None:
    """The newest event of that camera, in short."""
    event = store.last(Event, camera=name)
    if event is None:
        return None
    return {
        "event_id": event.event_id,
        "at": encode_time(event.stamp.utc),
        "label": event.label,
        "confidence": event.confidence,
    }
