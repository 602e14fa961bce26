"""How soon a frozen camera is noticed and seen again, and what a hundred freezes leave behind.

A real RTSP server is stopped and let go on (SIGSTOP, SIGCONT); the feed is looked after once a
second, as the service does it. Picture seconds are real seconds.
"""

import os
import time
from pathlib import Path
from random import Random
from typing import Any

from appliance.clock import SystemClock
from appliance.errors import CameraError
from appliance.media.frames import JPEG, Picture, PictureRequest
from appliance.model_cameras import CameraMode
from appliance.sections.cameras import CameraSettings
from sensors.camera.cycle import CYCLE_EVERY_S
from sensors.camera.feed import Feed
from sensors.camera.mode import ModeChoice
from sensors.camera.sources.opening import Opener
from tests.bench.processes import read_number
from tests.bench.report import median
from tests.conftest import CLIP
from tests.stand_ins.rtsp import Cameras, serving

WATCHING = ModeChoice(CameraMode.WATCH, "watching")
LONGEST_S = 20.0
WARM_UP = 3  # freezes before the first weighing: buffers and pools have their size then


def measure(quick: bool) -> dict[str, Any]:
    """Figures of 100 freezes; 3 if `quick`."""
    count = 3 if quick else 100
    random = Random(1)  # a freeze at any moment of the cycle
    noticed_s, first_frame_s = [], []
    with serving(f"front={CLIP}") as server:
        watcher = FreezeTrial(server)
        before = watcher.measure_usage()
        for turn in range(WARM_UP + count):
            if turn == WARM_UP:
                before = watcher.measure_usage()
            watcher.play(random.uniform(1.0, 2.0))
            server.freeze()
            noticed = watcher.until_trouble()
            watcher.stay_in_trouble(random.uniform(0.0, 4.0))
            server.thaw()
            first = watcher.until_picture()
            if turn >= WARM_UP:
                noticed_s.append(noticed)
                first_frame_s.append(first)
        after = watcher.measure_usage()
        watcher.feed.close()
    return {
        "freezes": count,
        "noticed_s": {"median": median(noticed_s), "worst": max(noticed_s)},
        "first_frame_s": {"median": median(first_frame_s), "worst": max(first_frame_s)},
        "before": before,
        "after": after,
    }


class FreezeTrial:
    """One feed and its cycle."""

    def __init__(self, server: Cameras) -> None:
        own = CameraSettings(source=server.url("front"), allow_local=True)
        self.feed = Feed("front", Opener(own), SystemClock())
        self._due_s = 0.0
        self.until_picture()

    def play(self, seconds: float) -> None:
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s:
            self._cycle(ends_s)

    def until_trouble(self) -> float:
        """Seconds until a cycle says that something is wrong."""
        began_s = time.monotonic()
        while not self._cycle(began_s + LONGEST_S):
            check(began_s, "trouble")
        return time.monotonic() - began_s

    def stay_in_trouble(self, seconds: float) -> None:
        self.play(seconds)

    def until_picture(self) -> float:
        """Seconds until a new picture can be had; asked for like a consumer does."""
        began_s = time.monotonic()
        after = self.feed.sequence
        while True:
            self._cycle(time.monotonic() + 0.05)
            answer = self.feed.answer(PictureRequest(JPEG, after))
            if isinstance(answer, Picture) and answer.sequence > after:
                return time.monotonic() - began_s
            check(began_s, "picture")

    def measure_usage(self) -> dict[str, float]:
        """What this process holds."""
        here = Path("/proc/self")
        return {
            "resident_mb": read_number(here / "status", "VmRSS:") / 1024,
            "threads": read_number(here / "status", "Threads:"),
            "descriptors": len(os.listdir(here / "fd")),
        }

    def _cycle(self, until_s: float) -> bool:
        """The service's next cycle if it is due before `until_s`; whether something is wrong."""
        now_s = time.monotonic()
        if self._due_s > until_s:
            time.sleep(max(0.0, until_s - now_s))
            return False
        time.sleep(max(0.0, self._due_s - now_s))
        self._due_s = time.monotonic() + CYCLE_EVERY_S
        try:
            self.feed.follow(WATCHING)
        except CameraError:
            return True
        return False


def check(began_s: float, what: str) -> None:
    if time.monotonic() - began_s > LONGEST_S:
        raise TimeoutError(f"no {what} within {LONGEST_S:g} s")


if __name__ == "__main__":
    print(measure(quick=True))
