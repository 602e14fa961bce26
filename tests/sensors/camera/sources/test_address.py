"""Where a camera may be: addresses are taken apart, those that lead back inside are refused."""

import os
import socket
from pathlib import Path

import pytest

from appliance.errors import CameraError
from appliance.sections.cameras import CameraSettings
from sensors.camera.sources.address import choose_ip, parse_address, parse_scheme
from sensors.camera.sources.opening import (
    Opener,
    find_stream_target,
    is_own_address,
    read_password,
    resolve,
)

OWN = "192.168.7.7"


def at(ip: str, allow_local: bool = False) -> str:
    return choose_ip("rtsp://camera", [ip], is_own=lambda own: own == OWN, allow_local=allow_local)


def test_an_address_is_taken_apart_and_put_together_with_the_ip_that_was_checked() -> None:
    address = parse_address("rtsp://ann:p%40ss%2Fw@front.lan:8554/ch0?sub=1")
    assert (address.host, address.port, address.path) == ("front.lan", 8554, "/ch0?sub=1")
    assert (address.user, address.password) == ("ann", "p@ss/w")
    assert address.url("10.0.0.5") == "rtsp://ann:p%40ss%2Fw@10.0.0.5:8554/ch0?sub=1"
    assert parse_address("http://[fd00::5]/video").url("fd00::5") == "http://[fd00::5]:80/video"
    assert parse_address("RTSP://10.0.0.5").url("10.0.0.5") == "rtsp://10.0.0.5:554/"


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://ann:hunter2@cam/ch0",
        "rtsp://cam/user=ann_password=hunter2_channel=1.sdp",
        "http://cam/video.cgi?user=ann&pwd=hunter2",
        "rtsp://ann:x@hunter2@cam/hi",
    ],
)
def test_what_people_see_of_an_address_holds_no_secret(source: str) -> None:
    address = parse_address(source)
    for text in (address.shown, repr(address), str(address)):
        assert "hunter2" not in text
        assert "ann" not in text
    assert "cam" in address.shown


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://ann:hunter2/x@cam/ch0",
        "rtsp://ann:hunter2#x@cam/ch0",
        "rtsp://ann:hunter2?@cam/ch0",
        "rtsp://ann:hunter2 x@cam/ch0",
        "rtsp://ann:hunter2\n@cam/ch0",
        "rtsp:hunter2",
        "rtsp://",
        "rtsp:///hunter2",
        "rtsp://cam:99999/hunter2",
        "rtsp://[hunter2",
        "http://cam:0x50/hunter2",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_repeating_it(source: str) -> None:
    with pytest.raises(CameraError, match="`source`") as refused:
        parse_address(source)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    "source",
    [
        "file:///etc/shadow", "file:/etc/shadow", "concat:a|b", "subfile:,,start,0,end,1,,:/x",
        "pipe:0", "data:video/mp4;base64,AA", "udp://@239.1.1.1:5000", "rtp://1.2.3.4", "tcp://x:1",
        "ftp://x/y", "gopher://x", "crypto:x", "cache:x", "unix:/run/x", "async:file:x", "RTMP://x/",
    ],
)  # fmt: skip
def test_other_schemes_are_never_opened(source: str, tmp_path: Path) -> None:
    opener = Opener(CameraSettings(source=source), Path())
    with pytest.raises(CameraError, match="is not opened: it must be rtsp://"):
        opener(lambda received: None)


def test_a_path_is_no_scheme() -> None:
    assert parse_scheme("clips/a.mp4") is None
    assert parse_scheme("/media/a:b.mp4") is None
    assert parse_scheme("./a:b.mp4") is None


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "127.9.9.9", "::1", "169.254.169.254", "169.254.0.9", "fe80::1", "fe80::1%1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", OWN,
        "::127.0.0.1", "::ffff:192.168.7.7",
    ],
)  # fmt: skip
def test_addresses_that_lead_inside_are_refused_unless_that_is_meant(ip: str) -> None:
    with pytest.raises(CameraError, match=r"rtsp://camera is not opened: .*`allow_local`"):
        at(ip)
    assert at(ip, allow_local=True) == ip


@pytest.mark.parametrize(
    "ip", ["0.0.0.0", "::", "0.1.2.3", "239.1.1.1", "ff02::1", "255.255.255.255", "240.0.0.1"]
)
def test_addresses_where_nothing_can_be_are_refused_always(ip: str) -> None:
    for allow_local in (False, True):
        with pytest.raises(CameraError, match="no camera can be at"):
            at(ip, allow_local)


@pytest.mark.parametrize(
    "ip", ["10.1.2.3", "192.168.1.64", "172.16.0.9", "100.64.0.1", "8.8.8.8", "fd00::5", "2001::1"]
)
def test_where_cameras_live_is_allowed(ip: str) -> None:
    assert at(ip) == ip


def test_a_name_with_one_inside_address_is_refused_and_ipv4_comes_first() -> None:
    with pytest.raises(CameraError, match=r"127\.0\.0\.1 is this computer"):
        choose_ip("x", ["10.0.0.5", "127.0.0.1"], is_own=lambda _: False, allow_local=False)
    assert (
        choose_ip("x", ["fd00::5", "10.0.0.5"], is_own=lambda _: False, allow_local=False)
        == "10.0.0.5"
    )
    with pytest.raises(CameraError, match="host without an address"):
        choose_ip("x", [], is_own=lambda _: False, allow_local=False)


@pytest.mark.parametrize(
    "host", ["localhost", "2130706433", "0x7f000001", "017700000001", "127.1", "[::ffff:7f00:1]"]
)
def test_every_way_to_write_this_computer_is_refused(host: str) -> None:
    settings = CameraSettings(source=f"rtsp://{host}/x")
    with pytest.raises(CameraError, match="is not opened"):
        find_stream_target(parse_address(settings.source), settings)


def test_the_units_own_addresses_are_known() -> None:
    assert is_own_address("127.0.0.1")
    assert not is_own_address("192.0.2.1")


def test_a_name_is_looked_up_once_and_the_checked_address_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name server that answers differently the second time (DNS rebinding) gains nothing."""
    asked: list[str] = []

    def lookup(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        ip = "192.0.2.9" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 554))]

    knocked: list[tuple[str, int]] = []

    class Knock:
        def close(self) -> None: ...

    def connect(where: tuple[str, int], *_: object) -> Knock:
        knocked.append(where)
        return Knock()

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket, "create_connection", connect)
    settings = CameraSettings(source="rtsp://front.lan/ch0")
    target = find_stream_target(parse_address(settings.source), settings)
    assert asked == ["front.lan"]
    assert knocked == [("192.0.2.9", 554)]
    assert target.url == "rtsp://192.0.2.9:554/ch0"
    assert "192.0.2.9" not in repr(target)


def test_an_unknown_name_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(CameraError, match="the host's name is not known"):
        resolve(parse_address("rtsp://nowhere.lan/"))


def test_a_password_file_is_read_and_every_way_it_can_be_wrong_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "password"
    with pytest.raises(CameraError, match="there is no password file"):
        read_password(path)
    for wrong in ("", "\n", "two\nlines\n"):
        path.write_text(wrong)
        with pytest.raises(CameraError, match="must hold the password in one line"):
            read_password(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CameraError, match="is no text"):
        read_password(path)
    with pytest.raises(CameraError, match=r"cannot be read \(it is no regular file\)"):
        read_password(tmp_path)
    path.write_text("  p ss \n")
    assert read_password(path) == "  p ss "


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_password_file_that_may_not_be_read_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.touch(mode=0)
    with pytest.raises(CameraError, match="mode 0640"):
        read_password(path)


def test_a_password_that_all_can_read_is_a_warning_given_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "password"
    path.write_text("hunter2")
    path.chmod(0o644)
    own = CameraSettings(source="rtsp://10.0.0.5/", user="ann", password_file=path)
    opener = Opener(own, tmp_path)
    for _ in range(2):
        assert opener._add_login(parse_address(own.source)).password == "hunter2"
    assert len(caplog.records) == 1
    assert "chmod o-r" in caplog.text
    assert "hunter2" not in caplog.text + repr(opener)


def test_a_password_without_a_user_is_reported(tmp_path: Path) -> None:
    own = CameraSettings(source="rtsp://10.0.0.5/", password_file=tmp_path / "password")
    with pytest.raises(CameraError, match="no `user`"):
        Opener(own, tmp_path)(lambda received: None)
