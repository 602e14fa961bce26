"""What one analysed frame costs beyond the bare minimum: decode, make the input, run the session.

Two ways through the same clip at the same pace at the same time. The unit's: a real camera process,
its socket, and in this process the whole inference service with tracker, events and rows. The bare
one: bare.py, a process that does nothing else, the fastest way that was found. Processor time for
each frame of the first, over that of the second (the ratio) and beyond it (the fixed cost). Each
frame moves in this clip, so each is analysed.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from appliance.clock import SystemClock
from appliance.log import SentenceLog
from appliance.model import EnergyLevel
from appliance.process.service import Loop, Service
from appliance.store.store import Store
from inference.__main__ import assemble
from inference.detection.frame_result import FrameResult
from inference.energy.usage import Usage
from tests.bench.cameras.field import Field
from tests.bench.cameras.video_file import FRAMES_PER_S, VIDEO_FILE
from tests.bench.report import OUT, ROOT

WARM_UP_S = 4.0
ROUNDS, ROUND_S = 5, 20.0


@dataclass(frozen=True, slots=True)
class Overhead:
    """CPU-ms for each frame: the unit, bare, and their ratio and difference in each round."""

    unit_ms: float
    camera_ms: float
    bare_ms: float
    ratios: tuple[float, ...]
    fixed_ms: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def fixed_cost_ms(self) -> float:
        """What a frame costs beyond the bare minimum, however long the model runs."""
        return statistics.median(self.fixed_ms)


class Inference:
    """The inference service in this process; `frames` counts the analysed frames."""

    def __init__(self, field: Field) -> None:
        clock = SystemClock()
        store = Store(field.settings.database, clock, "inference")
        log = SentenceLog("inference")
        self.service = Service("inference", field.settings, clock, store, log)
        self.loop: Loop = assemble(self.service)
        self.frames = 0
        self.on_result: Callable[[FrameResult], None] = lambda _: None
        self._count = Usage.add

    def run(self, seconds: float) -> None:
        """Run the service for some seconds."""
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s:
            self.service.run_once(self.loop.cycle)

    @contextmanager
    def count_frames(self) -> Iterator[None]:
        """Count each analysed frame while this lasts."""
        mine = self

        def count(usage: Usage, result: FrameResult) -> None:
            mine.frames += 1
            mine.on_result(result)
            mine._count(usage, result)

        Usage.add = count  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            Usage.add = self._count  # type: ignore[method-assign]
            if self.loop.finish:
                self.loop.finish()
            self.service.store.close()


def measure(quick: bool) -> Overhead:
    """Run both beside each other."""
    rounds, round_s = (2, 4.0) if quick else (ROUNDS, ROUND_S)
    with Field(
        OUT / "cameras-overhead", {"front": f'source = "{VIDEO_FILE}"'}, FRAMES_PER_S
    ) as field:
        field.allow(EnergyLevel.FULL)
        field.start_cameras()
        inference = Inference(field)
        with inference.count_frames(), run_bare_process() as bare:
            inference.run(WARM_UP_S)
            return compare(field, inference, bare, rounds, round_s)


def compare(
    field: Field, inference: Inference, bare: "subprocess.Popen[str]", rounds: int, round_s: float
) -> Overhead:
    """CPU for each frame of both, round by round."""
    unit_ms, camera_ms, bare_ms = [], [], []
    for _ in range(rounds):
        field.allow(EnergyLevel.FULL)
        began = read_counts(field, inference, bare)
        inference.run(round_s)
        ended = read_counts(field, inference, bare)
        frames, own_s, camera_s, seen, bare_s = (b - a for a, b in zip(began, ended, strict=True))
        unit_ms.append(1000 * (own_s + camera_s) / max(1, frames))
        camera_ms.append(1000 * camera_s / max(1, frames))
        bare_ms.append(1000 * bare_s / max(1, seen))
    pairs = list(zip(unit_ms, bare_ms, strict=True))
    return Overhead(
        unit_ms=statistics.median(unit_ms),
        camera_ms=statistics.median(camera_ms),
        bare_ms=statistics.median(bare_ms),
        ratios=tuple(unit / plain for unit, plain in pairs),
        fixed_ms=tuple(unit - plain for unit, plain in pairs),
    )


def read_counts(
    field: Field, inference: Inference, bare: "subprocess.Popen[str]"
) -> tuple[float, float, float, float, float]:
    """So far: frames and CPU seconds of this process, the camera's CPU, the bare process' both."""
    assert bare.stdin
    assert bare.stdout
    bare.stdin.write("\n")
    bare.stdin.flush()
    seen, bare_s = json.loads(bare.stdout.readline())
    return inference.frames, time.process_time(), field.usage().cpu_s, seen, bare_s


@contextmanager
def run_bare_process() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.bench.cameras.bare"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


if __name__ == "__main__":
    found = measure(quick="--quick" in sys.argv)
    print(found, found.ratio, found.fixed_cost_ms)
