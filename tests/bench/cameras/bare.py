"""The bare minimum that a detection costs: decode, make the model's input, run the session.

Reads: the demonstration's clip and model; a line on standard input asks for the counts. Writes: the
frames and the processor seconds so far, as JSON, one line for each line read.
Never: does anything else: no socket, no tracker, no rows.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator

import av
import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tests.bench.cameras.video_file import FRAMES_PER_S, MODEL, VIDEO_FILE

SIZE = 416
MEAN = np.array([103.53, 116.28, 123.675], np.float32)
STD = np.array([57.375, 57.12, 58.395], np.float32)


class Bare:
    """Runs at the clip's pace."""

    def __init__(self) -> None:
        self.frames = 0
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        cv2.setNumThreads(1)

    def run(self) -> None:
        """For ever."""
        due_s = time.monotonic()
        for bgr in decode_pictures():
            self._session.run(None, {self._input: make_input(bgr)})
            self.frames += 1
            due_s = max(due_s + 1 / FRAMES_PER_S, time.monotonic() - 1)
            time.sleep(max(0.0, due_s - time.monotonic()))


def decode_pictures() -> Iterator[NDArray[np.uint8]]:
    """Every frame of the clip, again and again."""
    while True:
        with av.open(str(VIDEO_FILE)) as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            for frame in container.decode(stream):
                yield frame.to_ndarray(format="bgr24")


def make_input(bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The model's input, 1 x 3 x 416 x 416."""
    square = cv2.resize(bgr, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    planes = ((square.astype(np.float32) - MEAN) / STD).transpose(2, 0, 1)[None]
    return np.ascontiguousarray(planes, np.float32)


def main() -> None:
    bare = Bare()
    threading.Thread(target=bare.run, daemon=True).start()
    for _ in sys.stdin:
        print(json.dumps([bare.frames, time.process_time()]), flush=True)


if __name__ == "__main__":
    main()
