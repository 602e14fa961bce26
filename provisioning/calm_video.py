"""Makes a video in which mostly nothing happens: the demonstration's yard, empty, then people.

Reads: the demonstration's clip. Writes: one MP4 file.
Never: is used for a measurement; tests and benches make their own scenes.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame

EMPTY_S, BUSY_S = 40, 12
FRAMES_PER_S = 10
SAMPLES = 40  # pictures of the clip of which the median is the empty yard
OPTIONS = {"preset": "veryfast", "crf": "25", "g": "20", "tune": "zerolatency"}


def make_calm_video(clip: Path, path: Path) -> Path:
    """Write the video to `path`; takes about two seconds."""
    pictures = read_planes(clip)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_S)
        stream.height, stream.width = pictures[0].shape[0] * 2 // 3, pictures[0].shape[1]
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, FRAMES_PER_S)
        stream.options = OPTIONS
        for planes in iterate_frames(pictures):
            container.mux(stream.encode(VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def read_planes(clip: Path) -> list[Any]:
    """All pictures of the clip as I420 planes."""
    with av.open(str(clip)) as container:
        return [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]


def iterate_frames(pictures: list[Any]) -> Iterator[Any]:
    """The yard as it is without people, and then some of the clip."""
    samples = np.stack(pictures[:: max(1, len(pictures) // SAMPLES)])
    empty = np.median(samples, axis=0).astype(np.uint8)
    for _ in range(EMPTY_S * FRAMES_PER_S):
        yield empty
    yield from pictures[: BUSY_S * FRAMES_PER_S]
