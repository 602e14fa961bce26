"""The files of snapshots and clips on a real file system: whole, bounded, careful."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.errors import StoreError
from appliance.model import Stamp
from appliance.store.event_ages import read_event_ages
from appliance.store.unit_time import record_time
from inference.events.draft import make_event_id
from inference.events.snapshots import FREE_FLOOR_BYTES, EventFiles
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import START, FakeClock


class Disk:
    """A disk of one gigabyte that only the files and `others_bytes` fill."""

    size_bytes = 1_000_000_000

    def __init__(self, others_bytes: int = 0) -> None:
        self.others_bytes = others_bytes

    def free(self, directory: Path) -> int:
        own = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
        return self.size_bytes - self.others_bytes - own


@pytest.fixture
def files_dir(tmp_path: Path) -> Path:
    return tmp_path / "data/snapshots"


def own(camera: str, at: datetime) -> str:
    """The event of a camera at a time, as inference names it."""
    return make_event_id(Stamp(at, "0000beef", 1.0), camera, (1, ""), 0)


def put_snapshot(files: EventFiles, camera: str, at: datetime, data: bytes) -> str:
    return files.put_snapshot(own(camera, at), at, data)


def put_clip(files: EventFiles, camera: str, at: datetime, data: bytes) -> str:
    return files.put_clip(own(camera, at), at, data)


def names(directory: Path) -> list[str]:
    """All files there, those of `own` by their camera."""
    found = (path.name for path in directory.rglob("*") if path.is_file())
    return sorted(re.sub(r"^\d{8}T\d{6}Z-(.*)-beef-1\.", r"\1.", name) for name in found)


def test_a_snapshot_lies_under_its_day_and_is_named_from_the_data_directory(
    files_dir: Path, clock: FakeClock
) -> None:
    files = EventFiles(files_dir, keep_days=30, keep_mb=100, clock=clock)
    name = put_snapshot(files, "one", START, b"picture")
    assert name == f"snapshots/2026-04-15/{own('one', START)}.jpg"
    assert (files_dir.parent / name).read_bytes() == b"picture"
    clip = put_clip(files, "one", START, b"clip")
    assert clip == f"snapshots/2026-04-15/{own('one', START)}.mp4"
    assert (files_dir.parent / clip).read_bytes() == b"clip"
    assert (files_dir.parent / clip).stat().st_mtime == START.timestamp()


def test_old_snapshots_and_clips_and_torn_writes_are_deleted_once_an_hour(
    files_dir: Path, clock: FakeClock
) -> None:
    files = EventFiles(files_dir, keep_days=2, keep_mb=100, clock=clock)
    put_snapshot(files, "old", START, b"x")
    put_clip(files, "old", START, b"x")
    (files_dir / f"2026-04-15/{own('torn', START)}.jpg.part").write_bytes(b"x")
    (files_dir / f"2026-04-15/{own('torn', START)}.mp4.part").write_bytes(b"x")
    assert files.tidy() == 2, "the torn ones"
    clock.advance(3 * 86_400)
    put_snapshot(files, "new", clock.utc, b"x")
    assert files.tidy() == 2
    assert names(files_dir) == ["new.jpg"]
    assert not (files_dir / "2026-04-15").exists(), "a day without pictures has no directory"
    put_snapshot(files, "older", START, b"x")
    assert files.tidy() == 0, "at most once an hour"
    clock.advance(3600)
    assert files.tidy() == 1


def test_above_its_size_the_oldest_go_first(files_dir: Path, clock: FakeClock) -> None:
    files = EventFiles(files_dir, keep_days=30, keep_mb=0.0035, clock=clock)
    for day in (2, 0, 1):
        put_snapshot(files, f"day{day}", START + timedelta(days=day), bytes(1000))
    put_clip(files, "day2", START + timedelta(days=2), bytes(1000))
    clock.advance(3 * 86_400)
    files.tidy()
    assert names(files_dir) == ["day1.jpg", "day2.jpg", "day2.mp4"]


def test_what_others_put_there_stays(files_dir: Path, clock: FakeClock, tmp_path: Path) -> None:
    others = [
        files_dir / "2026-04-15/notes.txt",
        files_dir / "2026-04-15/half.txt.part",
        files_dir / "2026-04-15/holiday.jpg",
        files_dir / "2026-04-15/holiday.mp4.part",
        files_dir / f"2026-04-14/{own('one', START)}.jpg",
        files_dir / "holiday/one.jpg",
        files_dir / "holiday/two.jpg.part",
        files_dir / "one.jpg",
        tmp_path / f"elsewhere/2020-01-01/{own('one', datetime(2020, 1, 1, tzinfo=UTC))}.jpg",
    ]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(5000))
        os.utime(path, (0, 0))
    (files_dir / "2020-01-01").symlink_to(tmp_path / "elsewhere/2020-01-01")
    (files_dir / f"2026-04-15/{own('linked', START)}.jpg").symlink_to(others[-1])
    (files_dir / f"2026-04-15/{own('folder', START)}.jpg").mkdir()
    files = EventFiles(files_dir, keep_days=1, keep_mb=0.001, clock=clock)
    put_snapshot(files, "old", START, bytes(900))
    clock.advance(10 * 86_400)
    assert files.tidy() == 1
    assert all(path.exists() for path in others)
    assert (files_dir / f"2026-04-15/{own('linked', START)}.jpg").is_symlink()


def test_a_full_disk_is_an_error_in_words_and_leaves_nothing_half_written(
    files_dir: Path, clock: FakeClock
) -> None:
    files = EventFiles(files_dir, keep_days=30, keep_mb=100, clock=clock)
    day = files_dir / "2026-04-15"
    day.mkdir(parents=True)
    os.symlink(
        "/dev/full", day / f"{own('one', START)}.jpg.part"
    )  # each write fails as on a full disk
    with pytest.raises(StoreError, match="No space left on device; the event is kept without it"):
        put_snapshot(files, "one", START, b"picture" * 10_000)
    assert names(files_dir) == []


def test_on_a_nearly_full_disk_the_oldest_give_way(files_dir: Path, clock: FakeClock) -> None:
    disk = Disk()
    files = EventFiles(files_dir, keep_days=30, keep_mb=100, clock=clock, free_bytes=disk.free)
    for day in range(4):
        put_snapshot(files, f"day{day}", START + timedelta(days=day), bytes(1000))
    disk.others_bytes = disk.size_bytes - FREE_FLOOR_BYTES - 4000
    put_snapshot(files, "new", START + timedelta(days=4), bytes(1500))
    assert names(files_dir) == ["day2.jpg", "day3.jpg", "new.jpg"], "two, for its 1500 bytes"
    assert disk.free(files_dir) >= FREE_FLOOR_BYTES
    put_clip(files, "new", START + timedelta(days=4), bytes(1000))
    assert names(files_dir) == ["day3.jpg", "new.jpg", "new.mp4"]


def test_where_others_fill_the_disk_nothing_is_lost_for_it(
    files_dir: Path, clock: FakeClock
) -> None:
    disk = Disk()
    files = EventFiles(files_dir, keep_days=30, keep_mb=100, clock=clock, free_bytes=disk.free)
    put_snapshot(files, "old", START, bytes(1000))
    disk.others_bytes = disk.size_bytes - FREE_FLOOR_BYTES + 10_000
    with pytest.raises(StoreError, match="find out what fills the disk"):
        put_snapshot(files, "new", START + timedelta(days=1), bytes(1000))
    assert names(files_dir) == ["old.jpg"]
    assert (files_dir / f"2026-04-15/{own('old', START)}.jpg").stat().st_size == 1000


def test_the_only_picture_of_a_day_gives_way_to_another_of_that_day(
    files_dir: Path, clock: FakeClock
) -> None:
    disk = Disk()
    files = EventFiles(files_dir, keep_days=30, keep_mb=100, clock=clock, free_bytes=disk.free)
    put_snapshot(files, "first", START, bytes(1000))
    disk.others_bytes = disk.size_bytes - FREE_FLOOR_BYTES - 1000
    put_snapshot(files, "second", START, bytes(1000))
    assert names(files_dir) == ["second.jpg"]


def test_a_directory_that_cannot_be_read_is_an_error_in_words(
    files_dir: Path, clock: FakeClock
) -> None:
    files_dir.parent.mkdir(parents=True)
    files_dir.write_text("no directory")
    with pytest.raises(StoreError, match="the event is kept without it"):
        EventFiles(files_dir, keep_days=30, keep_mb=100, clock=clock).put_snapshot(
            "one", START, b"x"
        )


# --- wrong clocks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("years", [2, -2, -56])
def test_a_wall_clock_that_is_years_off_for_an_hour_costs_no_picture(
    files_dir: Path, clock: FakeClock, open_store: OpenStore, years: int
) -> None:
    store = open_store("inference")
    record_time(store)
    files = EventFiles(
        files_dir,
        keep_days=30,
        keep_mb=0.0035,
        clock=clock,
        read_ages=lambda wanted: read_event_ages(store, wanted),
    )

    def see(camera: str) -> None:
        event_id = own(camera, clock.utc)
        files.put_snapshot(event_id, clock.utc, bytes(1000))
        store.add(filled.event(clock.stamp(), event_id))
        record_time(store)
        clock.advance(3600)

    see("first")
    right = clock.utc
    clock.set_wall_clock(right + timedelta(days=365 * years))
    see("meanwhile")
    assert files.tidy() == 0
    clock.set_wall_clock(right + timedelta(hours=1))
    see("later")
    assert files.tidy() == 0
    assert names(files_dir) == ["first.jpg", "later.jpg", "meanwhile.jpg"]
    see("last")
    files.tidy()
    assert names(files_dir) == ["last.jpg", "later.jpg", "meanwhile.jpg"], "the first is the oldest"
    clock.advance(31 * 86_400)
    record_time(store)
    assert files.tidy() == 3


def test_a_picture_whose_row_is_lost_goes_by_a_date_that_can_be_one(
    files_dir: Path, clock: FakeClock, open_store: OpenStore
) -> None:
    store = open_store("inference")
    files = EventFiles(
        files_dir,
        keep_days=30,
        keep_mb=1,
        clock=clock,
        read_ages=lambda wanted: read_event_ages(store, wanted),
    )
    put_snapshot(files, "no-row", START, b"x")
    put_snapshot(files, "no-clock", START - timedelta(days=20_000), b"x")
    clock.synchronized = True
    record_time(store)
    clock.synchronized = False
    clock.set_wall_clock(START + timedelta(days=700))
    assert files.tidy() == 0
    clock.set_wall_clock(START)
    clock.advance(31 * 86_400)
    record_time(store)
    assert files.tidy() == 1
    assert names(files_dir) == ["no-clock.jpg"]
