"""`unitctl cameras timelapse`: what there is, and a video of it."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.appliance.commands.typed_unit import Unit


def put(unit: Unit, camera: str, minute: int, data: bytes | None = None) -> Path:
    day = unit.directory / "data/timelapse/2026-04-15"
    day.mkdir(parents=True, exist_ok=True)
    path = day / f"20260415T12{minute:02d}00Z-{camera}-beef-0.jpg"
    picture = np.full((93, 121, 3), 4 * minute, np.uint8)
    path.write_bytes(data or cv2.imencode(".jpg", picture)[1].tobytes())
    return path


def test_a_video_of_one_camera_is_written_by_its_pictures_in_their_order(unit: Unit) -> None:
    for minute in (50, 10, 30):
        put(unit, "gate", minute)
    put(unit, "demo", 20)
    put(unit, "gate", 40, b"no picture")
    code, out, err = unit.type("cameras", "timelapse", "gate", "--to", "gate.mp4", "--rate", "2")
    assert (code, err) == (0, "")
    assert out == "gate.mp4: 3 pictures, 1.5 s\n"
    with av.open("gate.mp4") as video:
        frames = [frame.to_ndarray(format="gray") for frame in video.decode(video=0)]
    assert [round(float(frame.mean()) / 4) for frame in frames] == [10, 30, 50]
    assert frames[0].shape == (92, 120)
    assert list(Path().glob("*.part")) == []


def test_they_are_listed_by_camera_and_day(unit: Unit) -> None:
    for minute in (10, 20):
        put(unit, "gate", minute)
    (unit.directory / "data/timelapse/2026-04-15/holiday.jpg").write_bytes(b"mine")
    assert "2 pictures" in unit.type("cameras", "timelapse")[1]
    assert [one["camera"] for one in unit.json("cameras", "timelapse")] == ["gate", "gate"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 0, "none is wanted: set `timelapse_min`"),
        (("--to", "all.mp4"), 2, "needs the NAME of one camera"),
        (("gate", "--to", "gate.mp4"), 1, "no video was written"),
        (("gat",), 2, "there is no camera 'gat'"),
    ],
)
def test_what_cannot_be_shown_is_told(
    unit: Unit, words: tuple[str, ...], code: int, says: str
) -> None:
    found, out, err = unit.type("cameras", "timelapse", *words)
    assert found == code
    assert says in out + err
    assert not Path("gate.mp4").exists()


def test_erasing_a_camera_erases_its_time_lapse_as_well(unit: Unit) -> None:
    path, other = put(unit, "gate", 10), put(unit, "demo", 10)
    mine = path.with_name("holiday.jpg")
    mine.write_bytes(b"mine")
    code, out, _ = unit.type("events", "erase", "--camera", "gate", "--yes")
    assert (code, "1 picture" in out) == (0, True)
    assert (path.exists(), other.exists(), mine.exists()) == (False, True, True)
