"""The web service: its answers, its headers, and how it starts, waits for nobody and leaves."""

import gzip
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.errors import BusError
from appliance.media.frame_socket import FrameServer
from appliance.media.frames import JPEG, Answer, Picture, PictureRequest, Refusal
from appliance.model import BatteryState, EnergyBudget, EnergyLevel, Stamp
from appliance.model_cameras import Box, Detection, Event, Tier
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.web.app import create_app
from tests.conftest import ROOT, OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

REASON = "1.3 kWh of sun are expected and the charge of 71 % is above 60 %"
STATIC = ROOT / "appliance/web/static"
JPEG_BYTES = b"\xff\xd8 a picture \xff\xd9"


@pytest.fixture
def client(settings: Settings, clock: FakeClock) -> FlaskClient:
    return create_app(settings, clock).test_client()


def budget(clock: FakeClock) -> EnergyBudget:
    now = clock.stamp()
    return EnergyBudget(now, EnergyLevel.FULL, 25.0, now.utc + timedelta(hours=1), 380.0, REASON)


def event(stamp: Stamp, number: int) -> Event:
    return Event(
        stamp=stamp,
        event_id=f"event-{number}",
        camera="demo",
        label="person",
        confidence=0.87,
        last_seen=stamp.utc,
        frames=9,
        box=Box(0.4, 0.25, 0.5, 0.7),
        snapshot=f"snapshots/{number}.jpg",
        model_digest="sha256:3f9a1c",
        tier=Tier.INT8,
        provider="CPUExecutionProvider",
        threshold=0.45,
        energy_level=EnergyLevel.FULL,
        energy_j=4.2,
        energy_measured=False,
        reason="it moved",
    )


@contextmanager
def inference(settings: Settings, answer: Answer) -> Iterator[None]:
    """A stand-in for the inference process: it answers each asking for a JPEG with `answer`."""

    def of(ask: PictureRequest) -> Answer:
        assert ask.encoding == JPEG
        return answer

    server = FrameServer(settings.view_socket, of)
    yield
    server.close()


def picture(clock: FakeClock, camera: str = "demo") -> Picture:
    seen = (Detection("person", 0.873, Box(0.4, 0.25, 0.5, 0.7)),)
    return Picture(camera, clock.stamp(), 7, 0, 0.0, 768, 576, JPEG, JPEG_BYTES, seen)


# --- what is answered -----------------------------------------------------------------------------


def test_the_status_carries_the_level_and_its_reason(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store("power").add(budget(clock))
    answer = client.get("/api/status")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["energy"]["level"] == "FULL"
    assert answer.json["energy"]["reason"] == REASON
    assert answer.json["battery"] is None
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_missing_database_is_reported_in_words_and_seen_as_soon_as_it_is_there(
    client: FlaskClient, settings: Settings, open_store: OpenStore
) -> None:
    absent = client.get("/api/status")
    assert absent.status_code == 503
    assert absent.json is not None
    assert "cannot be opened" in absent.json["reason"]
    assert not settings.database.exists(), "a reader never makes a database"
    open_store()
    assert client.get("/api/status").status_code == 200
    assert client.get("/healthz").json == {"status": "ok"}


def test_a_database_that_was_set_aside_is_left_for_the_new_one(
    client: FlaskClient, settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store("power").add(budget(clock))
    assert client.get("/api/status").json["energy"] is not None  # type: ignore[index]
    for side in ("", "-wal", "-shm"):
        Path(f"{settings.database}{side}").rename(f"{settings.database}.damaged{side}")
    open_store("power")
    assert client.get("/api/status").json["energy"] is None  # type: ignore[index]


def test_the_day_is_packed_for_a_browser_that_takes_it(
    client: FlaskClient, open_store: OpenStore
) -> None:
    open_store()
    plain = client.get("/api/day")
    packed = client.get("/api/day", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 4
    assert json.loads(gzip.decompress(packed.data))["plan"] == plain.json["plan"]  # type: ignore[index]


# --- pictures -------------------------------------------------------------------------------------


def test_the_last_picture_comes_with_what_was_seen_in_it(
    client: FlaskClient, settings: Settings, clock: FakeClock
) -> None:
    with inference(settings, picture(clock)):
        answer = client.get("/camera/demo.jpg")
    assert answer.data == JPEG_BYTES
    assert json.loads(answer.headers["X-Detections"]) == [["person", 0.873, 0.4, 0.25, 0.5, 0.7]]
    assert answer.headers["X-Picture-At"] == "2026-04-15T02:00:00.000Z"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_picture_analysed_last_names_its_camera(
    client: FlaskClient, settings: Settings, clock: FakeClock
) -> None:
    assert client.get("/picture.jpg").status_code == 503
    with inference(settings, picture(clock, "gate")):
        answer = client.get("/picture.jpg")
    assert (answer.data, answer.headers["X-Camera"]) == (JPEG_BYTES, "gate")
    assert answer.headers["Cache-Control"] == "no-store"


def test_why_there_is_no_picture_is_reported_in_words(
    client: FlaskClient, settings: Settings, clock: FakeClock
) -> None:
    absent = client.get("/camera/demo.jpg")
    assert (absent.status_code, absent.json) == (
        503,
        {"reason": "inference is not running, so no picture is analysed"},
    )
    with inference(settings, Refusal("no frame has been looked at yet")):
        assert client.get("/camera/demo.jpg").json == {"reason": "no frame has been looked at yet"}
    with inference(settings, picture(clock, "gate")):
        answer = client.get("/camera/demo.jpg")
    assert answer.status_code == 503, "the picture of another camera is never shown under this name"
    assert client.get("/camera/unknown.jpg").status_code == 404


def test_no_answer_holds_the_password_of_a_camera(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    camera = CameraSettings(source=filled.SECRET_URL)
    client = create_app(replace(settings, camera={"demo": camera}), clock).test_client()
    filled.fill(open_store)
    filled.break_camera(open_store)
    open_store("camera").add(replace(filled.camera_state(clock.stamp()), reason=filled.SECRET_URL))
    open_store("inference").add(replace(event(clock.stamp(), 1), reason=filled.SECRET_URL))
    before = "before=2999-01-01T00:00:00Z"
    for path in ("/", "/api/status", "/api/events", f"/api/events?{before}", "/metrics"):
        answer = client.get(path)
        assert (answer.status_code, "hunter2" in answer.text) == (200, False), path
    refusal = Refusal(f"{filled.SECRET_URL} gives nothing")
    with inference(settings, refusal):
        assert client.get("/picture.jpg").json == {
            "reason": "rtsp://***@10.0.0.7/live gives nothing"
        }


def test_only_snapshots_leave_the_data_directory(client: FlaskClient, settings: Settings) -> None:
    settings.snapshots_dir.mkdir(parents=True)
    (settings.snapshots_dir / "1.jpg").write_bytes(JPEG_BYTES)
    (settings.snapshots_dir / "notes.txt").write_text("private")
    (settings.unit.data_dir / "secret.jpg").write_bytes(b"private")
    found = client.get("/snapshots/1.jpg")
    assert found.data == JPEG_BYTES
    assert found.headers["Cache-Control"] == "private, max-age=86400"
    again = client.get("/snapshots/1.jpg", headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304
    for path in ("notes.txt", "../secret.jpg", "..%2fsecret.jpg", "%2e%2e/secret.jpg"):
        assert client.get(f"/snapshots/{path}").status_code == 404


# --- the page -------------------------------------------------------------------------------------


def test_every_answer_forbids_what_the_page_does_not_need(client: FlaskClient) -> None:
    for path in ("/", "/static/shell.js", "/api/status", "/nothing"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] in ("no-referrer", "same-origin")
        assert "Set-Cookie" not in headers
        assert "Server" not in headers


def test_the_first_screen_comes_with_the_page(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    assert re.search(r"data cannot be read: .*unit\.db", client.get("/").text)
    store = open_store("power")
    store.add(budget(clock))
    store.raise_fault("power", BusError("</script><b>it broke"))
    page = client.get("/")
    assert page.headers["Cache-Control"] == "no-store"
    assert "1 fault." in page.text
    assert "&lt;b&gt;it broke" in page.text
    assert "<b>" not in page.text
    (first,) = re.findall(r'<script id="first" [^>]+>(.*?)</script>', page.text)
    assert json.loads(first)["summary"]["verdict"] == "1 fault."


# --- the process ----------------------------------------------------------------------------------


def settings_text(data: Path, port: int, idle_exit_s: float = 5) -> str:
    """A settings file for a real process of this service."""
    return f"""
[unit]
name = "test"
data_dir = "{data / "data"}"
run_dir = "{data / "run"}"
[web]
port = {port}
idle_exit_s = {idle_exit_s}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    command: list[str], tmp_path: Path, port: int, cameras: str = ""
) -> subprocess.Popen[str]:
    """The service as a process of its own, with `command` in front."""
    file = tmp_path / "unit.toml"
    file.write_text(settings_text(tmp_path, port) + cameras)
    return subprocess.Popen(
        [*command, sys.executable, "-m", "appliance.web", "--settings", str(file)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What the process says up to the line with `words`."""
    assert process.stderr is not None
    message = ""
    for line in process.stderr:
        message += line
        if words in line:
            return message
    raise AssertionError(f"the process ended and never printed {words!r}: {message}")


def ask(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.processes
def test_a_port_in_use_is_one_sentence_and_sigterm_is_a_clean_end(tmp_path: Path) -> None:
    port = free_port()
    first = start([], tmp_path, port)
    read_until(first, f"the page is on http://127.0.0.1:{port}")
    assert ask(port, "/") == 200
    second = start([], tmp_path, port)
    _, message = second.communicate(timeout=30)
    assert second.returncode == 1
    assert "Address already in use" in message
    assert "[web]" in message
    assert "Traceback" not in message
    first.send_signal(signal.SIGTERM)
    _, message = first.communicate(timeout=30)
    assert first.returncode == 0, message
    assert "stopped" in message


@pytest.mark.processes
@pytest.mark.skipif(
    shutil.which("systemd-socket-activate") is None,
    reason="needs systemd-socket-activate (Debian package systemd)",
)
def test_with_a_socket_from_pid_1_it_answers_the_first_viewer_and_leaves_when_idle(
    tmp_path: Path,
) -> None:
    port, unused = free_port(), free_port()
    activate = ["systemd-socket-activate", "-l", f"127.0.0.1:{port}"]
    process = start(activate, tmp_path, unused)
    read_until(process, "Listening on")
    assert ask(port, "/") == 200
    _, message = process.communicate(timeout=60)
    assert process.returncode == 0, message
    assert "until nobody has asked for 5 s" in message


def test_the_reader_can_not_write(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store()
    before, app = settings.database.stat().st_mtime_ns, create_app(settings, clock)
    for path in ("/api/status", "/api/day", "/api/events", "/healthz", "/metrics"):
        assert app.test_client().get(path).status_code == 200
    assert settings.database.stat().st_mtime_ns == before
    for method in ("post", "put", "delete", "patch"):
        assert getattr(app.test_client(), method)("/api/status").status_code == 405


def test_a_battery_that_is_no_longer_reported_is_unknown_not_old(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    state = BatteryState(
        clock.stamp(), 71.0, 2.0, 1800.0, 2560.0, None, charge_blocked=False, method="counted"
    )
    store: Store = open_store("power")
    store.add(state)
    clock.advance(3600)
    reported = client.get("/api/status").json["battery"]  # type: ignore[index]
    assert (reported["fresh"], reported["state_of_charge_pct"]) == (False, None)
    store.add(replace(state, stamp=clock.stamp()))
    assert client.get("/api/status").json["battery"]["state_of_charge_pct"] == 71.0  # type: ignore[index]
