"""The shelf of pictures and films on a real file system: whole, bounded, careful."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.errors import StoreError
from inference.events.snapshots import FREE_FLOOR_BYTES, EventFiles
from tests.stand_ins.fakes import START, FakeClock


class Disk:
    """A disk of one gigabyte that only the shelf and `others_bytes` fill."""

    size_bytes = 1_000_000_000

    def __init__(self, others_bytes: int = 0) -> None:
        self.others_bytes = others_bytes

    def free(self, directory: Path) -> int:
        own = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
        return self.size_bytes - self.others_bytes - own


@pytest.fixture
def shelf_dir(tmp_path: Path) -> Path:
    return tmp_path / "data/snapshots"


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*") if path.is_file())


def test_a_snapshot_lies_under_its_day_and_is_named_from_the_data_directory(
    shelf_dir: Path, clock: FakeClock
) -> None:
    shelf = EventFiles(shelf_dir, 30, 100, clock)
    name = shelf.put_snapshot("one", START, b"picture")
    assert name == "snapshots/2026-04-15/one.jpg"
    assert (shelf_dir.parent / name).read_bytes() == b"picture"
    film = shelf.put_clip("one", START, b"film")
    assert film == "snapshots/2026-04-15/one.mp4"
    assert (shelf_dir.parent / film).read_bytes() == b"film"
    assert (shelf_dir.parent / film).stat().st_mtime == START.timestamp()


def test_old_pictures_and_films_and_torn_writes_are_deleted_once_an_hour(
    shelf_dir: Path, clock: FakeClock
) -> None:
    shelf = EventFiles(shelf_dir, keep_days=2, keep_mb=100, clock=clock)
    shelf.put_snapshot("old", START, b"x")
    shelf.put_clip("old", START, b"x")
    (shelf_dir / "2026-04-15/torn.jpg.part").write_bytes(b"x")
    (shelf_dir / "2026-04-15/torn.mp4.part").write_bytes(b"x")
    assert shelf.tidy() == 2, "the torn ones"
    clock.advance(3 * 86_400)
    shelf.put_snapshot("new", clock.utc, b"x")
    assert shelf.tidy() == 2
    assert names(shelf_dir) == ["new.jpg"]
    assert not (shelf_dir / "2026-04-15").exists(), "a day without pictures has no directory"
    shelf.put_snapshot("older", START, b"x")
    assert shelf.tidy() == 0, "at most once an hour"
    clock.advance(3600)
    assert shelf.tidy() == 1


def test_above_its_size_the_oldest_go_first(shelf_dir: Path, clock: FakeClock) -> None:
    shelf = EventFiles(shelf_dir, keep_days=30, keep_mb=0.0035, clock=clock)
    for day in (2, 0, 1):
        shelf.put_snapshot(f"day{day}", START + timedelta(days=day), bytes(1000))
    shelf.put_clip("day2", START + timedelta(days=2), bytes(1000))
    clock.advance(3 * 86_400)
    shelf.tidy()
    assert names(shelf_dir) == ["day1.jpg", "day2.jpg", "day2.mp4"]


def test_what_others_put_there_stays(shelf_dir: Path, clock: FakeClock, tmp_path: Path) -> None:
    others = [
        shelf_dir / "2026-04-15/notes.txt",
        shelf_dir / "2026-04-15/half.txt.part",
        shelf_dir / "holiday/one.jpg",
        shelf_dir / "holiday/two.jpg.part",
        shelf_dir / "one.jpg",
        tmp_path / "elsewhere/2020-01-01/one.jpg",
    ]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(5000))
        os.utime(path, (0, 0))
    (shelf_dir / "2020-01-01").symlink_to(tmp_path / "elsewhere/2020-01-01")
    (shelf_dir / "2026-04-15/linked.jpg").symlink_to(others[-1])
    (shelf_dir / "2026-04-15/folder.jpg").mkdir()
    shelf = EventFiles(shelf_dir, keep_days=1, keep_mb=0.001, clock=clock)
    shelf.put_snapshot("old", START, bytes(900))
    clock.advance(10 * 86_400)
    assert shelf.tidy() == 1
    assert all(path.exists() for path in others)
    assert (shelf_dir / "2026-04-15/linked.jpg").is_symlink()


def test_a_full_disk_is_an_error_in_words_and_leaves_nothing_half_written(
    shelf_dir: Path, clock: FakeClock
) -> None:
    shelf = EventFiles(shelf_dir, 30, 100, clock)
    day = shelf_dir / "2026-04-15"
    day.mkdir(parents=True)
    os.symlink("/dev/full", day / "one.jpg.part")  # each write fails as on a full disk
    with pytest.raises(StoreError, match="No space left on device; the event is kept without it"):
        shelf.put_snapshot("one", START, b"picture" * 10_000)
    assert names(shelf_dir) == []


def test_on_a_nearly_full_disk_the_oldest_give_way(shelf_dir: Path, clock: FakeClock) -> None:
    disk = Disk()
    shelf = EventFiles(shelf_dir, 30, 100, clock, disk.free)
    for day in range(4):
        shelf.put_snapshot(f"day{day}", START + timedelta(days=day), bytes(1000))
    disk.others_bytes = disk.size_bytes - FREE_FLOOR_BYTES - 4000
    shelf.put_snapshot("new", START + timedelta(days=4), bytes(1500))
    assert names(shelf_dir) == ["day2.jpg", "day3.jpg", "new.jpg"], "two, for its 1500 bytes"
    assert disk.free(shelf_dir) >= FREE_FLOOR_BYTES
    shelf.put_clip("new", START + timedelta(days=4), bytes(1000))
    assert names(shelf_dir) == ["day3.jpg", "new.jpg", "new.mp4"]


def test_where_others_fill_the_disk_nothing_is_lost_for_it(
    shelf_dir: Path, clock: FakeClock
) -> None:
    disk = Disk()
    shelf = EventFiles(shelf_dir, 30, 100, clock, disk.free)
    shelf.put_snapshot("old", START, bytes(1000))
    disk.others_bytes = disk.size_bytes - FREE_FLOOR_BYTES + 10_000
    with pytest.raises(StoreError, match=r"it is not pictures that fill it: .* look what fills"):
        shelf.put_snapshot("new", START + timedelta(days=1), bytes(1000))
    assert names(shelf_dir) == ["old.jpg"]
    assert (shelf_dir / "2026-04-15/old.jpg").stat().st_size == 1000


def test_the_only_picture_of_a_day_gives_way_to_another_of_that_day(
    shelf_dir: Path, clock: FakeClock
) -> None:
    disk = Disk()
    shelf = EventFiles(shelf_dir, 30, 100, clock, disk.free)
    shelf.put_snapshot("first", START, bytes(1000))
    disk.others_bytes = disk.size_bytes - FREE_FLOOR_BYTES - 1000
    shelf.put_snapshot("second", START, bytes(1000))
    assert names(shelf_dir) == ["second.jpg"]


def test_a_shelf_that_cannot_be_read_is_an_error_in_words(
    shelf_dir: Path, clock: FakeClock
) -> None:
    shelf_dir.parent.mkdir(parents=True)
    shelf_dir.write_text("no directory")
    with pytest.raises(StoreError, match="the event is kept without it"):
        EventFiles(shelf_dir, 30, 100, clock).put_snapshot("one", START, b"x")
