"""`unitctl cameras find`: lists what answers, asks one camera, writes and moves its section."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest

from appliance import settings_file
from appliance.errors import CameraError, SettingsError
from sensors.camera.discovery import survey
from sensors.camera.discovery.answers import Service
from sensors.camera.discovery.asking import Login
from sensors.camera.discovery.facts import CameraFacts
from sensors.camera.discovery.networks import Network
from sensors.camera.discovery.survey import find_one, list_warnings, parse_camera_address
from sensors.commands import find_cameras
from tests.appliance.settings_change.rig import Rig, make_rig
from tests.stand_ins.discovery_answers import ENDPOINT, answering, find_number, make_answer
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.onvif_camera import PASSWORD, USER
from tests.stand_ins.onvif_device import Manners, OnvifDevice, Stream

LOOPBACK = Network("lo", IPv4Interface("127.0.0.1/8"))
STREAMS = (
    Stream("main", (1920, 1080), uri="rtsp://127.0.0.1:8554/{token}"),
    Stream("sub", (640, 360), gop=25, uri="rtsp://127.0.0.1:8554/{token}"),
)


@pytest.fixture
def rig(tmp_path: Path, clock: FakeClock) -> Rig:
    made = make_rig(tmp_path, clock)
    (tmp_path / "key").write_text(f"{PASSWORD}\n")
    return made


@pytest.fixture
def camera() -> Iterator[OnvifDevice]:
    with OnvifDevice(Manners(streams=STREAMS)).serving() as made:
        assert isinstance(made, OnvifDevice)
        yield made


def call(rig: Rig, *words: str) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=Path)
    parser.add_argument("--json", action="store_true")
    find_cameras.add_arguments(parser)
    return find_cameras.run(parser.parse_args(["--settings", str(rig.path), *words]))


def ask(rig: Rig, camera: OnvifDevice, *words: str) -> int:
    place = ("--at", f"127.0.0.1:{camera.port}", "--allow-local")
    key = str(rig.path.parent / "key")
    return call(rig, *place, "--user", USER, "--password-file", key, *words)


def test_a_camera_is_shown_with_its_streams_and_with_what_should_be_otherwise(
    rig: Rig, camera: OnvifDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(rig, camera) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "ACME Dome 3, firmware 1.2" in told
    assert "rtsp://127.0.0.1:8554/main: h264 1920x1080, 25 pictures a second" in told
    assert "the stream main has a key frame every 4.0 s" in told
    assert PASSWORD not in told
    assert "[camera" not in rig.text
    assert "SetVideoEncoderConfiguration" not in camera.requests


def test_json_has_the_facts_and_no_password(
    rig: Rig, camera: OnvifDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(rig, camera, "--json") == 0
    out = capsys.readouterr().out
    told = json.loads(out)
    assert told["facts"]["serial"] == "A1B2C3"
    assert told["streams"]["sub"]["encoder"].startswith("h264 640x360")
    assert told["ids"][0] == "mac:02:00:5e:10:00:07"
    assert PASSWORD not in out


def test_it_is_written_as_a_section_once(
    rig: Rig, camera: OnvifDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(rig, camera, "--add", "gate") == 0
    written = settings_file.load_settings(rig.path).camera["gate"]
    assert (written.source, written.sub_source) == (
        "rtsp://127.0.0.1:8554/main",
        "rtsp://127.0.0.1:8554/sub",
    )
    assert written.device_ids[0] == "mac:02:00:5e:10:00:07"
    assert "change 1 is made" in capsys.readouterr().err
    before = rig.text
    assert ask(rig, camera, "--add", "gate") == 0
    assert rig.text == before
    assert "nothing was changed" in capsys.readouterr().err


def test_key_frames_are_set_only_where_somebody_says_so_and_read_back(
    rig: Rig, camera: OnvifDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(rig, camera, "--set-key-frames") == 0
    told = capsys.readouterr()
    assert "the stream main has a key frame every 50 pictures now" in told.err
    assert "a key frame every 2.0 s" in told.out
    assert [one.gop for one in camera.manners.streams] == [50, 25]


def test_a_camera_that_does_not_keep_them_is_told(
    rig: Rig, camera: OnvifDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    camera.manners.heeds = False
    assert ask(rig, camera, "--set-key-frames") == 0
    assert "did not keep it" in capsys.readouterr().err


def test_a_camera_under_a_new_address_is_moved_and_keeps_all_else(
    rig: Rig, camera: OnvifDevice
) -> None:
    ask(rig, camera, "--add", "gate")
    rig.path.write_text(rig.text.replace("127.0.0.1:8554", "10.0.0.7:8554"))
    place = ("--at", f"127.0.0.1:{camera.port}", "--allow-local")
    assert call(rig, *place, "--move", "gate") == 0  # by the login that it has in the settings
    written = settings_file.load_settings(rig.path).camera["gate"]
    assert written.source == "rtsp://127.0.0.1:8554/main"
    assert len(settings_file.load_settings(rig.path).camera) == 1


def test_another_camera_is_not_moved_into_its_place(rig: Rig, camera: OnvifDevice) -> None:
    ask(rig, camera, "--add", "gate")
    rig.path.write_text(rig.text.replace("02:00:5e:10:00:07", "02:00:5e:10:00:99"))
    before = rig.text
    with pytest.raises(CameraError, match="is not certain"):
        ask(rig, camera, "--move", "gate")
    assert rig.text == before


def test_what_is_about_one_camera_needs_its_address(rig: Rig) -> None:
    with pytest.raises(SettingsError, match="--at ADDRESS"):
        call(rig, "--add", "gate")


def test_a_password_is_not_asked_for_where_there_is_no_terminal(
    rig: Rig, camera: OnvifDevice
) -> None:
    with pytest.raises(SettingsError, match="give --password-file"):
        call(rig, "--at", f"127.0.0.1:{camera.port}", "--allow-local", "--user", USER)


@pytest.mark.parametrize(
    "address", ["203.0.113.9", "8.8.8.8", "100.64.0.1", "127.0.0.1", "0.0.0.0", "224.0.0.1"]
)
def test_an_address_outside_the_private_networks_is_not_asked(address: str) -> None:
    with pytest.raises(CameraError, match="no address of a private network"):
        parse_camera_address(address)


def test_a_name_is_no_address() -> None:
    with pytest.raises(CameraError, match="no IPv4 address"):
        parse_camera_address("camera.local")


def test_all_cameras_are_listed_with_what_to_do_next(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(lambda question: [make_answer(find_number(question))]) as place:
        monkeypatch.setattr(survey, "list_networks", lambda: [LOOPBACK])
        monkeypatch.setattr(survey.find_cameras, "__defaults__", (4.0, None, place))
        assert call(rig, "--wait", "0.5") == 0
        told = capsys.readouterr().out
        assert "Gate camera M3025; new: unitctl cameras find --at 127.0.0.1" in told
        rig.path.write_text(
            f'{rig.text}\n[camera.gate]\nsource = "rtsp://10.0.0.7/a"\n'
            f'device_ids = ["onvif:{ENDPOINT}"]\n'
        )
        assert call(rig, "--wait", "0.5", "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)["cameras"]
    assert (one["standing"], one["camera"]) == ("moved", "gate")


def test_nobody_who_answers_is_said_with_what_to_do(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(survey, "list_networks", list)
    assert call(rig, "--wait", "0.5") == 1
    told = capsys.readouterr().err
    assert "no private network" in told
    assert "--at ADDRESS" in told


def test_one_camera_is_asked_directly_where_its_address_is_known() -> None:
    with answering(lambda question: [make_answer(find_number(question))]) as (_, port):
        device = find_one(IPv4Address("127.0.0.1"), [LOOPBACK], port, 0.3)
    assert device is not None
    assert device.service == Service(IPv4Address("127.0.0.1"), 8080)


def test_an_address_in_no_network_of_the_unit_is_not_asked() -> None:
    with pytest.raises(CameraError, match=r"in no network of this computer \(127.0.0.0/8\)"):
        find_one(IPv4Address("10.0.0.7"), [LOOPBACK])


@pytest.mark.parametrize(
    ("facts", "login", "said"),
    [
        (CameraFacts(is_open=True), Login(), "without a password"),
        (CameraFacts(), Login("Admin", "12345"), "one that makers set"),
        (CameraFacts(clock_offset_s=-2820), Login(), "its clock is 47 min behind"),
        (CameraFacts(clock_offset_s=1.0), Login("admin", "kT7-long"), ""),
        (CameraFacts(), Login("viewer", ""), ""),
    ],
)
def test_what_should_be_changed_at_the_camera_is_said(
    facts: CameraFacts, login: Login, said: str
) -> None:
    warnings = " ".join(list_warnings(facts, login))
    assert said in warnings
    assert bool(warnings) is bool(said)
    assert replace(login).password not in warnings or len(login.password) < 6
