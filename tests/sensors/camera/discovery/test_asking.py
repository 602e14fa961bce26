"""One camera is asked over real SOAP by a process of its own: a good one, and many bad ones."""

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from ipaddress import IPv4Address
from typing import Any

import pytest
import zeep
from zeep.transports import Transport

from sensors.camera.discovery import asking, bounded, process
from sensors.camera.discovery.answers import Service
from sensors.camera.discovery.asking import NOBODY, Login, describe, fetch_snapshot, set_gop
from sensors.camera.discovery.conversation import DEVICE, FILES, MEDIA, find_files
from sensors.camera.discovery.troubles import AskingError, Trouble
from tests.stand_ins.onvif_camera import PASSWORD, USER
from tests.stand_ins.onvif_device import Manners, OnvifDevice, Stream

LOCAL = IPv4Address("127.0.0.1")
OWNER = Login(USER, PASSWORD)
JPEG = b"\xff\xd8\xff\xe0" + bytes(100) + b"\xff\xd9"
BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


@contextmanager
def camera_with(**manners: Any) -> Iterator[tuple[OnvifDevice, Service]]:
    with OnvifDevice(Manners(**manners)).serving() as camera:
        assert isinstance(camera, OnvifDevice)
        yield camera, Service(LOCAL, camera.port)


def fail(service: Service, login: Login = OWNER, ask_s: float = 20.0) -> AskingError:
    with pytest.raises(AskingError) as caught:
        describe(service, login, ask_s)
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in repr(caught.value)
    return caught.value


def test_a_camera_tells_what_it_is_and_which_streams_it_has() -> None:
    with camera_with() as (camera, service):
        facts = describe(service, OWNER)
    assert (facts.manufacturer, facts.model, facts.serial) == ("ACME", "Dome 3", "A1B2C3")
    assert facts.mac == "02:00:5e:10:00:07"
    assert facts.clock_offset_s is not None
    assert abs(facts.clock_offset_s) < 5
    assert not facts.is_open
    main, sub = facts.profiles
    assert main.encoder is not None
    assert (main.encoder.codec, main.encoder.width_px, main.encoder.height_px) == (
        "h264",
        1920,
        1080,
    )
    assert (main.encoder.gop_frames, main.encoder.key_frame_s) == (100, 4.0)
    assert (main.encoder.gop_least, main.encoder.gop_most) == (1, 250)
    assert sub.stream == "rtsp://127.0.0.1:554/sub"
    assert sub.snapshot == f"http://127.0.0.1:{camera.port}/snapshot.jpg"
    assert "SetVideoEncoderConfiguration" not in camera.requests


def test_each_reply_of_the_stand_in_is_what_the_files_of_onvif_ask_for() -> None:
    class Plain(Transport):  # type: ignore[misc]
        pass

    with camera_with(is_open=True) as (camera, service):
        clients = {
            name: zeep.Client(str(find_files() / FILES[name][0]), transport=Plain())
            for name in (DEVICE, MEDIA)
        }  # strict is zeep's default
        for name, action, values in (
            (DEVICE, "GetSystemDateAndTime", {}),
            (DEVICE, "GetServices", {"IncludeCapability": False}),
            (DEVICE, "GetDeviceInformation", {}),
            (DEVICE, "GetNetworkInterfaces", {}),
            (MEDIA, "GetProfiles", {}),
            (MEDIA, "GetSnapshotUri", {"ProfileToken": "main"}),
            (MEDIA, "GetVideoEncoderConfiguration", {"ConfigurationToken": "enc-main"}),
            (MEDIA, "GetVideoEncoderConfigurationOptions", {"ConfigurationToken": "enc-main"}),
        ):
            binding = f"{{{name}}}{FILES[name][1]}"
            got = getattr(clients[name].create_service(binding, service.url), action)(**values)
            assert got is not None, action
        assert len(camera.requests) == 8


def test_without_a_login_a_camera_asks_for_one_and_no_password_is_tried() -> None:
    with camera_with() as (camera, service):
        error = fail(service, NOBODY)
    assert error.trouble is Trouble.NEEDS_LOGIN
    assert "wants a user and a password" in str(error)
    assert camera.refused == 1


def test_a_wrong_password_is_tried_once_and_said() -> None:
    with camera_with() as (camera, service):
        error = fail(service, Login(USER, "wrong"))
    assert error.trouble is Trouble.WRONG_LOGIN
    assert "refuses this user and password" in str(error)
    assert "clock" not in str(error)
    assert camera.refused == 2  # once without a login, once with this one


def test_a_camera_whose_clock_is_47_minutes_behind_is_asked_by_its_own_clock() -> None:
    with camera_with(clock_ahead=timedelta(minutes=-47)) as (_, service):
        facts = describe(service, OWNER)
    assert facts.clock_offset_s is not None
    assert -2830 < facts.clock_offset_s < -2810


def test_a_refused_login_names_the_wrong_clock_that_looks_like_a_wrong_password() -> None:
    with camera_with(clock_ahead=timedelta(minutes=-47)) as (camera, service):
        camera.refuses_time_off_s = -1.0  # whatever the time is
        error = fail(service)
    assert error.trouble is Trouble.WRONG_LOGIN
    assert "its clock is 47 min behind, which looks the same" in str(error)


def test_a_camera_that_tells_its_clock_to_nobody_is_asked_by_the_date_of_its_replies() -> None:
    with camera_with(hides_clock=True, clock_ahead=timedelta(days=-400)) as (_, service):
        assert describe(service, OWNER).serial == "A1B2C3"


def test_a_clock_that_cannot_be_read_is_said_too() -> None:
    behind = timedelta(days=-400)
    with camera_with(hides_clock=True, shows_date=False, clock_ahead=behind) as (_, service):
        error = fail(service)
    assert "its clock could not be read" in str(error)


def test_a_camera_that_tells_all_to_anybody_is_marked_as_open() -> None:
    with camera_with(is_open=True) as (_, service):
        assert describe(service).is_open


def test_key_frames_are_set_and_read_back_and_nothing_else_changes() -> None:
    with camera_with() as (camera, service):
        before = camera.manners.streams
        encoder = set_gop(service, OWNER, token="enc-sub", frames=50)
        assert (encoder.gop_frames, encoder.key_frame_s) == (50, 2.0)
        assert camera.manners.streams[0] == before[0]
        assert camera.manners.streams[1].gop == 50
        assert camera.manners.streams[1].size == before[1].size


def test_a_camera_that_says_yes_and_keeps_its_settings_is_found_out() -> None:
    with camera_with(heeds=False) as (_, service):
        assert set_gop(service, OWNER, token="enc-main", frames=50).gop_frames == 100


def test_a_picture_is_taken_where_there_is_one() -> None:
    with camera_with(snapshot=JPEG) as (camera, service):
        address = f"http://127.0.0.1:{camera.port}/snapshot.jpg"
        assert fetch_snapshot(service, OWNER, address) == JPEG


@pytest.mark.parametrize("data", [b"", b"<html>login</html>"])
def test_what_is_no_jpeg_is_no_picture(data: bytes) -> None:
    with camera_with(snapshot=data) as (camera, service), pytest.raises(AskingError) as caught:
        fetch_snapshot(service, OWNER, f"http://127.0.0.1:{camera.port}/snapshot.jpg")
    assert caught.value.trouble is Trouble.NO_PICTURE


@pytest.mark.parametrize("at", ["http://192.0.2.9/a.jpg", "file:///etc/passwd", "http://[::1]/"])
def test_a_picture_at_another_host_is_not_fetched(at: str) -> None:
    with camera_with() as (_, service), pytest.raises(AskingError) as caught:
        fetch_snapshot(service, OWNER, at)
    assert caught.value.trouble is Trouble.HOSTILE


def test_services_at_another_host_are_asked_at_the_camera_itself() -> None:
    with camera_with() as (camera, service):
        camera.claimed_host = "192.0.2.9"
        assert len(describe(service, OWNER).profiles) == 2


@pytest.mark.parametrize("action", ["GetDeviceInformation", "GetProfiles", "GetServices"])
def test_an_xml_bomb_is_not_read(action: str) -> None:
    with camera_with(raw={action: BOMB + b"<a>&b;</a>"}) as (_, service):
        error = fail(service)
    assert error.trouble is Trouble.HOSTILE
    assert "sends what no camera has to send" in str(error)


@pytest.mark.parametrize("kind", [b"a", b'a SYSTEM "file:///etc/passwd"'])
def test_a_type_definition_without_entities_is_not_read_either(kind: bytes) -> None:
    reply = b"<!DOCTYPE " + kind + b"><a/>"
    with camera_with(raw={"GetDeviceInformation": reply}) as (_, service):
        assert fail(service).trouble is Trouble.HOSTILE


def test_an_answer_of_100_mb_is_cut_off() -> None:
    big = b"<a>" + b"x" * 100_000_000
    with camera_with(raw={"GetProfiles": big}) as (_, service):
        error = fail(service)
    assert error.trouble is Trouble.TOO_LARGE
    assert "larger than any that is meant" in str(error)
    assert len(big) > 50 * bounded.MOST_BYTES


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"hello",
        b"<html><body>login</body></html>",
        b"\xff\xfe",
        gzip.compress(b"<a/>", mtime=0),
    ],
)
def test_what_is_no_onvif_is_said(reply: bytes) -> None:
    raw = {"GetDeviceInformation": reply, "GetSystemDateAndTime": reply}
    with camera_with(raw=raw) as (_, service):
        error = fail(service)
    assert error.trouble is Trouble.NOT_ONVIF
    assert "not as an ONVIF camera does" in str(error)


def test_nobody_at_that_port_is_said() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = fail(Service(LOCAL, closed.getsockname()[1]))
    assert error.trouble is Trouble.CLOSED
    assert "ONVIF is on" in str(error)


@contextmanager
def drip(piece: bytes) -> Iterator[Service]:
    """A camera that answers and never comes to an end: a byte each tenth of a second."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as ear:

        def serve() -> None:
            near, _ = ear.accept()
            with near, suppress(ConnectionError):  # who asked is gone at its deadline
                near.recv(65_536)
                near.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
                while piece and not over.wait(0.1):
                    near.sendall(piece)
                over.wait(30)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield Service(LOCAL, ear.getsockname()[1])
        finally:
            over.set()


def test_a_camera_that_never_ends_its_answer_is_left_at_the_deadline() -> None:
    with drip(b" ") as service:
        assert fail(service, ask_s=1.0).trouble is Trouble.TOO_LONG


def test_a_camera_that_says_nothing_is_left_too() -> None:
    with drip(b"") as service:
        assert fail(service, ask_s=1.0).trouble is Trouble.SILENT


def test_a_process_that_dies_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MODULE", "sensors.camera.discovery.nobody")
    assert fail(Service(LOCAL, 9)).trouble is Trouble.DIED


def test_a_unit_without_the_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "find_spec", lambda _: None)
    assert process.do({}) == {"trouble": Trouble.NO_LIBRARY}


def test_hostile_names_are_short_and_move_no_cursor() -> None:
    bad = Stream("main", (1920, 1080), uri="file:///etc/passwd")
    with camera_with(streams=(bad,)) as (camera, service):
        text = camera._say_what_it_is("")
        camera._say_what_it_is = lambda _: text.replace(  # type: ignore[method-assign]
            "Dome 3", "D\u202e" + "x" * 5000
        )
        facts = describe(service, OWNER)
    assert len(facts.model) < 120
    assert "\u202e" not in facts.model
    assert facts.profiles[0].stream == "file:///etc/passwd"  # stream_address.py refuses it
