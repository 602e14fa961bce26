"""What one picture shows of a camera's view: its edges, how sharp they are, how bright it is.

Reads and writes: nothing; decoded key frames come in. Imported with the first one (numpy).
Never: keeps a picture, or judges; sensors/camera/tamper_checks/checks.py does.

Edges and not grey levels: they stay where they are in other light, by lamps and infrared.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from av.video.frame import VideoFrame

WIDTH, HEIGHT = 160, 120
STRONGEST_EDGE = 40.0  # grey levels from one pixel to the next; more counts as much
MOST_SHIFT = 32  # pixels of the small picture: a fifth of its width
ROW_STEP = 16  # of the full picture's rows, those in which sharpness is measured
EDGE_SHARE = 60  # parts of the width over which an edge's whole difference is taken
LEAST_EDGE = 25  # grey levels; less may be noise
LEAST_EDGES = 50
COLOURLESS = 2.0  # mean distance of the colours from grey: infrared pictures have none


@dataclass(frozen=True, slots=True)
class View:
    """One picture's view. `edges` is 120 x 160, blurred; `sharpness` is how much of an edge's
    difference lies within a quarter of its reach (0.25: none is sharp, 1: all are), None where too
    few edges are clear.
    """

    mean: float
    contrast: float
    edges: Any
    energy: float
    sharpness: float | None
    is_grey: bool


def measure_view(frame: VideoFrame, grey: bytes) -> View:
    """Measure one picture; `grey` is the same, small."""
    small = np.frombuffer(grey, np.uint8).reshape(HEIGHT, WIDTH).astype(np.float32)
    edges = find_edges(small)
    return View(
        mean=float(small.mean()),
        contrast=float(small.std()),
        edges=edges,
        energy=float(edges.mean()),
        sharpness=measure_sharpness(frame),
        is_grey=is_colourless(frame),
    )


def find_edges(small: Any) -> Any:
    """Where neighbours differ, less what noise makes everywhere."""
    found = np.zeros_like(small)
    found[:, 1:] += np.abs(small[:, 1:] - small[:, :-1])
    found[1:] += np.abs(small[1:] - small[:-1])
    found -= np.median(found)
    np.clip(found, 0, STRONGEST_EDGE, out=found)
    return blur(found)


def blur(picture: Any) -> Any:
    """The mean of nine neighbours, those over the border repeated."""
    wide = np.pad(picture, 1, mode="edge")
    rows = wide[:-2] + wide[1:-1] + wide[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9


def count_changed(grey: bytes, before: bytes) -> int:
    """How many pixels of two small pictures differ."""
    one, other = np.frombuffer(grey, np.uint8), np.frombuffer(before, np.uint8)
    return int(np.count_nonzero(one != other))


def correlate(edges: Any, usual: Any) -> float:
    """How alike two views are: 1 the same, 0 nothing in common."""
    one, other = edges - edges.mean(), usual - usual.mean()
    size = float((one * one).sum() * (other * other).sum()) ** 0.5
    return float((one * other).sum()) / size if size else 0.0


def find_shift(edges: Any, usual: Any) -> tuple[float, int, int]:
    """The shift in which two views are most alike: likeness there, pixels to the right and down."""
    product = np.fft.rfft2(edges - edges.mean()) * np.conj(np.fft.rfft2(usual - usual.mean()))
    peaks = np.fft.irfft2(product, (HEIGHT, WIDTH))
    y, x = divmod(int(np.argmax(peaks)), WIDTH)
    right, down = x - WIDTH * (x > WIDTH // 2), y - HEIGHT * (y > HEIGHT // 2)
    if max(abs(right), abs(down)) > MOST_SHIFT:
        return 0.0, 0, 0
    return correlate(*overlap(edges, usual, right, down)), right, down


def overlap(edges: Any, usual: Any, right: int, down: int) -> tuple[Any, Any]:
    """The parts that both show where one is shifted against the other."""

    def cut(picture: Any, x: int, y: int) -> Any:
        return picture[max(0, y) : HEIGHT + min(0, y), max(0, x) : WIDTH + min(0, x)]

    return cut(edges, right, down), cut(usual, -right, -down)


def measure_sharpness(frame: VideoFrame) -> float | None:
    """See `View`; from some rows of the full picture."""
    rows = read_luma_rows(frame)
    if rows is None:
        return None
    reach = max(4, frame.width // EDGE_SHARE)
    near = max(1, reach // 4)
    whole = np.abs(rows[:, reach:] - rows[:, :-reach])
    limit = max(float(LEAST_EDGE), float(np.percentile(whole, 99)))
    y, x = np.nonzero(whole >= limit)
    if y.size < LEAST_EDGES:
        return None
    steps = np.abs(rows[:, near:] - rows[:, :-near])
    steepest = np.max([steps[y, x + offset] for offset in range(reach - near + 1)], axis=0)
    return float(np.median(np.minimum(1.0, steepest / whole[y, x])))


def read_luma_rows(frame: VideoFrame) -> Any:
    """Some rows of the luma plane; None of a form that has none of 8 bits."""
    if not frame.format.name.startswith(("yuv", "nv", "gray")) or "1" in frame.format.name[3:]:
        return None
    plane = frame.planes[0]
    pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return pixels[ROW_STEP // 2 : frame.height : ROW_STEP, : frame.width].astype(np.int16)


def is_colourless(frame: VideoFrame) -> bool:
    """Whether the picture has no colours, as by infrared."""
    if len(frame.planes) < 2:
        return True
    colours = np.frombuffer(memoryview(frame.planes[1]), np.uint8)[::97].astype(np.int16)
    return float(np.abs(colours - 128).mean()) < COLOURLESS
