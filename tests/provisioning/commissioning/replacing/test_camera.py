"""Another camera: written in the place of the old one; zones stay, the view is compared."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from provisioning.commissioning.answers import Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.replacing.camera import CameraWalk
from provisioning.commissioning.step import Status
from provisioning.commissioning.steps.cameras import CamerasStep
from provisioning.commissioning.unit import Unit
from sensors.camera.discovery.facts import Look
from sensors.camera.discovery.sections import read_login
from sensors.camera.tamper_checks.stills import compare_stills
from tests.provisioning.commissioning.fakes import make_unit
from tests.stand_ins.onvif_camera import PASSWORD, USER
from tests.stand_ins.onvif_device import Manners, OnvifDevice, Stream

NEW = {"on": "2026-12-01", "address": "127.0.0.1", "confirmed": ["forget"]}
GATE = """
[camera.gate]
source = "rtsp://127.0.0.1:8554/old"
user = "{user}"
password_file = "{file}"
allow_local = true
device_ids = ["mac:00:11:22:33:44:55"]
privacy_masks = [[[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]]
"""


def draw(*boxes: tuple[int, int, int, int]) -> bytes:
    picture = Image.new("RGB", (640, 480), (90, 110, 90))
    for box in boxes:
        ImageDraw.Draw(picture).rectangle(box, fill=(230, 220, 200), outline=(0, 0, 0))
    held = io.BytesIO()
    picture.save(held, "JPEG")
    return held.getvalue()


YARD = draw((40, 60, 200, 300), (300, 100, 420, 400), (500, 20, 600, 120))
ROAD = draw((250, 10, 290, 470), (10, 340, 240, 380), (450, 200, 630, 260))


@pytest.fixture
def camera() -> Iterator[OnvifDevice]:
    uri = "rtsp://127.0.0.1:8554/{token}"
    streams = (Stream("main", (1920, 1080), uri=uri), Stream("sub", (640, 360), gop=50, uri=uri))
    with OnvifDevice(Manners(streams=streams)).serving() as made:
        assert isinstance(made, OnvifDevice)
        yield made


def make_gate(tmp_path: Path) -> Unit:
    file = tmp_path / "gate.password"
    file.write_text(f"{PASSWORD}\n")
    return make_unit(tmp_path, text=GATE.format(user=USER, file=file))


def take(unit: Unit, camera: OnvifDevice, jpeg: bytes = YARD, **more: Any) -> Result:
    look = Look(jpeg, 640, 480, "h264 640x480", 2.0)
    step = CamerasStep(look=lambda *_, **__: look, port=camera.port, allow_local=True)
    walk = CameraWalk(step)
    with Engine(unit, (walk,), {walk.table: Answers(walk.table, NEW | more)}) as engine:
        return engine.take(walk)


def test_the_new_one_takes_the_section_and_the_masks_stay(
    tmp_path: Path, camera: OnvifDevice
) -> None:
    unit = make_gate(tmp_path)
    before = unit.settings().camera["gate"]

    done = take(unit, camera)

    gate = unit.settings().camera["gate"]
    assert done.outcome.status is Status.DONE
    assert gate.sub_source == "rtsp://127.0.0.1:8554/sub"
    assert gate.device_ids != before.device_ids
    assert gate.privacy_masks == before.privacy_masks
    assert read_login(gate).password == PASSWORD
    assert done.outcome.facts["old"] == ["mac:00:11:22:33:44:55"]
    assert PASSWORD not in (unit.directory / "replaced.json").read_text()
    orders = (tmp_path / "orders").read_text()
    assert "try-restart appliance-camera@gate.service" in orders
    assert not take(unit, camera).has_changed


def test_the_old_one_that_answers_again_must_be_confirmed(
    tmp_path: Path, camera: OnvifDevice
) -> None:
    unit = make_gate(tmp_path)
    take(unit, camera)

    again = take(unit, camera, on="2026-12-02").outcome

    assert again.status is Status.NEEDS_ANSWER
    assert "the camera that answers is the old one" in again.questions[0].text
    sure = take(unit, camera, on="2026-12-02", confirmed=["forget", "same"])
    assert sure.outcome.status is Status.DONE


def test_another_view_is_said_so_that_zones_are_looked_at(
    tmp_path: Path, camera: OnvifDevice
) -> None:
    unit = make_gate(tmp_path)
    take(unit, camera)

    same = take(unit, camera, on="2026-12-02", confirmed=["forget", "same"]).outcome
    other = take(unit, camera, ROAD, on="2026-12-03", confirmed=["forget", "same"]).outcome

    assert same.facts["view_likeness"] > 0.9
    assert len(same.warnings) == 1  # when what was forgotten is known again
    assert other.facts["view_likeness"] < 0.5
    assert "shows another view than the old one" in other.warnings[1]


def test_a_camera_that_does_not_answer_changes_nothing(tmp_path: Path) -> None:
    unit = make_gate(tmp_path)
    before = unit.settings_path.read_bytes()
    with OnvifDevice(Manners()).serving() as made:
        assert isinstance(made, OnvifDevice)
        gone = made
    found = take(unit, gone).outcome

    assert found.status is Status.BLOCKED
    assert unit.settings_path.read_bytes() == before
    assert not (unit.directory / "replaced.json").exists()


def test_what_is_no_picture_or_has_no_edges_is_not_compared() -> None:
    assert compare_stills(b"", YARD) is None
    assert compare_stills(b"\xff\xd8\xff", YARD) is None
    assert compare_stills(draw(), draw()) is None
