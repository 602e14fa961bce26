"""The step of the cameras, against a real ONVIF conversation and a real RTSP server on loopback."""

import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import CameraError
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.step import Status
from provisioning.commissioning.steps.cameras import CamerasStep
from provisioning.commissioning.unit import Unit
from sensors.camera.discovery.answers import Device, Service
from sensors.camera.discovery.facts import Look
from sensors.camera.discovery.identity import Known, Standing
from sensors.camera.discovery.survey import Sighting
from tests.provisioning.commissioning.fakes import make_unit
from tests.stand_ins.onvif_camera import PASSWORD, USER
from tests.stand_ins.onvif_device import Manners, OnvifDevice, Stream
from tests.stand_ins.rtsp import Cameras, make_video, needs_server, serving

LOOK = Look(b"\xff\xd8\xff\xe0", 1920, 1080, "h264 1920x1080", 2.0)
ROW = {"name": "gate", "address": "127.0.0.1", "user": USER, "password": PASSWORD}


@pytest.fixture(scope="module")
def rtsp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cameras]:
    place = tmp_path_factory.mktemp("rtsp")
    main = make_video(place / "main.mp4", size=(320, 240))
    sub = make_video(place / "sub.mp4")
    with serving(f"main={main}", f"sub={sub}") as server:
        yield server


@pytest.fixture
def camera() -> Iterator[OnvifDevice]:
    with OnvifDevice(Manners(streams=make_streams(8554))).serving() as made:
        assert isinstance(made, OnvifDevice)
        yield made


def make_streams(port: int) -> tuple[Stream, ...]:
    uri = f"rtsp://127.0.0.1:{port}/{{token}}"
    return Stream("main", (1920, 1080), uri=uri), Stream("sub", (640, 360), gop=50, uri=uri)


def make_step(camera: OnvifDevice, **more: Any) -> CamerasStep:
    values: dict[str, Any] = {"look": lambda *_, **__: LOOK, **more}
    return CamerasStep(search=lambda *_: ([], ()), port=camera.port, allow_local=True, **values)


def rows(*values: dict[str, Any]) -> Answers:
    return Answers("camera", rows=tuple(Answers("camera", one) for one in values))


def take(unit: Unit, step: CamerasStep, answers: Answers) -> Result:
    with Engine(unit, (step,), {"camera": answers}) as engine:
        return engine.take(step)


@needs_server
def test_a_camera_of_site_toml_is_asked_written_and_looked_at_and_then_nothing_changes(
    tmp_path: Path, camera: OnvifDevice, rtsp: Cameras
) -> None:
    camera.manners.streams = make_streams(rtsp.port)
    unit = make_unit(tmp_path)
    step = CamerasStep(search=lambda *_: ([], ()), port=camera.port, allow_local=True)
    first = take(unit, step, rows(ROW))
    assert (first.outcome.status, first.has_changed) == (Status.DONE, True)
    written = unit.settings().camera["gate"]
    assert written.sub_source == f"rtsp://127.0.0.1:{rtsp.port}/sub"
    facts = first.outcome.facts["cameras"]["gate"]
    assert facts["main_key_frame_s"] == pytest.approx(1.0)
    assert facts["sub_stream"].startswith("h264 160x120")
    assert Path(facts["still"]).read_bytes().startswith(b"\xff\xd8")
    assert (facts["still_width_px"], facts["still_height_px"]) == (320, 240)
    assert PASSWORD not in json.dumps(dict(first.outcome.facts))
    kept = (unit.directory / "record.json").read_text()
    state = (unit.directory / "state.json").read_text()
    assert PASSWORD not in kept + state + unit.settings_path.read_text()
    second = take(unit, step, rows(ROW))
    assert (second.outcome.status, second.has_changed) == (Status.DONE, False)


def test_a_wrong_password_blocks_the_step_and_nothing_is_written(
    tmp_path: Path, camera: OnvifDevice
) -> None:
    unit = make_unit(tmp_path)
    result = take(unit, make_step(camera), rows(ROW | {"password": "not-this-one"}))
    assert result.outcome.status is Status.BLOCKED
    assert "refuses this user and password" in result.outcome.reason
    assert result.outcome.is_final  # it is not tried again: many cameras lock out
    assert unit.settings().camera == {}
    assert not (tmp_path / "gate.password").exists()
    assert take(unit, make_step(camera), rows(ROW)).outcome.status is Status.DONE


def test_the_second_of_two_cameras_that_fails_leaves_the_first_and_is_gone_on_with(
    tmp_path: Path, camera: OnvifDevice
) -> None:
    unit = make_unit(tmp_path)
    bad = ROW | {"name": "yard", "source": "rtsp://127.0.0.1:9/yard"}

    def look(url: str, *_: object, **__: object) -> Look:
        if "yard" in url:
            raise CameraError("rtsp://127.0.0.1:9/yard refuses the connection")
        return LOOK

    result = take(unit, make_step(camera, look=look), rows(ROW, bad))
    assert result.outcome.status is Status.BLOCKED
    assert list(unit.settings().camera) == ["gate"]
    again = take(unit, make_step(camera), rows(ROW, bad))
    assert again.outcome.status is Status.DONE
    assert list(unit.settings().camera) == ["gate", "yard"]


def test_key_frames_are_set_where_the_answers_say_so(tmp_path: Path, camera: OnvifDevice) -> None:
    unit = make_unit(tmp_path)
    take(unit, make_step(camera), rows(ROW))
    assert [one.gop for one in camera.manners.streams] == [100, 50]
    (tmp_path / "b").mkdir()
    take(make_unit(tmp_path / "b"), make_step(camera), rows(ROW | {"set_key_frames": True}))
    assert [one.gop for one in camera.manners.streams] == [50, 50]


def test_key_frames_that_are_too_far_apart_are_a_warning_of_what_was_measured(
    tmp_path: Path, camera: OnvifDevice
) -> None:
    step = make_step(camera, look=lambda *_, **__: replace(LOOK, key_frame_s=4.0))
    result = take(make_unit(tmp_path), step, rows(ROW))
    assert "a key frame every 4.0 s, and 2 s are wanted" in result.outcome.warnings[0]


def test_a_camera_under_a_new_address_is_not_added_twice(
    tmp_path: Path, camera: OnvifDevice
) -> None:
    unit = make_unit(
        tmp_path,
        text='[camera.gate]\nsource = "rtsp://10.0.0.7/a"\n'
        'device_ids = ["mac:02:00:5e:10:00:07"]\n',
    )
    second = take(unit, make_step(camera), rows(ROW | {"name": "yard"}))
    assert second.outcome.status is Status.BLOCKED
    assert "is gate under a new address" in second.outcome.reason
    moved = take(unit, make_step(camera), rows(ROW))
    assert moved.outcome.status is Status.DONE
    assert unit.settings().camera["gate"].source == "rtsp://127.0.0.1:8554/main"


def test_a_second_name_for_a_camera_of_the_settings_is_refused(
    tmp_path: Path, camera: OnvifDevice
) -> None:
    unit = make_unit(
        tmp_path, text='[camera.gate]\nsource = "rtsp://127.0.0.1/a"\nallow_local = true\n'
    )
    with pytest.raises(AnswerError, match=r"camera.name is yard, but .* is gate already"):
        take(unit, make_step(camera), rows(ROW | {"name": "yard"}))


def test_without_answers_the_first_camera_that_answers_is_proposed(tmp_path: Path) -> None:
    device = Device(Service(IPv4Address("192.168.1.20")), "urn:a", "Gate", "M3", "eth0", ("odd",))
    known = replace(device, service=Service(IPv4Address("192.168.1.19")))
    found = [
        Sighting(known, Known(Standing.KNOWN, "old")),
        Sighting(device, Known(Standing.NEW)),
    ]
    step = CamerasStep(search=lambda *_: (found, ("a remark on the network",)))
    outcome = step.check(make_unit(tmp_path), Answers("camera"))
    assert outcome.status is Status.NEEDS_ANSWER
    questions = {one.key: one for one in outcome.questions}
    assert questions["camera.address"].proposal == "192.168.1.20"
    assert questions["camera.password"].kind.value == "secret"
    assert set(outcome.warnings) == {"a remark on the network", "odd"}


@pytest.mark.parametrize("values", [{"none": True}, {"address": "none"}])
def test_a_site_without_cameras_skips_the_step(tmp_path: Path, values: dict[str, Any]) -> None:
    outcome = CamerasStep().check(make_unit(tmp_path), Answers("camera", values))
    assert outcome.status is Status.SKIPPED


def test_no_camera_is_wanted_and_there_is_one(tmp_path: Path) -> None:
    unit = make_unit(tmp_path, text='[camera.gate]\nsource = "rtsp://10.0.0.7/a"\n')
    outcome = CamerasStep().check(unit, Answers("camera", {"none": True}))
    assert outcome.status is Status.BLOCKED
    assert "but the settings have gate" in outcome.reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Gate 1"}, "small letters"),
        ({"name": None}, "is not given"),
        ({"address": "203.0.113.7"}, "no address of a private network"),
        ({"address": "camera.local"}, "no IPv4 address"),
        ({"address": None}, "is not given"),
        ({"source": "file:///etc/passwd"}, "not opened"),
        ({"source": "rtsp://a:b@10.0.0.7/x"}, "has a login in it"),
        ({"user": None}, "a password belongs to a user"),
        ({"set_key_frames": "yes"}, "neither true nor false"),
        ({"password": None, "password_file": "/nonexistent"}, "cannot be read"),
    ],
)
def test_an_answer_that_cannot_be_used_is_said_before_anything_is_done(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    row = {key: value for key, value in {**ROW, **change}.items() if value is not None}
    with pytest.raises(AnswerError, match=said) as caught:
        CamerasStep(allow_local=True).check(make_unit(tmp_path), rows(row))
    assert PASSWORD not in str(caught.value)
    assert str(IPv4Interface("127.0.0.1/8")) not in str(caught.value)


def test_two_cameras_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match="is gate for two cameras"):
        CamerasStep(allow_local=True).check(make_unit(tmp_path), rows(ROW, ROW))
