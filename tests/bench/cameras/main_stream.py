"""What a wake waits for where a camera has two streams: the main one is opened by the wake.

Real RTSP servers, real time; no gates, energy or model in it. Somebody watches the main stream all
the time, so that a new client comes in between two key frames, as at a camera. The clock starts at
another moment of the key-frame distance each time; after the first picture every one is asked for,
as inference does once it follows something.
"""

import statistics
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from appliance.clock import SystemClock
from appliance.media.frames import I420, Picture, PictureRequest
from appliance.sections.cameras import CameraSettings
from sensors.camera.__main__ import make_parts
from sensors.camera.feed import Feed
from sensors.camera.gates.segments import MotionSegment
from sensors.camera.sources.address import parse_address
from sensors.camera.sources.live import LiveStream
from sensors.camera.sources.opening import Opener, find_stream_target
from tests.sensors.camera.camera_bench import LISTENING, WATCHING, HandMotion
from tests.stand_ins.rtsp import make_video, serving

DISTANCES_S = (1, 2, 4)
RATE = 15
LONGEST_S = 15.0


def measure(quick: bool) -> dict[str, Any]:
    """For each key-frame distance: until the first picture in ms, until the main one's in s."""
    count = 2 if quick else 6
    distances = DISTANCES_S[1:2] if quick else DISTANCES_S
    with TemporaryDirectory() as directory:
        found = {str(one): measure_distance(Path(directory), one, count) for one in distances}
    return {"by_key_frame_distance_s": found}


def measure_distance(directory: Path, distance_s: int, count: int) -> dict[str, Any]:
    main = make_video(
        directory / f"main{distance_s}.mp4",
        (640, 360),
        rate=RATE,
        seconds=4.0 * distance_s,
        key_every=RATE * distance_s,
    )
    sub = make_video(directory / f"sub{distance_s}.mp4", (192, 108), rate=RATE, key_every=RATE)
    with serving(f"main={main}", f"sub={sub}") as server:
        own = CameraSettings(
            source=server.url("main"), sub_source=server.url("sub"), allow_local=True
        )
        address = parse_address(own.source)
        watcher = LiveStream(
            address.shown, lambda: find_stream_target(address, own), lambda _: None
        )
        motion = HandMotion()
        parts = replace(make_parts(own, directory), motion=motion)
        feed = Feed("gate", Opener(own), SystemClock(), parts)
        with closing(watcher), closing(feed):
            wait(feed, 4.0 + distance_s)
            phases = [distance_s * number / count for number in range(count)]
            wakes = [measure_wake(feed, motion, phase_s) for phase_s in phases]
    firsts, mains = zip(*wakes, strict=True)
    return {
        "first_picture_ms": {"median": statistics.median(firsts), "worst": max(firsts)},
        "main_picture_s": {"median": statistics.median(mains), "worst": max(mains)},
    }


def wait(feed: Feed, seconds: float) -> None:
    """So long the camera listens: its main stream is closed, but for the check at the start."""
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s:
        feed.follow(LISTENING)
        time.sleep(0.1)


def measure_wake(feed: Feed, motion: HandMotion, phase_s: float) -> tuple[float, float]:
    """Until the first picture in ms, and until the first one of the main stream in s."""
    motion.now = None
    wait(feed, 2.0 + phase_s)
    began_s = time.monotonic()
    motion.now = MotionSegment(began_s=began_s, last_s=began_s, woken_by="packets", score=3.0)
    first_ms = None
    while time.monotonic() - began_s < LONGEST_S:
        feed.follow(WATCHING)
        picture = feed.answer(PictureRequest(I420, moved=first_ms is None, wait_s=0.2))
        if not isinstance(picture, Picture):
            continue
        first_ms = first_ms or 1000 * (time.monotonic() - began_s)
        if picture.stream == "main":
            return first_ms, time.monotonic() - began_s
    raise RuntimeError("the main stream gave no picture")


if __name__ == "__main__":
    print(measure(quick=False))
