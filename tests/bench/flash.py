"""Bytes that a day costs the flash: the unit's own code at its real rate, on a real file system.

A day of the unit in one process under a fake clock (tests/stand_ins/in_process.py), at the rate of
a unit in the field: a poll every 10 s, states once a minute, people in front of the camera for ten
minutes of each hour, each event with a snapshot made from a picture of the demonstration's clip.
Two figures are taken, and the larger counts: what was handed to the kernel, and what the kernel
says it sent to the device. `--quick`: four hours.
"""

import os
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from av.video.frame import VideoFrame

from appliance.model_cameras import Event
from appliance.settings import Settings
from appliance.store import store as store_module
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from provisioning.laptop import START, Laptop, RunRequest
from sensors.camera.pictures.gop import GroupOfPictures
from sensors.camera.sources.video_file import VideoFile
from tests.bench.processes import read_number
from tests.bench.report import OUT, Figure, publish, quick
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.in_process import InProcessUnit, Scene

SELF = Path("/proc/self/io")
DAY_S = 86_400.0


def read_counters() -> tuple[int, int]:
    """Bytes handed to write calls, and bytes sent to the device, by this process so far."""
    return read_number(SELF, "wchar:"), read_number(SELF, "write_bytes:")


def run_unit(hours: float, page_size: int) -> tuple[float, float, float, float]:
    """Handed and sent bytes of a day (MB), the database (MB) after it, and its events."""
    directory = OUT / f"flash-{page_size}"
    laptop = Laptop(RunRequest(240, 8080, directory, charge_pct=60))
    laptop.stop()
    database = laptop.settings.database
    database.parent.mkdir(parents=True)
    make_empty(database, page_size)
    clock = FakeClock(START)
    scene = Scene(clock, load_picture(laptop.settings))
    unit = InProcessUnit(laptop.settings, clock, every_s=10, scene=scene)
    os.sync()
    before = read_counters()
    unit.run_until(START + timedelta(hours=hours))
    unit.close()
    os.sync()
    with closing(Store(database, clock)) as store:
        events = len(store.rows(Event))
    handed, sent = (after - b for after, b in zip(read_counters(), before, strict=True))
    size = database.stat().st_size
    shutil.rmtree(directory)
    factor = 24 / hours / 1e6
    return handed * factor, sent * factor, size / 1e6, events * 24 / hours


def load_picture(settings: Settings) -> VideoFrame:
    """A picture of the demonstration's clip, as large and as busy as its camera's."""
    group = GroupOfPictures("the demonstration's clip")
    clip = VideoFile(Path(settings.camera["demo"].source), group.add)
    clip.advance(0.0)
    clip.advance(10.0)
    found = group.decode_newest()
    clip.close()
    assert found is not None
    return found.frame


def make_empty(database: Path, page_size: int) -> None:
    """An empty database with pages of that size, and of today's shape."""
    import sqlite3

    fresh = sqlite3.connect(database)
    fresh.execute(f"PRAGMA page_size={page_size}")
    fresh.execute("PRAGMA journal_mode=WAL")
    fresh.execute("CREATE TABLE begun (at TEXT)")
    fresh.close()
    prepare_database(database)


def main() -> None:
    short = quick("flash")
    hours = 4.0 if short else 24.0
    handed, sent, size, events = run_unit(hours, store_module.PAGE_SIZE)
    usual_handed, usual_sent, *_ = run_unit(hours, 4096)
    figure = Figure("written a day", max(handed, sent), "MB a day", 60)
    figures = [
        figure,
        Figure("handed to the kernel", handed, "MB a day"),
        Figure("sent to the device", sent, "MB a day"),
        replace(figure, name="database after that", value=size, unit="MB", target=None),
        Figure("events with a snapshot", events, "a day"),
        Figure("with pages of 4 KiB", max(usual_handed, usual_sent), "MB a day"),
        Figure("ratio to pages of 4 KiB", handed / usual_handed, ""),
    ]
    publish("flash", figures, short, hours=hours, page_size=store_module.PAGE_SIZE)


if __name__ == "__main__":
    main()
