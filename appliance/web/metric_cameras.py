"""Collects the samples of the cameras: mode, power, frames, events, orders of people, coverage.

Reads: the newest rows of the cameras and of inference, through the store. Writes: nothing.
Never: gives an old value: what is not known now is left out.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from appliance.model_cameras import CameraMode, CameraMotion, CameraState, Event, HoldKind
from appliance.settings import Settings
from appliance.status.camera_costs import NOTHING_KNOWN, CameraEnergy, read_power, sum_up_last_hour
from appliance.status.coverage import sum_last_day
from appliance.store.camera_holds import HoldReader
from appliance.store.pages import read_back
from appliance.store.store import Store
from appliance.web.metric_table import MetricSample

DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)


def collect_cameras(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """All that is known of all cameras. Raises `StoreError`."""
    hour = sum_up_last_hour(store)
    for name in settings.camera:
        yield from collect_camera(store, name, hour.get(name, NOTHING_KNOWN))
    yield from collect_holds(store, settings)
    yield from collect_motions_and_events(store, settings)
    yield from collect_coverage(store, settings)


def collect_camera(store: Store, name: str, hour: CameraEnergy) -> Iterator[MetricSample]:
    """One camera's mode, power and frames."""
    yield MetricSample("camera_mean_power_watts", hour.camera.mean_w, (name, "camera"))
    yield MetricSample("camera_mean_power_watts", hour.inference.mean_w, (name, "looking"))
    draw = read_power(store, name)
    yield MetricSample("camera_power_watts", draw.camera_w, (name, "camera"))
    yield MetricSample("camera_power_watts", draw.inference_w, (name, "looking"))
    state = store.latest(CameraState, camera=name)
    if state is None:
        return
    for mode in CameraMode:
        yield MetricSample("camera_mode", float(mode is state.mode), (name, mode.value))
    yield MetricSample("camera_frames_served", state.frames_served, (name,))
    yield MetricSample("camera_frames_skipped", state.frames_skipped, (name,))
    yield MetricSample("camera_frames_decoded", state.frames_decoded, (name,))
    yield MetricSample("camera_frames_corrupt", state.frames_corrupt, (name,))
    yield MetricSample("camera_decode_errors", state.decode_errors, (name,))
    yield MetricSample("camera_key_frame_distance_seconds", state.key_frame_s, (name,))
    yield MetricSample("camera_lag_seconds", state.lag_s, (name,))


def collect_motions_and_events(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """Motion and events; a day is counted anew each time, since old rows are deleted."""
    now = store.clock.stamp().utc
    moved = read_back(store, CameraMotion, ("camera", "looked"), now - DAY, now)
    motions = Counter((row["camera"], bool(row["looked"])) for row in moved)
    events = store.count_by(Event, "camera", now - DAY, now + SECOND)
    for name in settings.camera:
        for looked in (True, False):
            labels = (name, "true" if looked else "false")
            yield MetricSample("camera_last_day_motions", motions[name, looked], labels)
        yield MetricSample("camera_last_day_events", events.get(name, 0), (name,))
        motion = store.last(CameraMotion, camera=name)
        event = store.last(Event, camera=name)
        yield MetricSample("camera_last_motion_timestamp_seconds", to_timestamp_s(motion), (name,))
        yield MetricSample("camera_last_event_timestamp_seconds", to_timestamp_s(event), (name,))


def collect_holds(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """What people have taken from each camera."""
    reader = HoldReader(store)
    for name in settings.camera:
        held = reader.find(name)
        for kind in HoldKind:
            yield MetricSample("camera_hold", float(kind in held), (name, kind.value))


def collect_coverage(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """How long each camera was watched in the last 24 hours, and why it was not."""
    for name, seconds in sum_last_day(store, settings).items():
        for watching, known_s in seconds.items():
            yield MetricSample("camera_last_day_seconds", known_s, (name, watching.value))


def to_timestamp_s(row: CameraMotion | Event | None) -> float | None:
    """When it began, in s since 1970 (Unix time)."""
    return None if row is None else row.stamp.utc.timestamp()
