"""The time intervals that a camera's and inference's rows cover, and the power in each.

Reads: CameraState, CameraUsage and InferenceRun rows. Writes: nothing.
Never: lets a row cover more than it reports: between two boots nothing is known. Never counts a
time twice where the wall clock was set back.

A `CameraState` holds until the next one, since each change of mode writes one. A `CameraUsage` and
an `InferenceRun` cover the `duration_s` before them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from appliance.model import Stamp
from appliance.model_cameras import CameraMode, CameraState, CameraUsage, InferenceRun
from appliance.store.pages import read_back
from appliance.store.store import Store
from appliance.store.tables import get_fresh_s

NO_PICTURES = (CameraMode.OFF, CameraMode.LISTEN, CameraMode.PROBE)  # then nothing can be analysed
Row = Mapping[str, Any]  # columns, decoded
ROW_REACH = timedelta(minutes=15)  # a row so far outside of a time may still cover part of it
LONGEST_S = 366 * 86_400.0  # between two rows that belong together; a damaged uptime has more
COMMON = ("boot_id", "uptime_s", "power_w", "duration_s")
COLUMNS: Mapping[type, tuple[str, ...]] = {
    CameraState: (*COMMON, "camera", "mode", "power_measured"),
    CameraUsage: (*COMMON, "camera", "energy_measured"),
    InferenceRun: (*COMMON, "energy_measured"),
}


@dataclass(frozen=True, slots=True)
class PowerInterval:
    """A time, in seconds of 1970, in which a power is known. `gives_frames`: pictures could be
    requested.
    """

    begins_s: float
    ends_s: float
    power_w: float
    measured: bool
    gives_frames: bool = True


def read_states(store: Store, since: datetime, until: datetime) -> dict[str, list[PowerInterval]]:
    """What each camera did around that time, by name. Raises `StoreError`."""
    found: dict[str, list[PowerInterval]] = {}
    for camera, own in group_by_camera(read_rows(store, CameraState, since, until)).items():
        between = [interval for pair in pairwise(own) if (interval := make_interval_between(*pair))]
        last = make_interval_until_now(store, own[-1])
        found[camera] = [*between, last] if last else between
    return found


def read_usage(store: Store, since: datetime, until: datetime) -> dict[str, list[PowerInterval]]:
    """What analysing each camera took around that time. Raises `StoreError`."""
    rows = group_by_camera(read_rows(store, CameraUsage, since, until))
    return {camera: make_reported_intervals(own) for camera, own in rows.items()}


def read_inference_intervals(store: Store, since: datetime, until: datetime) -> list[PowerInterval]:
    """When the inference process was there around that time. Raises `StoreError`."""
    return make_reported_intervals(read_rows(store, InferenceRun, since, until))


def clip_intervals(
    intervals: Iterable[PowerInterval], since_s: float, until_s: float
) -> Iterator[PowerInterval]:
    """The parts of intervals that lie within a time."""
    for one in intervals:
        if since_s <= one.begins_s and one.ends_s <= until_s:  # most: no copy is made of these
            yield one
        elif one.begins_s < until_s and since_s < one.ends_s:
            begins_s, ends_s = max(one.begins_s, since_s), min(one.ends_s, until_s)
            yield replace(one, begins_s=begins_s, ends_s=ends_s)


def compute_covered_s(intervals: Iterable[PowerInterval]) -> float:
    """How long at least one of them lasts."""
    seconds = end_s = 0.0
    for one in sorted(intervals, key=lambda one: one.begins_s):
        seconds += max(0.0, one.ends_s - max(one.begins_s, end_s))
        end_s = max(end_s, one.ends_s)
    return seconds


# --- rows -----------------------------------------------------------------------------------------


def make_interval_between(row: Row, later: Row) -> PowerInterval | None:
    """The time between two states of a camera, as far as they cover it.

    A later row says for how long its process has been there, so a long time between two rows of one
    process is no gap; another boot or process is.
    """
    if row["boot_id"] != later["boot_id"]:
        return None
    apart_s, covered_s = later["uptime_s"] - row["uptime_s"], later["duration_s"] or 0.0
    ends_s = later["at"].timestamp()
    if apart_s < 0:
        return None
    if apart_s <= max(get_fresh_s(CameraState), covered_s + 1.0):
        return make_interval(row, ends_s - apart_s, ends_s)
    return make_interval(later, ends_s - covered_s, ends_s)


def make_interval_until_now(store: Store, row: Row) -> PowerInterval | None:
    """From the newest state until now, while it is fresh."""
    now = store.clock.stamp()
    age_s = store.clock.age_s(Stamp(row["at"], row["boot_id"], row["uptime_s"]))
    if age_s is None or age_s > get_fresh_s(CameraState):
        return None
    now_s = now.utc.timestamp()
    return make_interval(row, now_s - (now.uptime_s - row["uptime_s"]), now_s)


def make_interval(row: Row, begins_s: float, ends_s: float) -> PowerInterval:
    """A camera's state over a time."""
    gives_frames = row["mode"] not in NO_PICTURES
    return PowerInterval(
        begins_s, ends_s, row["power_w"], bool(row["power_measured"]), gives_frames
    )


def make_reported_intervals(rows: Iterable[Row]) -> list[PowerInterval]:
    """The time before each row, which it covers."""
    found = []
    for row in rows:
        ends_s = row["at"].timestamp()
        measured = bool(row["energy_measured"])
        found.append(PowerInterval(ends_s - row["duration_s"], ends_s, row["power_w"], measured))
    return found


def group_by_camera(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    """Rows of each camera, oldest first; they come newest first."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["camera"], []).append(row)
    return {camera: own[::-1] for camera, own in found.items()}


def read_rows(store: Store, kind: type, since: datetime, until: datetime) -> Iterator[Row]:
    """The rows of `kind` that cover that time, newest first."""
    rows = read_back(store, kind, COLUMNS[kind], since - ROW_REACH, until + ROW_REACH)
    return place_rows(rows, store.clock.stamp())


def place_rows(rows: Iterable[Row], now: Stamp) -> Iterator[Row]:
    """The rows with the times that later ones leave them: where the wall clock was set back, a row
    would else cover the same time as one that was written long after it. They come newest first.
    """
    later = now
    for row in rows:
        passed_s = later.uptime_s - row["uptime_s"] if row["boot_id"] == later.boot_id else 0.0
        at = min(row["at"], later.utc - timedelta(seconds=min(max(0.0, passed_s), LONGEST_S)))
        later = Stamp(at, row["boot_id"], row["uptime_s"])
        yield {**row, "at": at}
