"""Models that take turns while frames are analysed without a pause: no run may fail or wait.

Reads: the shipped int8 and fp32 models. Writes: nothing.
"""

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from inference.detection.detector import FrameDetector, OnnxDetector
from inference.detection.model_swap import ModelSwap
from tests.bench.cameras.spin import read_first_picture
from tests.bench.cameras.video_file import MODEL

OTHER = MODEL.with_name("nanodet-g-416-fp32.onnx")


def load(path: Path) -> FrameDetector:
    return OnnxDetector(path, threads=1, floor=0.45, labels=("person",))


def measure(quick: bool) -> dict[str, Any]:
    """Analysed and failed frames, swaps, and the longest analysis beside the usual one."""
    picture = read_first_picture()
    path = MODEL
    swap = ModelSwap(path.stem, load(path))
    swap.take_current().load()
    swaps, failed, runs_ms = 0, 0, []
    wanted = [OTHER, MODEL]
    ends_s = time.monotonic() + (4.0 if quick else 60.0)
    while time.monotonic() < ends_s:
        began_s = time.monotonic()
        if swap.name == path.stem or swap.trouble:
            path = wanted[swaps % 2]
            swap.want(path.stem, partial(load, path), began_s)
            swaps += 1
        try:
            swap.take_current().analyse([picture])
        except ModelError:
            failed += 1
        runs_ms.append(1000 * (time.monotonic() - began_s))
    swap.free()
    runs_ms.sort()
    middle = runs_ms[len(runs_ms) // 2]
    return {
        "looks": len(runs_ms),
        "swaps": swaps,
        "failed": failed,
        "median_ms": middle,
        "worst_ms": runs_ms[-1],
    }


if __name__ == "__main__":
    print(measure(quick="--quick" in sys.argv))
