"""How alike the views of two pictures are: of the camera before, and of the one in its place.

    likeness = compare_stills(before_jpeg, now_jpeg)     # 1 the same, 0 nothing in common

Reads and writes: nothing; JPEGs come in. By edges, so that other light is no other view.
Never: judges where one of them cannot be decoded, or is too dark or flat to show edges: None.
"""

import io
from typing import Any

import av
import av.error

from sensors.camera.tamper_checks.view import HEIGHT, WIDTH, View, correlate, measure_view

LEAST_ENERGY = 0.5  # mean of the edges; below it a picture shows next to nothing


def compare_stills(before: bytes, now: bytes) -> float | None:
    """The correlation of their edges where neither is shifted."""
    views = [measure_still(one) for one in (before, now)]
    if any(one is None or one.energy < LEAST_ENERGY for one in views):
        return None
    one, other = views
    assert one is not None
    assert other is not None
    return correlate(one.edges, other.edges)


def measure_still(jpeg: bytes) -> View | None:
    """Its view; None where it is no picture."""
    if not jpeg:
        return None
    try:
        with av.open(io.BytesIO(jpeg)) as container:
            frame = next(container.decode(video=0))
            return measure_view(frame, shrink(frame))
    except (av.error.FFmpegError, StopIteration, IndexError):
        return None


def shrink(frame: Any) -> bytes:
    """The small grey picture."""
    return bytes(frame.reformat(WIDTH, HEIGHT, "gray").to_ndarray())
