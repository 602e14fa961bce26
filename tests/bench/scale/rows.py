"""The database as it grows: its size, reading, preparing it at a start, retention by many."""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from appliance.clock import SystemClock
from appliance.model import Stamp
from appliance.model_cameras import CameraMotion, CameraState
from appliance.store import retention
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.bench.report import OUT, Figure, median
from tests.scenes import filled

PLACE = OUT / "scale-rows"
CAMERAS, MOTIONS_A_DAY, STATES_A_DAY, STATE_DAYS = 8, 40, 1440, 2
BATCH = 4000
DAY_S = 86_400.0


def measure(quick: bool) -> list[Figure]:
    """One year of eight cameras (a tenth of it if quick), then the retention of 8 and 32."""
    days = 36 if quick else 365
    store = fill(PLACE / "year", cameras=CAMERAS, days=days)
    now = store.clock.stamp()
    day = (now.utc - timedelta(days=1), now.utc)
    figures = [
        Figure(f"{days} days of 8 cameras: file", size_mb(store.path), "MB"),
        Figure("reading a camera's day of motion", time_ms(lambda: read(store, *day)), "ms"),
        Figure(
            "reading the newest row", time_ms(lambda: store.last(CameraState, camera="cam3")), "ms"
        ),
    ]
    store.close()
    prepared_ms = time_ms(lambda: prepare_database(store.path), times=5)
    figures.append(Figure("preparing it at a start", prepared_ms, "ms"))
    return figures + [measure_retention(count) for count in (8, 32)]


def measure_retention(count: int) -> Figure:
    """All camera processes of an hour, one after another: one tidies up, the others see that."""
    store = fill(PLACE / f"retention-{count}", cameras=count, days=4)
    stores = [Store(store.path, SystemClock(), "camera") for _ in range(count)]
    began_s = time.process_time()
    for one in stores:
        retention.take_turn(one)
    took_ms = 1000 * (time.process_time() - began_s)
    for one in (store, *stores):
        one.close()
    return Figure(f"retention by {count} cameras, an hour's turn of all", took_ms, "CPU-ms")


def fill(place: Path, *, cameras: int, days: int) -> Store:
    """A database with so many days of motion segments and two of states, of each camera."""
    shutil.rmtree(place, ignore_errors=True)
    prepare_database(place / "unit.db")
    store = Store(place / "unit.db", SystemClock(), "camera")
    now = store.clock.stamp()
    names = [f"cam{number}" for number in range(cameras)]
    rows = [
        *(
            make_motion(go_back(now, ago_s), name)
            for ago_s in list_ages(days, MOTIONS_A_DAY)
            for name in names
        ),
        *(
            filled.camera_state(go_back(now, ago_s), name)
            for ago_s in list_ages(STATE_DAYS, STATES_A_DAY)
            for name in names
        ),
    ]
    for first in range(0, len(rows), BATCH):
        store.add(*rows[first : first + BATCH])
    return store


def list_ages(days: int, a_day: int) -> list[float]:
    """How long ago so many rows a day were written, the oldest first, in seconds."""
    return [number * DAY_S / a_day for number in range(days * a_day, 0, -1)]


def make_motion(at: Stamp, camera: str) -> CameraMotion:
    return replace(filled.motion(at, camera), ended=at.utc + timedelta(seconds=20))


def read(store: Store, *between: object) -> None:
    store.list_lasting(CameraMotion, *between, ends="ended", limit=200, camera="cam3")  # type: ignore[arg-type]


def go_back(now: Stamp, seconds: float) -> Stamp:
    return replace(now, utc=now.utc - timedelta(seconds=seconds), uptime_s=now.uptime_s - seconds)


def size_mb(path: Path) -> float:
    """The file and its log."""
    return sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*")) / 1e6


def time_ms(act: Callable[[], object], times: int = 20) -> float:
    """The median time of a call."""
    took = []
    for _ in range(times):
        began_s = time.monotonic()
        act()
        took.append(1000 * (time.monotonic() - began_s))
    return median(took)
