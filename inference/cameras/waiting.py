"""Waits for the pictures of all cameras at once, in one thread; the first answer is served first.

Reads: the cameras' answers. Writes: requests to them.
Never: lets a camera that hangs or is gone delay another one; never sleeps while an answer is there.

Answers that are there at the same moment are returned together: one run of the model analyses them.
"""

import math
import select
from collections.abc import Callable, Iterable, Sequence
from threading import Event
from typing import Protocol

from appliance.clock import Clock
from appliance.media.frames import Picture
from inference.cameras.camera import InferenceCamera
from inference.cameras.connection import Frames

LEAST_WAIT_S = 0.002  # times that differ by less are the same
PulledPicture = tuple[InferenceCamera, Picture]


class Waiter(Protocol):
    """The seam that waits; tests replace it."""

    def wait(self, asked: Sequence[Frames], seconds: float, stop: Event) -> list[Frames]:
        """Those whose answer is there, at once if there are any, else after `seconds` at most."""


class SocketWaiter:
    """Waits at the sockets."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def wait(self, asked: Sequence[Frames], seconds: float, stop: Event) -> list[Frames]:
        if not asked:
            self._clock.wait_media(seconds, stop)
            return []
        poll = select.poll()
        by_number = {frames.fileno(): frames for frames in asked}
        for number in by_number:
            poll.register(number, select.POLLIN)
        ready = poll.poll(math.ceil(1000 * max(0.0, seconds)))
        return [by_number[number] for number, _ in ready]


class PicturePoller:
    """Sends the requests to all cameras and takes their pictures. Times are picture time."""

    def __init__(
        self, cameras: Sequence[InferenceCamera], clock: Clock, waiter: Waiter, stop: Event
    ) -> None:
        self._cameras = cameras
        self._clock = clock
        self._waiter = waiter
        self._stop = stop

    def wait_for_pictures(
        self,
        end_s: float,
        interval_s: float,
        find_start_s: Callable[[InferenceCamera, float], float],
    ) -> list[PulledPicture]:
        """The pictures that come next; an empty list where `end_s` or something else came first.

        `interval_s` is the least time between two pictures of one camera. `find_start_s(camera,
        now_s)` gives the time from which a picture of that camera may be analysed.
        """
        now_s = self._clock.media_s()
        next_s = min([end_s, *(self._ask(camera, now_s, find_start_s) for camera in self._cameras)])
        asked = [camera.connection for camera in self._cameras if camera.connection.pending]
        ready = self._waiter.wait(
            [connection.frames for connection in asked],
            max(LEAST_WAIT_S, next_s - now_s),
            self._stop,
        )
        return self._take_pictures(ready, interval_s)

    def _ask(
        self,
        camera: InferenceCamera,
        now_s: float,
        find_start_s: Callable[[InferenceCamera, float], float],
    ) -> float:
        """Send a request if it is time; returns when the camera is to be served next."""
        connection = camera.connection
        connection.check_timeout(camera.name, now_s)
        if connection.pending is None:
            due_s = camera.find_due_s(find_start_s(camera, now_s))
            if due_s > now_s:
                return due_s
            connection.ask(camera.choose_request(now_s), now_s)
        return connection.timeout_s if connection.pending else connection.ready_s

    def _take_pictures(self, ready: Iterable[Frames], interval_s: float) -> list[PulledPicture]:
        """The pictures of those that answered; the camera that waited longest comes first."""
        answered = {id(frames) for frames in ready}
        now_s = self._clock.media_s()
        pictures = []
        for camera in sorted(self._cameras, key=lambda camera: camera.last_analysed_s):
            if id(camera.connection.frames) in answered:
                picture = camera.take(now_s, interval_s)
                pictures += [(camera, picture)] if picture else []
        return pictures
