"""What each camera costs: now, and in any time whose rows are kept, split into camera and
inference.

Reads: CameraState, CameraUsage, InferenceRun and Event rows. Writes: nothing.
Never: counts a gap as zero (time without rows is unknown, and part of no mean), or counts the
analysis of a camera as a load of its own: it is part of what inference draws.

The camera is the device and its process, inference is its part of the inference process.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.model_cameras import CameraState, CameraUsage, Event, InferenceRun
from appliance.status.intervals import (
    NO_PICTURES,
    PowerInterval,
    clip_intervals,
    compute_covered_s,
    read_inference_intervals,
    read_states,
    read_usage,
)
from appliance.store.store import Store

HOUR = timedelta(hours=1)
MIN_KNOWN_S = 60.0  # a mean over less time is not shown


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPower:
    """What a camera costs at this moment; None is unknown. `measured`: all of it by meters."""

    camera_w: float | None
    inference_w: float | None
    measured: bool

    @property
    def total_w(self) -> float | None:
        """Both, or None where one of them is unknown."""
        return add_known(self.camera_w, self.inference_w)


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy used within a time, of which `known_s` seconds are known; None where none is."""

    wh: float | None
    known_s: float
    measured: bool

    @property
    def mean_w(self) -> float | None:
        """Its mean power over the known time, which is its Wh in an hour."""
        return (
            None if self.wh is None or self.known_s < MIN_KNOWN_S else self.wh * 3600 / self.known_s
        )


@dataclass(frozen=True, slots=True)
class CameraEnergy:
    """What one camera used within a time, and how many events began in it."""

    camera: Energy
    inference: Energy
    events: int

    @property
    def wh(self) -> float | None:
        """Both parts, or None where one of them is unknown."""
        return add_known(self.camera.wh, self.inference.wh)

    @property
    def mean_w(self) -> float | None:
        """Their mean power, which is their Wh in an hour."""
        return add_known(self.camera.mean_w, self.inference.mean_w)

    @property
    def known_s(self) -> float:
        """The time that is known of both."""
        return min(self.camera.known_s, self.inference.known_s)

    @property
    def measured(self) -> bool:
        """Whether all of it was measured; a part that used nothing does not count."""
        using = [part for part in (self.camera, self.inference) if part.wh]
        return bool(using) and all(part.measured for part in using)

    @property
    def per_event_wh(self) -> float | None:
        """What an event cost, with all the watching around it."""
        return self.wh / self.events if self.wh is not None and self.events else None


UNKNOWN_ENERGY = Energy(None, 0.0, measured=False)
NOTHING_KNOWN = CameraEnergy(UNKNOWN_ENERGY, UNKNOWN_ENERGY, 0)


def add_known(one: float | None, other: float | None) -> float | None:
    """The sum, or None where a part is unknown."""
    return None if one is None or other is None else one + other


def read_power(store: Store, camera: str) -> CameraPower:
    """What that camera costs now, by rows that are fresh. Raises `StoreError`."""
    state = store.latest(CameraState, camera=camera)
    if state is None:
        return CameraPower(camera_w=None, inference_w=None, measured=False)
    looking_w, measured = read_inference_power(store, state)
    return CameraPower(
        camera_w=state.power_w, inference_w=looking_w, measured=state.power_measured and measured
    )


def read_inference_power(store: Store, state: CameraState) -> tuple[float | None, bool]:
    """What analysing a camera in that state draws, and whether that was measured."""
    if state.mode in NO_PICTURES:
        return 0.0, True
    found = store.latest(CameraUsage, camera=state.camera)
    if found is not None:
        return found.power_w, found.energy_measured or not found.power_w
    reports = store.latest(InferenceRun) is not None
    return (0.0, True) if reports else (None, False)


def sum_up(store: Store, since: datetime, until: datetime) -> dict[str, CameraEnergy]:
    """What each camera used from `since` to `until`, by name. Raises `StoreError`.

    Cameras without a row of that time are missing: nothing is known of them (`NOTHING_KNOWN`).
    """
    begins_s, ends_s = since.timestamp(), until.timestamp()

    def within(intervals: Iterable[PowerInterval]) -> list[PowerInterval]:
        return list(clip_intervals(intervals, begins_s, ends_s))

    states = {name: within(found) for name, found in read_states(store, since, until).items()}
    usage = {name: within(found) for name, found in read_usage(store, since, until).items()}
    running, events = (
        within(read_inference_intervals(store, since, until)),
        store.count_by(Event, "camera", since, until),
    )
    return {
        camera: CameraEnergy(
            camera=sum_intervals(states.get(camera, [])),
            inference=sum_inference(
                usage.get(camera, []), running=running, states=states.get(camera, [])
            ),
            events=events.get(camera, 0),
        )
        for camera in sorted({*states, *usage, *events})
    }


def sum_up_last_hour(store: Store) -> dict[str, CameraEnergy]:
    """What each camera used in the last hour. Raises `StoreError`."""
    now = store.clock.stamp().utc
    return sum_up(store, now - HOUR, now)


def sum_intervals(intervals: list[PowerInterval]) -> Energy:
    """The energy of intervals."""
    joules = sum(one.power_w * (one.ends_s - one.begins_s) for one in intervals)
    using = [one for one in intervals if one.power_w]
    measured = bool(using) and all(one.measured for one in using)
    return (
        Energy(joules / 3600, compute_covered_s(intervals), measured)
        if intervals
        else UNKNOWN_ENERGY
    )


def sum_inference(
    usage: list[PowerInterval], *, running: list[PowerInterval], states: list[PowerInterval]
) -> Energy:
    """What inference used. It is known to be zero while the camera gives no pictures, and while
    the inference process reports but has not analysed the camera.
    """
    known_s = compute_covered_s(
        [*usage, *running, *(one for one in states if not one.gives_frames)]
    )
    found = sum_intervals(usage)
    return Energy(found.wh or 0.0, known_s, found.measured) if known_s else UNKNOWN_ENERGY
