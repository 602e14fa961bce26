"""CPU time of an inference run on its own and of one in a row: threads must not spin between.

Reads: the shipped model and clip. Writes: nothing.
Never: counts the processor time of others: it is the process' own, all threads, sleep included,
since a thread that spins does so after the run.

Three figures say where a ratio above 1 comes from. `evicted_ratio`: runs in a row, with the caches
swept between them. `rested_ratio`: the first run after a rest beside the one right after it.
`spinning_ratio`: the same as `spin_ratio` with threads that do spin, and two of them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import av
import numpy as np
import onnxruntime

from appliance.media.frames import I420, Picture
from inference.detection import sessions
from inference.detection.detector import OnnxDetector
from tests.bench.report import Figure, median, publish, quick
from tests.conftest import CLIP, MODEL
from tests.stand_ins.fakes import FakeClock

TARGET = 1.2
REST_S = 1.0
IN_A_ROW = 10
SWEEP_BYTES = 96 * 2**20  # more than any cache of a small machine


def measure(seconds: float = 30.0, threads: int = 1) -> dict[str, float]:
    """Figures in CPU-ms for one picture (planes to detections) and their ratios."""
    detector = OnnxDetector(MODEL, threads=threads, floor=0.45, labels=("person",))
    picture = read_first_picture()
    figures = compare(lambda: detector.analyse([picture]), seconds)
    figures["evicted_ratio"] = (
        measure_swept_ms(lambda: detector.analyse([picture])) / figures["row_ms"]
    )
    detector.free()
    return figures


def compare(run: Callable[[], object], seconds: float) -> dict[str, float]:
    """Rests and rows take turns, so that what else the machine does meets both."""
    for _ in range(5):
        run()
    rests_ms: list[float] = []
    rows_ms: list[float] = []
    ratios: list[float] = []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s or not rests_ms:
        began_s = time.process_time()
        due_s = time.monotonic() + REST_S
        run()
        first_ms = (time.process_time() - began_s) * 1000
        time.sleep(max(0.0, due_s - time.monotonic()))
        # The rest is part of it: that is when threads spin.
        rests_ms.append((time.process_time() - began_s) * 1000)
        rows_ms += [measure_cpu_ms(run) for _ in range(IN_A_ROW)]
        ratios.append(first_ms / rows_ms[-IN_A_ROW])
        time.sleep(REST_S / 2)
    return {
        "rest_ms": median(rests_ms),
        "row_ms": median(rows_ms),
        "spin_ratio": median(rests_ms) / median(rows_ms),
        "rested_ratio": median(ratios),
        "looks_alone": float(len(rests_ms)),
    }


def measure_swept_ms(run: Callable[[], object]) -> float:
    """A run after all caches were filled with something else."""
    broom = np.zeros(SWEEP_BYTES, np.uint8)
    times_ms = []
    for _ in range(IN_A_ROW):
        broom += 1
        times_ms.append(measure_cpu_ms(run))
    return median(times_ms)


def measure_spinning_ratio(seconds: float) -> float:
    """`spin_ratio` of the runtime's own defaults with two threads: what is guarded against."""
    with allow_spinning():
        detector = OnnxDetector(MODEL, threads=2, floor=0.45, labels=("person",))
        picture = read_first_picture()
        ratio = compare(lambda: detector.analyse([picture]), seconds)["spin_ratio"]
    detector.free()
    return ratio


@contextmanager
def allow_spinning() -> Iterator[None]:
    """Sessions with ONNX Runtime's default for spinning."""
    ours = sessions.make_session_options

    def default(threads: int) -> onnxruntime.SessionOptions:
        options = ours(threads)
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        return options

    sessions.make_session_options = default
    try:
        yield
    finally:
        sessions.make_session_options = ours


def measure_cpu_ms(run: Callable[[], object]) -> float:
    began_s = time.process_time()
    run()
    return (time.process_time() - began_s) * 1000


def read_first_picture() -> Picture:
    """The first picture of the clip, as a camera sends it."""
    with av.open(str(CLIP)) as clip:
        frame = next(clip.decode(video=0))
    data = frame.to_ndarray(format="yuv420p").tobytes()
    stamp = FakeClock().stamp()
    return Picture("clip", stamp, 0, 0, 0.0, frame.width, frame.height, I420, data)


def main() -> None:
    short = quick("spin")
    found = measure(10 if short else 40)
    figures = [
        Figure("alone, once a second", found["rest_ms"], "CPU-ms"),
        Figure("in a row", found["row_ms"], "CPU-ms"),
        Figure("alone / in a row", found["spin_ratio"], "", TARGET),
        Figure("caches swept / in a row", found["evicted_ratio"], ""),
        Figure("first after a rest / second", found["rested_ratio"], ""),
        Figure(
            "two spinning threads, alone / in a row", measure_spinning_ratio(5 if short else 15), ""
        ),
    ]
    publish("spin", figures, short, runtime=onnxruntime.__version__)


if __name__ == "__main__":
    main()
