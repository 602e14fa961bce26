"""What the camera's process refuses, the check of the settings refuses; it connects to nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from sensors.camera.settings_check import check

REFUSED = [
    "rtsp://127.0.0.1/stream",
    "rtsp://localhost:8554/stream",
    "rtsp://[::1]/",
    "http://169.254.169.254/latest/meta-data",
    "http://169.254.169.254./",
    "rtsp://127.1/x",
    "rtsp://2130706433/x",
    "rtsp://0x7f000001/x",
    "rtsp://0177.0.0.1/x",
    "rtsp://0/x",
    "rtsp://localhost./x",
    "rtsp://camera.localhost/x",
    "/dev/zero",
    "rtsp://[::ffff:127.0.0.1]/",
    "rtsp://0.0.0.0/",
    "rtsp://224.0.0.1/",
    "concat:a.mp4|b.mp4",
    "file:///etc/passwd",
    "rtmp://10.0.0.5/live",
    "rtsp://",
    "rtsp://a b/",
    "",
]


def find(camera: CameraSettings, directory: Path) -> list[tuple[str, str, bool]]:
    settings = Settings(path=directory / "unit.toml", camera={"front": camera})
    return [(one.where[-1], one.text, one.is_warning) for one in check(settings)]


@pytest.mark.parametrize("source", REFUSED)
def test_a_source_that_the_process_refuses_is_an_error(tmp_path: Path, source: str) -> None:
    ((key, text, is_warning),) = find(CameraSettings(source=source), tmp_path)
    assert (key, is_warning) == ("source", False)
    assert text.startswith("is ")


@pytest.mark.parametrize(
    "source",
    ["rtsp://10.0.0.5/stream", "rtsp://camera.lan/stream", "/dev/video0", "http://[fd00::5]/"],
)
def test_a_source_that_can_be_a_camera_is_none(tmp_path: Path, source: str) -> None:
    assert find(CameraSettings(source=source), tmp_path) == []


@pytest.mark.parametrize(
    ("source", "sub_source", "wrong"),
    [
        ("rtsp://10.0.0.5/main", "rtsp://127.0.0.1/sub", "is refused: rtsp://127.0.0.1/sub"),
        ("rtsp://10.0.0.5/main", "rtmp://10.0.0.5/sub", "is refused: the camera's `sub_source`"),
        ("rtsp://10.0.0.5/main", "rtsp://10.0.0.5/main", "is the address of `source` too"),
        ("rtsp://10.0.0.5/main", "sub.mp4", "needs addresses"),
        ("/dev/video0", "rtsp://10.0.0.5/sub", "needs addresses"),
    ],
)
def test_a_sub_stream_that_cannot_be_one_is_an_error(
    tmp_path: Path, source: str, sub_source: str, wrong: str
) -> None:
    ((key, text, is_warning),) = find(CameraSettings(source, sub_source), tmp_path)
    assert (key, is_warning) == ("sub_source", False)
    assert text.startswith(wrong)


def test_a_sub_stream_beside_its_main_one_is_right(tmp_path: Path) -> None:
    own = CameraSettings(source="rtsp://10.0.0.5/main", sub_source="rtsp://10.0.0.5/sub")
    assert find(own, tmp_path) == []


@pytest.mark.parametrize(
    ("source", "file", "key", "wrong"),
    [
        ("rtsps://10.0.0.5/main", "", "source", "is encrypted, but nobody checks"),
        ("rtsp://10.0.0.5/main", "camera.pem", "tls_ca_file", "changes nothing"),
        ("https://10.0.0.5/main", "camera.pem", "tls_ca_file", "names a file that is not there"),
    ],
)
def test_a_certificate_that_nobody_checks_is_warned_of(
    tmp_path: Path, source: str, file: str, key: str, wrong: str
) -> None:
    own = CameraSettings(source=source, tls_ca_file=tmp_path / file if file else None)
    ((found, text, is_warning),) = find(own, tmp_path)
    assert (found, is_warning) == (key, True)
    assert text.startswith(wrong)


def test_a_local_source_is_right_where_it_is_allowed(tmp_path: Path) -> None:
    own = CameraSettings(source="rtsp://127.0.0.1/", allow_local=True)
    assert find(own, tmp_path) == []
    assert find(replace(own, source="rtsp://0.0.0.0/"), tmp_path)


def test_a_missing_password_file_is_a_warning(tmp_path: Path) -> None:
    own = CameraSettings(source="rtsp://10.0.0.5/", user="u", password_file=tmp_path / "password")
    ((key, text, is_warning),) = find(own, tmp_path)
    assert (key, is_warning) == ("password_file", True)
    assert "is not there" in text
    (tmp_path / "password").write_text("x")
    assert find(own, tmp_path) == []


def test_a_missing_video_file_is_a_warning(tmp_path: Path) -> None:
    assert [one[::2] for one in find(CameraSettings(source="clip.mp4"), tmp_path)] == [
        ("source", True)
    ]
    (tmp_path / "clip.mp4").write_text("")
    assert find(CameraSettings(source="clip.mp4"), tmp_path) == []


@pytest.mark.parametrize("onvif", ["https://10.0.0.5", "http://127.0.0.1", "10.0.0.5", "http://"])
def test_an_onvif_address_is_judged_alike(tmp_path: Path, onvif: str) -> None:
    own = CameraSettings(source="rtsp://10.0.0.5/", onvif=onvif)
    ((key, text, _),) = find(own, tmp_path)
    assert key == "onvif"
    assert "`source`" not in text


def test_a_password_without_a_user_is_reported(tmp_path: Path) -> None:
    own = CameraSettings(source="rtsp://10.0.0.5/", password_file=tmp_path / "secret")
    assert [key for key, _, _ in find(own, tmp_path)] == ["password_file"]
    (tmp_path / "secret").write_text("x")
    assert find(replace(own, source="rtsp://me@10.0.0.5/"), tmp_path) == []
