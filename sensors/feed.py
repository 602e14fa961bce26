"""One camera as its consumers see it: it follows a mode, answers pulls and survives a bad source.

Reads: a `Camera` that it opens itself. Writes: nothing; pictures go to who asked.
Never: decodes in any mode but WATCH, and never keeps a camera open that is OFF.

The service's cycle and the frame server's threads meet here: one lock around everything.
"""

from collections.abc import Callable
from threading import Lock

from appliance.clock import Clock
from appliance.errors import CameraError
from appliance.frames import BGR, JPEG, Answer, Ask, Picture, Refusal
from appliance.model import CameraMode
from sensors.camera_mode import ModeChoice
from sensors.source import Camera, Shot

FIRST_PAUSE_S = 2.0  # picture seconds between tries to open a bad source; doubled each time
LONGEST_PAUSE_S = 30.0
IDLE_S = 30.0  # picture seconds without a pull after which the decoder is freed


class Feed:
    """Pictures of one camera. `open_camera` is called whenever the source is needed anew."""

    def __init__(self, name: str, open_camera: Callable[[], Camera], clock: Clock) -> None:
        self.frames_served = 0
        self._name = name
        self._open_camera = open_camera
        self._clock = clock
        self._lock = Lock()
        self._camera: Camera | None = None
        self._choice = ModeChoice(CameraMode.OFF, "the camera has just started")
        self._frames_before = 0  # of the cameras that were open earlier
        self._last_served = -1
        self._last_pull_s = 0.0
        self._trouble = ""
        self._retry_at_s = 0.0
        self._pause_s = FIRST_PAUSE_S

    @property
    def sequence(self) -> int:
        """The number of the newest frame, counted on when the source is opened again."""
        return self._frames_before + (self._camera.sequence if self._camera else -1)

    @property
    def frames_skipped(self) -> int:
        """Frames that were there and that nobody asked for."""
        return self.sequence + 1 - self.frames_served

    def follow(self, choice: ModeChoice) -> None:
        """Take in what came since the last call, as `choice` allows; raises `CameraError`."""
        with self._lock:
            self._choice = choice
            if choice.mode is CameraMode.OFF:
                self._close()
                self._trouble = ""
                return
            camera = self._advanced()
            idle_s = self._clock.media_s() - self._last_pull_s
            if choice.mode is CameraMode.LISTEN or idle_s > IDLE_S:
                camera.rest()

    def answer(self, ask: Ask) -> Answer:
        """The newest picture, or in one sentence why there is none. Called from other threads."""
        if ask.encoding not in (BGR, JPEG):
            return Refusal(f"pictures come as {BGR} or {JPEG}, not {ask.encoding!r}")
        with self._lock:
            if self._choice.mode is not CameraMode.WATCH:
                return Refusal(self._choice.reason)
            try:
                shot = self._new_shot(ask)
            except CameraError as error:
                return Refusal(str(error))
            if shot is None:
                return Refusal("no new picture yet")
            return self._picture(shot, ask.encoding)

    def close(self) -> None:
        """Let the source go."""
        with self._lock:
            self._close()

    def _new_shot(self, ask: Ask) -> Shot | None:
        self._last_pull_s = self._clock.media_s()
        camera = self._advanced()
        if self.sequence == ask.after:
            return None
        try:
            return camera.shot(ask.encoding)
        except CameraError as error:
            self._lose(error)
            raise

    def _picture(self, shot: Shot, encoding: str) -> Picture:
        if self.sequence != self._last_served:
            self._last_served = self.sequence
            self.frames_served += 1
        return Picture(
            camera=self._name,
            stamp=self._clock.stamp(),
            sequence=self.sequence,
            skipped=self.frames_skipped,
            media_s=shot.media_s,
            width=shot.width,
            height=shot.height,
            encoding=encoding,
            data=shot.data,
        )

    def _advanced(self) -> Camera:
        """The camera, opened where needed, with all that is due; raises `CameraError`."""
        now_s = self._clock.media_s()
        if self._trouble and now_s < self._retry_at_s:
            raise CameraError(self._trouble)
        try:
            self._camera = self._camera or self._open_camera()
            self._camera.advance(now_s)
        except CameraError as error:
            self._lose(error)
            raise
        if now_s > self._retry_at_s + self._pause_s:
            self._trouble = ""  # good for longer than it was left alone: forgotten
        return self._camera

    def _lose(self, error: CameraError) -> None:
        """Close the source and say for how long it is left alone."""
        self._close()
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S) if self._trouble else FIRST_PAUSE_S
        self._trouble = str(error)
        self._retry_at_s = self._clock.media_s() + self._pause_s

    def _close(self) -> None:
        self._frames_before = self.sequence + 1
        if self._camera:
            self._camera.close()
            self._camera = None
