"""A unit in the middle of a good day, six events with snapshots of 768x576; and its page."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.media.frames import BGR, Picture
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from inference.detection.frame_result import FrameResult
from inference.detection.head_blur import encode_snapshot
from provisioning.laptop import Laptop
from tests.scenes import filled

EVENTS = 6


@dataclass(frozen=True, slots=True)
class ServedPage:
    """The page of a unit: where it is, and the process that answers."""

    port: int
    pid: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serve_page(laptop: Laptop) -> Iterator[ServedPage]:
    """The page of a laptop's unit."""
    with serve_settings(laptop.settings.path) as page:
        yield page


@contextmanager
def serve_settings(path: Path) -> Iterator[ServedPage]:
    """The page as PID 1 starts it, with a listening socket as descriptor 3."""
    listening = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, "-m", "appliance.web", "--settings", str(path)]
    shell = 'exec 3<&0; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
    process = subprocess.Popen(
        ["/bin/sh", "-c", shell, "sh", *command],
        stdin=listening.fileno(),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield ServedPage(listening.getsockname()[1], process.pid)
    finally:
        process.kill()
        process.wait()
        listening.close()


def fill(laptop: Laptop) -> None:
    """A unit in the middle of a good day, with events and their snapshots."""
    settings = settings_file.load_settings(laptop.settings.path)
    prepare_database(settings.database)
    clock = SystemClock()
    filled.fill(lambda writer: Store(settings.database, clock, writer))
    inference = Store(settings.database, clock, "inference")
    now = clock.stamp()
    for number in range(EVENTS):
        event = filled.event(now, f"e{number}")
        name = f"snapshots/{now.utc:%Y-%m-%d}/e{number}.jpg"
        path = settings.snapshots_dir.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        result = FrameResult(make_picture(number, inference), ())
        path.write_bytes(encode_snapshot(result, blur_heads=False))
        inference.add(replace(event, snapshot=name))
    inference.close()


def make_picture(seed: int, store: Store) -> Picture:
    """A picture with as much detail as one of a yard: coarse noise."""
    coarse = np.random.default_rng(seed).integers(0, 256, (72, 96, 3)).astype(np.uint8)
    bgr = cv2.resize(coarse, (768, 576), interpolation=cv2.INTER_CUBIC)
    return Picture("demo", store.clock.stamp(), 1, 0, 0.0, 768, 576, BGR, bgr.tobytes())
