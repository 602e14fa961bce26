"""Passwords of cameras: they open a camera, and reach no log, no message and no process list."""

import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sensors.camera.sources.live import LiveStream
from tests.conftest import ROOT
from tests.sensors.camera.sources.feed_bench import SECRET, watching
from tests.stand_ins.rtsp import (
    Cameras,
    make_video,
    needs_server,
    serving,
)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cameras, Path]]:
    """A camera that wants a password, and the file that holds it."""
    place = tmp_path_factory.mktemp("guarded")
    path = place / "password"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    small = make_video(place / "small.mp4")
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
def test_a_wrong_password_is_reported_once_and_does_not_storm_the_camera(
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
            assert bench.run_cycle() == text
            tries.add(id(bench.opener._last))
        assert len(bench.opened_s) >= 2  # the feed asks again and again,
        assert len(tries) == 1  # the camera is not
        path.write_text(right.read_text())
        bench.until_it_plays()  # a new password is tried at once


@needs_server
def test_a_real_process_shows_nobody_the_password(
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
    message = run_cameras(settings)
    assert SECRET not in message
    assert message.count("fault=camera") >= 3, message
    assert message.count("connected stream=h264 160x120") == 2, message
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
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from sensors.camera.cycle import CameraCycle
from sensors.camera.feed import Feed
from sensors.camera.sources.opening import Opener

settings = settings_file.load_settings(Path(sys.argv[1]))
settings.database.parent.mkdir()
prepare_database(settings.database)
clock, logger = settings.make_clock(), log.setup("camera")
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
    print(feed._streams.main._connection.camera, feed._streams.main._connection._open_camera)
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
