"""The shelf of snapshots on a real file system, and heads that nobody can recognise."""

import os
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.errors import StoreError
from appliance.frames import BGR, Picture
from appliance.model import Box, Detection
from inference.heads import jpeg, with_heads_blurred
from inference.look import Look
from inference.snapshots import SnapshotShelf
from tests.fakes import START, FakeClock

PERSON = Detection("person", 0.9, Box(0.4, 0.2, 0.6, 0.9))


@pytest.fixture
def shelf_dir(tmp_path: Path) -> Path:
    return tmp_path / "data/snapshots"


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*") if path.is_file())


def test_a_snapshot_lies_under_its_day_and_is_named_from_the_data_directory(
    shelf_dir: Path, clock: FakeClock
) -> None:
    name = SnapshotShelf(shelf_dir, 30, 100, clock).put("one", START, b"picture")
    assert name == "snapshots/2026-04-15/one.jpg"
    assert (shelf_dir.parent / name).read_bytes() == b"picture"


def test_old_snapshots_and_torn_writes_are_deleted_once_an_hour(
    shelf_dir: Path, clock: FakeClock
) -> None:
    shelf = SnapshotShelf(shelf_dir, keep_days=2, keep_mb=100, clock=clock)
    shelf.put("old", START, b"x")
    (shelf_dir / "2026-04-15/torn.jpg.part").write_bytes(b"x")
    assert shelf.tidy() == 1, "the torn one"
    clock.advance(3 * 86_400)
    shelf.put("new", clock.utc, b"x")
    assert shelf.tidy() == 1
    assert names(shelf_dir) == ["new.jpg"]
    assert not (shelf_dir / "2026-04-15").exists(), "a day without pictures has no directory"
    shelf.put("older", START, b"x")
    assert shelf.tidy() == 0, "at most once an hour"
    clock.advance(3600)
    assert shelf.tidy() == 1


def test_above_its_size_the_oldest_go_first(shelf_dir: Path, clock: FakeClock) -> None:
    shelf = SnapshotShelf(shelf_dir, keep_days=30, keep_mb=0.0025, clock=clock)
    for day in (2, 0, 1):
        shelf.put(f"day{day}", START + timedelta(days=day), bytes(1000))
    clock.advance(3 * 86_400)
    shelf.tidy()
    assert names(shelf_dir) == ["day1.jpg", "day2.jpg"]


def test_a_full_disk_is_an_error_in_words_and_leaves_nothing_half_written(
    shelf_dir: Path, clock: FakeClock
) -> None:
    shelf = SnapshotShelf(shelf_dir, 30, 100, clock)
    day = shelf_dir / "2026-04-15"
    day.mkdir(parents=True)
    os.symlink("/dev/full", day / "one.jpg.part")  # each write fails as on a full disk
    with pytest.raises(StoreError, match="No space left on device; the event is kept without it"):
        shelf.put("one", START, b"picture" * 10_000)
    assert names(shelf_dir) == []


def test_heads_are_coarse_tiles_and_the_rest_is_untouched() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (400, 400, 3)).astype(np.uint8)
    dog = Detection("dog", 0.9, Box(0.0, 0.5, 0.2, 0.9))
    hidden = with_heads_blurred(noise, [PERSON, dog])
    head = hidden[80:140, 160:240]
    assert len(np.unique(head.reshape(-1, 3), axis=0)) <= 16, "four by four tiles"
    assert (hidden[150:] == noise[150:]).all()
    assert (hidden[:, :150] == noise[:, :150]).all()
    assert not (noise[80:140, 160:240] == head).all()


def test_a_person_at_the_edge_of_the_picture_is_blurred_too() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (100, 100, 3)).astype(np.uint8)
    corner = Detection("person", 0.5, Box(0.99, 0.0, 1.0, 0.02))
    out = Detection("person", 0.5, Box(1.0, 1.0, 1.0, 1.0))
    assert with_heads_blurred(noise, [corner, out]).shape == noise.shape


def test_the_owner_may_ask_for_heads_as_they_are(clock: FakeClock) -> None:
    ramp = np.repeat(np.linspace(0, 255, 200, dtype=np.uint8)[None, :, None], 200, axis=0)
    bgr = np.ascontiguousarray(np.repeat(ramp, 3, axis=2))
    picture = Picture("gate", clock.stamp(), 1, 0, 0.0, 200, 200, BGR, bgr.tobytes())
    look = Look(picture, (PERSON,))

    def head(blur: bool) -> np.ndarray:
        data = np.frombuffer(jpeg(look, blur), np.uint8)
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[50:60, 82:118].astype(int)

    assert np.abs(head(blur=False) - bgr[50:60, 82:118]).max() < 10
    assert np.abs(head(blur=True) - bgr[50:60, 82:118]).max() >= 5
    assert len(np.unique(head(blur=True)[5, :, 0])) < len(np.unique(head(blur=False)[5, :, 0]))
