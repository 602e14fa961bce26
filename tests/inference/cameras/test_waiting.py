"""Waiting for all cameras at once, at real sockets and in real time: short, and never for one."""

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Timer

import numpy as np
import pytest

from appliance.clock import SystemClock
from appliance.media.frame_socket import FrameClient, FrameServer
from appliance.media.frames import Answer, Picture, PictureRequest, Refusal
from appliance.sections.cameras import InferenceSettings
from inference.cameras.camera import InferenceCamera
from inference.cameras.waiting import PicturePoller, SocketWaiter

CLOCK = SystemClock()


class SocketCamera:
    """A camera behind a real socket; `moves` says when something does, `thaw` ends a hang."""

    def __init__(self, path: Path) -> None:
        self.moves = Event()
        self.thaw = Event()
        self.thaw.set()
        self.pulls = 0
        self.answered_s = 0.0
        self.name = path.stem
        self.server = FrameServer(path, self.answer)

    def answer(self, ask: PictureRequest) -> Answer:
        self.pulls += 1
        self.thaw.wait()
        if not self.moves.wait(ask.wait_s):
            return Refusal("nothing moves")
        self.answered_s = CLOCK.media_s()
        data = np.full(80 * 60 * 3 // 2, 90, np.uint8).tobytes()
        now_s = CLOCK.media_s()
        return Picture(self.name, CLOCK.stamp(), self.pulls, 0, now_s, 80, 60, ask.encoding, data)


@pytest.fixture
def cameras(tmp_path: Path) -> Iterator[dict[str, SocketCamera]]:
    made = {f"camera{n}": SocketCamera(tmp_path / f"camera{n}.sock") for n in range(8)}
    yield made
    for one in made.values():
        one.moves.set()
        one.thaw.set()
        one.server.close()


def pulling_of(cameras: dict[str, SocketCamera], tmp_path: Path) -> PicturePoller:
    watched = [
        InferenceCamera(name, FrameClient(tmp_path / f"{name}.sock"), InferenceSettings())
        for name in cameras
    ]
    return PicturePoller(watched, CLOCK, SocketWaiter(CLOCK), Event())


def pulled(pulling: PicturePoller, seconds: float) -> list[tuple[str, float]]:
    """What comes in some seconds: which camera's picture, and when."""
    end_s = CLOCK.media_s() + seconds
    came = []
    while CLOCK.media_s() < end_s:
        for camera, _ in pulling.wait_for_pictures(end_s, 0.1, lambda _, now_s: now_s):
            came.append((camera.name, CLOCK.media_s()))
    return came


def test_eight_quiet_cameras_cost_next_to_nothing(
    cameras: dict[str, SocketCamera], tmp_path: Path
) -> None:
    pulling = pulling_of(cameras, tmp_path)
    cpu_s = time.thread_time()
    assert pulled(pulling, 2.5) == []
    cpu_s = time.thread_time() - cpu_s
    assert all(1 <= one.pulls <= 3 for one in cameras.values()), "one question a wait"
    assert cpu_s < 0.1, "busy waiting would take all of 2.5 s"


def test_cameras_without_energy_are_waited_for_asleep(
    cameras: dict[str, SocketCamera], tmp_path: Path
) -> None:
    pulling = pulling_of(cameras, tmp_path)
    began_s, cpu_s = CLOCK.media_s(), time.thread_time()
    assert pulling.wait_for_pictures(began_s + 0.5, 0.1, lambda *_: math.inf) == []
    assert CLOCK.media_s() - began_s >= 0.5
    assert time.thread_time() - cpu_s < 0.1
    assert [one.pulls for one in cameras.values()] == [0] * 8


def test_a_camera_that_hangs_keeps_nobody_waiting(
    cameras: dict[str, SocketCamera], tmp_path: Path
) -> None:
    cameras["camera0"].thaw.clear()
    cameras["camera1"].moves.set()
    came = pulled(pulling_of(cameras, tmp_path), 1.5)
    assert {name for name, _ in came} == {"camera1"}
    assert len(came) > 5


def test_a_picture_is_there_at_once_when_something_moves(
    cameras: dict[str, SocketCamera], tmp_path: Path
) -> None:
    pulling = pulling_of(cameras, tmp_path)
    delays_s = []
    for name in ("camera3", "camera5", "camera7"):
        mover = Timer(0.1, cameras[name].moves.set)
        mover.start()
        end_s = CLOCK.media_s() + 5
        while not (found := pulling.wait_for_pictures(end_s, 60.0, lambda _, now_s: now_s)):
            assert CLOCK.media_s() < end_s
        mover.join()
        assert [camera.name for camera, _ in found] == [name]
        delays_s.append(CLOCK.media_s() - cameras[name].answered_s)
    assert min(delays_s) < 0.05, delays_s


def test_a_camera_whose_process_dies_is_noticed_at_once(
    cameras: dict[str, SocketCamera], tmp_path: Path
) -> None:
    pulling = pulling_of(cameras, tmp_path)
    pulled(pulling, 0.2)
    cameras["camera2"].server.close()
    pulled(pulling, 0.3)
    (gone,) = [one for one in pulling._cameras if one.connection.trouble]
    assert gone.name == "camera2"
    before = len(os.listdir("/proc/self/fd"))
    pulled(pulling, 0.2)
    assert len(os.listdir("/proc/self/fd")) <= before
