"""What each camera costs: now, and in any time whose rows are kept, split in camera and looking.

Reads: CameraState, CameraUsage, InferenceRun and Event rows. Writes: nothing.
Never: takes a gap for nothing (time of which no row tells is unknown, and part of no mean), or the
looks at a camera for a load of their own: they are parts of what inference draws.

The camera is the device and its process, the looking is its part of the inference process.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.model_cameras import CameraState, CameraUsage, Event, InferenceRun
from appliance.status.intervals import (
    NO_PICTURES,
    Stretch,
    at_work,
    clipped,
    covered_s,
    looks,
    states,
)
from appliance.store.store import Store

HOUR = timedelta(hours=1)
LEAST_S = 60.0  # of less time a mean says nothing


@dataclass(frozen=True, slots=True)
class Draw:
    """What a camera costs at this moment; None is unknown. `measured`: all of it by meters."""

    camera_w: float | None
    looking_w: float | None
    measured: bool

    @property
    def together_w(self) -> float | None:
        """Both, or None where one of them is unknown."""
        return both(self.camera_w, self.looking_w)


@dataclass(frozen=True, slots=True)
class Spent:
    """Energy used within a time, of which `known_s` seconds are known; None where none is."""

    wh: float | None
    known_s: float
    measured: bool

    @property
    def mean_w(self) -> float | None:
        """Its mean power over the known time, which is its Wh in an hour."""
        return None if self.wh is None or self.known_s < LEAST_S else self.wh * 3600 / self.known_s


@dataclass(frozen=True, slots=True)
class Spending:
    """What one camera used within a time, and how many events began in it."""

    camera: Spent
    looking: Spent
    events: int

    @property
    def wh(self) -> float | None:
        """Both parts, or None where one of them is unknown."""
        return both(self.camera.wh, self.looking.wh)

    @property
    def mean_w(self) -> float | None:
        """Their mean power, which is their Wh in an hour."""
        return both(self.camera.mean_w, self.looking.mean_w)

    @property
    def known_s(self) -> float:
        """The time that is known of both."""
        return min(self.camera.known_s, self.looking.known_s)

    @property
    def measured(self) -> bool:
        """Whether all of it was measured; a part that used nothing does not count."""
        using = [part for part in (self.camera, self.looking) if part.wh]
        return bool(using) and all(part.measured for part in using)

    @property
    def per_event_wh(self) -> float | None:
        """What an event cost, with all the watching around it."""
        return self.wh / self.events if self.wh is not None and self.events else None


UNKNOWN = Spent(None, 0.0, measured=False)
NOTHING_KNOWN = Spending(UNKNOWN, UNKNOWN, 0)


def both(one: float | None, other: float | None) -> float | None:
    """The sum, or None where a part is unknown."""
    return None if one is None or other is None else one + other


def draw_now(store: Store, camera: str) -> Draw:
    """What that camera costs now, by rows that are fresh. Raises `StoreError`."""
    state = store.latest(CameraState, camera=camera)
    if state is None:
        return Draw(None, None, measured=False)
    looking_w, measured = looking_now(store, state)
    return Draw(state.power_w, looking_w, state.power_measured and measured)


def looking_now(store: Store, state: CameraState) -> tuple[float | None, bool]:
    """What looking at a camera in that state draws, and whether that was measured."""
    if state.mode in NO_PICTURES:
        return 0.0, True
    found = store.latest(CameraUsage, camera=state.camera)
    if found is not None:
        return found.power_w, found.energy_measured or not found.power_w
    reports = store.latest(InferenceRun) is not None
    return (0.0, True) if reports else (None, False)


def spent(store: Store, since: datetime, until: datetime) -> dict[str, Spending]:
    """What each camera used from `since` to `until`, by name. Raises `StoreError`.

    Cameras without a row of that time are missing: nothing is known of them (`NOTHING_KNOWN`).
    """
    begins_s, ends_s = since.timestamp(), until.timestamp()

    def within(stretches: Iterable[Stretch]) -> list[Stretch]:
        return list(clipped(stretches, begins_s, ends_s))

    did = {name: within(found) for name, found in states(store, since, until).items()}
    looked = {name: within(found) for name, found in looks(store, since, until).items()}
    works, events = (
        within(at_work(store, since, until)),
        store.count_by(Event, "camera", since, until),
    )
    return {
        camera: Spending(
            camera=total(did.get(camera, [])),
            looking=looking(looked.get(camera, []), works, did.get(camera, [])),
            events=events.get(camera, 0),
        )
        for camera in sorted({*did, *looked, *events})
    }


def last_hour(store: Store) -> dict[str, Spending]:
    """What each camera used in the last hour. Raises `StoreError`."""
    now = store.clock.stamp().utc
    return spent(store, now - HOUR, now)


def total(stretches: list[Stretch]) -> Spent:
    """The energy of stretches."""
    joules = sum(one.power_w * (one.ends_s - one.begins_s) for one in stretches)
    using = [one for one in stretches if one.power_w]
    measured = bool(using) and all(one.measured for one in using)
    return Spent(joules / 3600, covered_s(stretches), measured) if stretches else UNKNOWN


def looking(looked: list[Stretch], works: list[Stretch], did: list[Stretch]) -> Spent:
    """What looking used. It is known to be nothing while the camera gives no pictures, and while
    the inference process reports but has not looked.
    """
    known_s = covered_s([*looked, *works, *(one for one in did if not one.looks)])
    found = total(looked)
    return Spent(found.wh or 0.0, known_s, found.measured) if known_s else UNKNOWN
