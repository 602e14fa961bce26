"""What cameras and networks do to a unit, each through a real feed: noticed, said, and survived.

Real time, real sockets, a real RTSP server. The feed is looked after ten times a second here, so
what is measured is the source's own share; the service adds its cycle of one second.
"""

import logging
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.errors import CameraError
from appliance.model import CameraMode
from appliance.settings import CameraSettings
from sensors.camera.feed import Feed
from sensors.camera.mode import ModeChoice
from sensors.camera.sources.live import READER, LiveStream
from sensors.camera.sources.opening import Opener
from sensors.camera.sources.source import Camera, OnPacket
from tests.conftest import CLIP, ROOT
from tests.scenes.video_files import make_video_file
from tests.stand_ins.rtsp import (
    Cameras,
    Wire,
    film,
    needs_server,
    serving,
    wait_for_threads,
    wire_to,
)
from tests.waiting import wait_until

WATCHING = ModeChoice(CameraMode.WATCH, "watching")
SECRET = "hunter2"


class Bench:
    """One camera's feed on the real clock, and when it was opened."""

    def __init__(self, source: str, **own: object) -> None:
        settings = CameraSettings(source=source, allow_local=True, **own)  # type: ignore[arg-type]
        self.opener = Opener(settings, Path("/"))
        self.opened_s: list[float] = []
        self.feed = Feed("front", self._open, SystemClock())

    def _open(self, hear: OnPacket) -> Camera:
        self.opened_s.append(time.monotonic())
        return self.opener(hear)

    def trouble(self) -> str:
        """One cycle; what is wrong, or ""."""
        time.sleep(0.1)  # the service's pace, on real time like the camera's
        try:
            self.feed.follow(WATCHING)
        except CameraError as error:
            return str(error)
        return ""

    def until_it_plays(self, timeout_s: float = 20.0, frames: int = 5) -> float:
        seen = self.feed.sequence

        def more() -> bool:
            return not self.trouble() and self.feed.sequence >= seen + frames

        return wait_until(more, "pictures", timeout_s)

    def until_trouble(self, timeout_s: float = 20.0) -> tuple[str, float]:
        said: list[str] = []

        def there() -> bool:
            said.append(self.trouble())
            return bool(said[-1])

        took_s = wait_until(there, "trouble", timeout_s)
        return said[-1], took_s


@contextmanager
def watching(source: str, **own: object) -> Iterator[Bench]:
    bench = Bench(source, **own)
    try:
        yield bench
    finally:
        bench.feed.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Cameras]:
    with serving(f"front={CLIP}") as cameras:
        yield cameras


# --- cameras that stop ----------------------------------------------------------------------------


@needs_server
def test_a_frozen_camera_is_noticed_and_seen_again_when_it_returns(server: Cameras) -> None:
    with watching(server.url("front")) as bench:
        bench.until_it_plays()
        server.freeze()
        try:
            text, noticed_s = bench.until_trouble()
        finally:
            server.thaw()
        assert "has sent nothing for 2 s" in text
        assert noticed_s < 3.0
        assert bench.until_it_plays(frames=1) < 5.0
    wait_for_threads(READER, 0)


@needs_server
def test_a_camera_that_dies_and_starts_again_is_found(tmp_path: Path) -> None:
    with serving(f"front={CLIP}") as server, watching(server.url("front")) as bench:
        bench.until_it_plays()
        server.kill()
        text, noticed_s = bench.until_trouble()
        assert noticed_s < 3.0
        assert "broke off" in text or "has ended the stream" in text
        text, _ = bench.until_trouble()
        server.start()
        assert bench.until_it_plays(frames=1) < 5.0


@needs_server
def test_a_half_open_connection_is_noticed_like_a_freeze(server: Cameras) -> None:
    with wire_to(server.port) as wire, watching(url(wire)) as bench:
        bench.until_it_plays()
        wire.swallows = True
        text, noticed_s = bench.until_trouble()
        assert "has sent nothing" in text
        assert noticed_s < 3.0
        wire.swallows = False
        bench.until_it_plays()


@needs_server
def test_a_slow_network_is_late_and_no_fault(server: Cameras) -> None:
    with wire_to(server.port) as wire, watching(url(wire)) as bench:
        wire.bytes_per_s = 60_000
        bench.until_it_plays()
        troubles = [bench.trouble() for _ in range(15)]
        assert troubles == [""] * 15
        assert bench.feed.sequence > 10


def url(wire: Wire) -> str:
    return f"rtsp://127.0.0.1:{wire.port}/front"


# --- cameras that say what nobody understands -----------------------------------------------------


@needs_server
def test_flipped_bytes_end_no_process_and_the_stream_comes_back(server: Cameras) -> None:
    with wire_to(server.port) as wire, watching(url(wire)) as bench:
        bench.until_it_plays()
        wire.flips_every = 500
        for _ in range(20):
            bench.trouble()
        wire.flips_every = None
        bench.until_it_plays()


@contextmanager
def talker(*, says: bytes, again: bool = False) -> Iterator[int]:
    """A server that says something to whoever comes, whatever is asked."""
    over = threading.Event()

    def talk(peer: socket.socket) -> None:
        with suppress(OSError), peer:
            peer.sendall(says)
            while again and not over.wait(0.01):
                peer.sendall(says)
            over.wait(20)

    def accept(ear: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(ear.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as ear:
        threading.Thread(target=accept, args=(ear,), daemon=True).start()
        yield ear.getsockname()[1]
        over.set()


STRANGERS = {
    "noise": ("rtsp", b"\x00\xff\x13\x37 noise\r\n" * 500, False),
    "a web server": ("rtsp", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", False),
    "an endless header": ("rtsp", b"RTSP/1.0 200 OK\r\nX-Endless: ", True),
    "ssh": ("rtsp", b"SSH-2.0-OpenSSH_9.6\r\n", False),
    "no HTTP": ("http", b"SSH-2.0-OpenSSH_9.6\r\n", False),
    "no pictures": ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", False),
}


def test_what_is_no_camera_is_said_and_ends_by_itself() -> None:
    with ExitStack() as all_at_once:
        benches = {}
        for name, (scheme, says, again) in STRANGERS.items():
            port = all_at_once.enter_context(talker(says=says, again=again))
            source = f"{scheme}://ann:{SECRET}@127.0.0.1:{port}/x"
            benches[name] = all_at_once.enter_context(watching(source))
        said: dict[str, str] = {}

        def all_said() -> bool:
            for name, bench in benches.items():
                said[name] = said.get(name) or bench.trouble()
            return all(said.values())

        assert wait_until(all_said, "trouble with each", 20) < 9
        for name, text in said.items():
            assert text.startswith(f"{STRANGERS[name][0]}://127.0.0.1:")
            assert SECRET not in text
    wait_for_threads(READER, 0)


def test_a_refused_connection_is_said_and_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with watching(f"rtsp://127.0.0.1:{port}/x") as bench:
        text, took_s = bench.until_trouble()
        assert text == (
            f"rtsp://127.0.0.1:{port}/x refuses the connection: "
            "check the port, and that it is switched on"
        )
        assert took_s < 1
        wait_until(lambda: bench.trouble() != "" and len(bench.opened_s) > 1, "another try", 5)


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\nhttp://127.0.0.1:1/x\n", b"hello\n" * 999])
def test_a_clip_that_is_none_is_said(tmp_path: Path, content: bytes) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(content)
    with watching(str(clip)) as bench:
        text, _ = bench.until_trouble()
    assert text.startswith(f"the video file {clip} cannot be played")
    assert "copy or record it again" in text


def test_a_list_of_clips_is_no_clip(tmp_path: Path) -> None:
    """It would be followed to wherever it points."""
    make_video_file(tmp_path / "grey.mp4")
    clip = tmp_path / "clip.mp4"
    clip.write_text("ffconcat version 1.0\nfile grey.mp4\n")
    with watching(str(clip)) as bench:
        text, _ = bench.until_trouble()
    assert text.startswith(f"the video file {clip} cannot be played")


# --- passwords ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cameras, Path]]:
    """A camera that wants a password, and the file that holds it."""
    place = tmp_path_factory.mktemp("guarded")
    path = place / "password"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    small = film(place / "small.mp4")
    options = ("--user", "ann", "--password-file", str(path), "--protect", "gate")
    with serving(f"gate={small}", options=options) as cameras:
        yield cameras, path


@needs_server
def test_a_password_opens_a_camera_from_a_file_or_from_the_address(
    guarded: tuple[Cameras, Path],
) -> None:
    server, path = guarded
    with watching(server.url("gate"), user="ann", password_file=path) as bench:
        bench.until_it_plays()
        assert SECRET not in str(bench.feed.stream)
    with watching(server.url("gate", f"ann:{SECRET}@")) as bench:
        bench.until_it_plays()


@needs_server
def test_a_wrong_password_is_said_once_and_does_not_storm_the_camera(
    guarded: tuple[Cameras, Path], tmp_path: Path
) -> None:
    server, right = guarded
    path = tmp_path / "password"
    path.write_text("wrong")
    path.chmod(0o600)
    with watching(server.url("gate"), user="ann", password_file=path) as bench:
        text, _ = bench.until_trouble()
        assert "does not accept user and password" in text
        assert "wrong" not in text
        tries = {id(bench.opener._last)}
        for _ in range(30):
            assert bench.trouble() == text
            tries.add(id(bench.opener._last))
        assert len(bench.opened_s) >= 2  # the feed asks again and again,
        assert len(tries) == 1  # the camera is not
        path.write_text(right.read_text())
        bench.until_it_plays()  # a new password is tried at once


@needs_server
def test_a_real_process_tells_nobody_the_password(
    guarded: tuple[Cameras, Path], tmp_path: Path
) -> None:
    """Not in its log, its rows, its command line: wrong and right password."""
    server, path = guarded
    sources = {
        "right": server.url("gate", f"ann:{SECRET}@"),
        "file": server.url("gate"),
        "wrong": server.url("gate", f"ann:{SECRET}x@"),
        "gone": f"rtsp://ann:{SECRET}@127.0.0.1:1/x",
        "torn": f"rtsp://ann:{SECRET}/@127.0.0.1:1/x",
    }
    lines = [f'[unit]\ndata_dir = "{tmp_path}/data"\nrun_dir = "{tmp_path}/run"']
    for name, source in sources.items():
        lines.append(f'[camera.{name}]\nsource = "{source}"\nallow_local = true')
    lines.insert(3, f'user = "ann"\npassword_file = "{path}"')
    settings = tmp_path / "unit.toml"
    settings.write_text("\n".join(lines))
    said = run_cameras(settings)
    assert SECRET not in said
    assert said.count("fault=camera") >= 3, said
    assert said.count("connected stream=h264 160x120") == 2, said
    with closing(sqlite3.connect(tmp_path / "data/unit.db")) as database:
        dump = "\n".join(database.iterdump())
    assert "does not accept user and password" in dump
    assert SECRET not in dump


SCRIPT = """
import sys, time, threading
from pathlib import Path
from appliance import log, settings_file
from appliance.model import EnergyBudget, EnergyLevel
from appliance.process.service import Service
from appliance.store.prepare import prepare
from appliance.store.store import Store
from sensors.camera.cycle import CameraCycle
from sensors.camera.feed import Feed
from sensors.camera.sources.opening import Opener

settings = settings_file.load(Path(sys.argv[1]))
settings.database.parent.mkdir()
prepare(settings.database)
clock, logger = settings.make_clock(), log.setup("camera", False)
stamp = clock.stamp()
budget = EnergyBudget(stamp, EnergyLevel.FULL, 9.0, stamp.utc, 9.0, "it is a test")
Store(settings.database, clock, "power").add(budget)
store = Store(settings.database, clock, "camera")
pairs = []
for name, own in settings.camera.items():
    service = Service("camera", settings, clock, store, logger, name)
    feed = Feed(name, Opener(own), clock)
    pairs.append((service, feed, CameraCycle(service, own, feed)))
ends_s = time.monotonic() + 3
while time.monotonic() < ends_s:
    for service, feed, duty in pairs:
        service.run_once(duty.cycle)
    time.sleep(0.1)
for service, feed, duty in pairs:
    if feed.sequence > 0:
        service.log.info("connected", stream=feed.stream)
    duty._recorded = None
    service.run_once(duty.cycle)
    print(feed._connection._camera, feed._connection._open_camera)
    feed.close()
print(Path("/proc/self/cmdline").read_text())
print([thread.name for thread in threading.enumerate()])
"""


def run_cameras(settings: Path) -> str:
    """Three seconds of all cameras' duty in a process; all that it says on both outputs."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(settings)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_libavs_own_words_do_not_reach_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with watching(f"rtsp://ann:{SECRET}@127.0.0.1:1/x") as bench:
        bench.until_trouble()
        assert isinstance(bench.opener._last, LiveStream)
    assert SECRET not in caplog.text
