"""What each camera costs: now, and in any time whose rows are kept, split in camera and looking.

Reads: CameraState, CameraLooks, InferenceRun and Event rows. Writes: nothing.
Never: takes a gap for nothing (time of which no row tells is unknown, and part of no mean), or the
looks at a camera for a load of their own: they are parts of what inference draws.

The camera is the device and its process, the looking is its part of the inference process. A
`CameraState` holds until the next one, since each change of mode writes one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from sqlite3 import Row

from appliance.ledger import MAX_AGE_S
from appliance.model import CameraLooks, CameraMode, CameraState, InferenceRun
from appliance.rows import text_of, time_of
from appliance.store import Store

HOUR = timedelta(hours=1)
REACH = timedelta(minutes=15)  # so far a row from before a time may tell of it
LEAST_S = 60.0  # of less a mean says nothing
PAGE_ROWS = 500
NO_PICTURES = (CameraMode.OFF, CameraMode.LISTEN, CameraMode.PROBE)  # then nobody can look


@dataclass(frozen=True, slots=True)
class Draw:
    """What a camera costs at this moment; None is unknown. `measured`: all of it by meters."""

    camera_w: float | None
    looking_w: float | None
    measured: bool

    @property
    def together_w(self) -> float | None:
        """Both, or None where one of them is unknown."""
        if self.camera_w is None or self.looking_w is None:
            return None
        return self.camera_w + self.looking_w


@dataclass(frozen=True, slots=True)
class Spent:
    """Energy used within a time, of which `known_s` seconds are known; None where none is."""

    wh: float | None
    known_s: float
    measured: bool

    @property
    def mean_w(self) -> float | None:
        """Its mean power over the known time: as many Wh in each hour."""
        return self.wh * 3600 / self.known_s if self.wh is not None and self.enough else None

    @property
    def enough(self) -> bool:
        return self.known_s >= LEAST_S


@dataclass(frozen=True, slots=True)
class Spending:
    """What one camera used within a time, and how many events began in it."""

    camera: Spent
    looking: Spent
    events: int

    @property
    def wh(self) -> float | None:
        """Both parts, or None where one of them is unknown."""
        if self.camera.wh is None or self.looking.wh is None:
            return None
        return self.camera.wh + self.looking.wh

    @property
    def mean_w(self) -> float | None:
        """Their mean power: as many Wh in each hour."""
        if self.camera.mean_w is None or self.looking.mean_w is None:
            return None
        return self.camera.mean_w + self.looking.mean_w

    @property
    def known_s(self) -> float:
        """The time that is known of both."""
        return min(self.camera.known_s, self.looking.known_s)

    @property
    def measured(self) -> bool:
        """Whether all of it was measured; a part that used nothing does not count."""
        parts = [part for part in (self.camera, self.looking) if part.wh]
        return bool(parts) and all(part.measured for part in parts)

    @property
    def per_event_wh(self) -> float | None:
        """What an event cost with everything around it."""
        return self.wh / self.events if self.wh is not None and self.events else None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time, in seconds of 1970, in which a power is known."""

    begins_s: float
    ends_s: float
    power_w: float
    measured: bool
    looks: bool = True  # whether pictures could be had


NOTHING_KNOWN = Spending(Spent(None, 0.0, False), Spent(None, 0.0, False), 0)


# --- now ------------------------------------------------------------------------------------------


def draw_now(store: Store, camera: str) -> Draw:
    """What that camera costs now, by rows that are fresh. Raises `StoreError`."""
    state = store.latest(CameraState, MAX_AGE_S, camera=camera)
    if state is None:
        return Draw(None, None, False)
    if state.mode in NO_PICTURES:
        return Draw(state.power_w, 0.0, state.power_measured)
    looks = store.latest(CameraLooks, MAX_AGE_S, camera=camera)
    if looks is not None:
        both = state.power_measured and (looks.energy_measured or not looks.power_w)
        return Draw(state.power_w, looks.power_w, both)
    reports = store.latest(InferenceRun, MAX_AGE_S) is not None
    return Draw(state.power_w, 0.0 if reports else None, state.power_measured and reports)


# --- a time ---------------------------------------------------------------------------------------


def spent(store: Store, since: datetime, until: datetime) -> dict[str, Spending]:
    """What each camera used from `since` to `until`, by name. Raises `StoreError`.

    Cameras without a row of that time are missing: nothing is known of them (`NOTHING_KNOWN`).
    """
    states = held(store, rows_of(store, "camera_state", since, until))
    looks = reported(rows_of(store, "camera_looks", since, until))
    at_work = reported(rows_of(store, "inference_run", since, until)).get("", [])
    events = events_of(store, since, until)
    window = (since.timestamp(), until.timestamp())
    return {
        camera: Spending(
            camera=total(states.get(camera, []), window),
            looking=looking(
                looks.get(camera, []), at_work, states.get(camera, []), window
            ),
            events=events.get(camera, 0),
        )
        for camera in sorted({*states, *looks, *events})
    }


def last_hour(store: Store) -> dict[str, Spending]:
    """What each camera used in the last hour."""
    now = store.clock.stamp().utc
    return spent(store, now - HOUR, now)


def looking(
    looks: Iterable[Stretch],
    at_work: Iterable[Stretch],
    states: Iterable[Stretch],
    window: tuple[float, float],
) -> Spent:
    """What looking used. It is known to be nothing while the camera gives no pictures, and while
    the inference process reports but has not looked.
    """
    found = total(looks, window)
    silent = [stretch for stretch in states if not stretch.looks]
    known_s = covered_s(clipped([*looks, *at_work, *silent], window))
    return Spent((found.wh or 0.0) if known_s else None, known_s, found.measured)


def total(stretches: Iterable[Stretch], window: tuple[float, float]) -> Spent:
    """The energy of stretches within a window."""
    inside = list(clipped(stretches, window))
    joules = sum(one.power_w * (one.ends_s - one.begins_s) for one in inside)
    known_s = covered_s(inside)
    using = [one for one in inside if one.power_w]
    measured = bool(using) and all(one.measured for one in using)
    return Spent(joules / 3600 if known_s else None, known_s, measured)


def clipped(stretches: Iterable[Stretch], window: tuple[float, float]) -> Iterator[Stretch]:
    """The parts that lie within a window."""
    since_s, until_s = window
    for one in stretches:
        begins_s, ends_s = max(one.begins_s, since_s), min(one.ends_s, until_s)
        if begins_s < ends_s:
            yield Stretch(begins_s, ends_s, one.power_w, one.measured, one.looks)


def covered_s(stretches: Iterable[Stretch]) -> float:
    """How long at least one of them lasts."""
    seconds, end_s = 0.0, 0.0
    for one in sorted(stretches, key=lambda one: one.begins_s):
        seconds += max(0.0, one.ends_s - max(one.begins_s, end_s))
        end_s = max(end_s, one.ends_s)
    return seconds


# --- rows as stretches ----------------------------------------------------------------------------


def held(store: Store, rows: Iterable[Row]) -> dict[str, list[Stretch]]:
    """Each camera's states, each held until the next; the newest until now while it is fresh."""
    found: dict[str, list[Stretch]] = {}
    for camera, own in by_camera(rows).items():
        between = [stretch for pair in pairwise(own) if (stretch := stretch_between(*pair))]
        last = open_stretch(store, own[-1])
        found[camera] = [*between, last] if last else between
    return found


def stretch_between(row: Row, later: Row) -> Stretch | None:
    """The time between two rows of a camera, as far as they tell of it.

    A later row says for how long its process has been there, so a long time between two rows of one
    process is no gap; another boot or process is.
    """
    if row["boot_id"] != later["boot_id"]:
        return None
    apart_s = later["uptime_s"] - row["uptime_s"]
    told_s = later["duration_s"] or 0.0
    ends_s = time_of(later["at"]).timestamp()
    if apart_s <= max(MAX_AGE_S, told_s + 1.0):
        return stretch_of(row, ends_s - apart_s, ends_s)
    return stretch_of(later, ends_s - told_s, ends_s) if told_s else None


def open_stretch(store: Store, row: Row) -> Stretch | None:
    """From the newest row until now, where it is fresh."""
    newest = store.clock.stamp()
    if row["boot_id"] != newest.boot_id:
        return None
    age_s = newest.uptime_s - row["uptime_s"]
    now_s = newest.utc.timestamp()
    return stretch_of(row, now_s - age_s, now_s) if 0 < age_s <= MAX_AGE_S else None


def stretch_of(row: Row, begins_s: float, ends_s: float) -> Stretch:
    """A camera's state as a stretch."""
    looks = CameraMode[row["mode"]] not in NO_PICTURES
    return Stretch(begins_s, ends_s, row["power_w"], bool(row["measured"]), looks)


def reported(rows: Iterable[Row]) -> dict[str, list[Stretch]]:
    """Rows that tell of the time before them, by camera ("" where they name none)."""
    found: dict[str, list[Stretch]] = {}
    for row in rows:
        ends_s = time_of(row["at"]).timestamp()
        stretch = Stretch(ends_s - row["duration_s"], ends_s, row["power_w"], bool(row["measured"]))
        found.setdefault(row["camera"], []).append(stretch)
    return found


def by_camera(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    """Rows of each camera, oldest first; they come newest first."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["camera"], []).append(row)
    return {camera: own[::-1] for camera, own in found.items()}


COLUMNS = {
    "camera_state": "camera, mode, power_w, power_measured AS measured, duration_s",
    "camera_looks": "camera, power_w, energy_measured AS measured, duration_s",
    "inference_run": "'' AS camera, power_w, energy_measured AS measured, duration_s",
}


def rows_of(store: Store, table: str, since: datetime, until: datetime) -> Iterator[Row]:
    """The rows that tell of that time, newest first.

    Read back from the end, a page at a time: the newest hour of a large table costs a few pages.
    """
    first, last = text_of(since - REACH), text_of(until + REACH)
    below = None
    while True:
        page = store.query(
            f"SELECT id, at, boot_id, uptime_s, {COLUMNS[table]} FROM {table} "
            f"WHERE id < coalesce(?, id + 1) ORDER BY id DESC LIMIT {PAGE_ROWS}",
            (below,),
        )
        yield from (row for row in page if first <= row["at"] <= last)
        if len(page) < PAGE_ROWS or page[-1]["at"] < first:
            return
        below = page[-1]["id"]


def events_of(store: Store, since: datetime, until: datetime) -> dict[str, int]:
    """How many events began in that time, by camera."""
    rows = store.query(
        "SELECT camera, count(*) AS number FROM event WHERE at >= ? AND at < ? GROUP BY camera",
        (text_of(since), text_of(until)),
    )
    return {row["camera"]: row["number"] for row in rows}
