"""The line to one camera: one question at a time, when it may be asked, and what is wrong with it.

Reads: the camera's frame socket. Writes: questions to it.
Never: waits. Who waits is the waiter (inference/cameras/waiting.py), for all lines together.

All times are the clock's picture time. A camera that says no at once (it is off, it lost its
stream) is asked again after a pause; one that says no at the end of its wait, at once.
"""

import math
from typing import Protocol

from appliance.errors import CameraError
from appliance.media.frames import Answer, PictureRequest, Refusal

WAIT_S = 1.0  # how long a camera may hold an answer back
HUNG_AFTER_S = 5.0  # beyond that; then the camera counts as hung
PAUSE_S = 1.0  # after a refusal that came at once
RETRY_AFTER_S = 2.0  # after a camera that did not answer
WAITED_SHARE = 0.5  # of its wait: a refusal after that says that nothing moved


class Frames(Protocol):
    """The camera seam: `appliance.media.frames.FrameClient`."""

    def ask(self, ask: PictureRequest) -> None:
        """Send one question; raises `CameraError`."""

    def take(self) -> Answer:
        """The answer to it; raises `CameraError`."""

    def fileno(self) -> int:
        """What becomes readable when the answer is there; -1 for nothing."""

    def close(self) -> None:
        """Hang up; the next question connects again."""


class Connection:
    """One camera's line. `trouble` is why it did not answer the last time, if so.

    `refusal` is what it said instead of giving a picture; None where it only had none to give.
    """

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.trouble: CameraError | None = None
        self.refusal: str | None = None
        self._trouble_since_s = 0.0
        self._pending: PictureRequest | None = None
        self._asked_s = 0.0
        self._due_s = self._from_s = -math.inf

    @property
    def pending(self) -> PictureRequest | None:
        """The question that waits for its answer."""
        return self._pending

    @property
    def ready_s(self) -> float:
        """When the line may be used next; `asked` stands above it."""
        return self._from_s

    @property
    def due_s(self) -> float:
        """When the next picture is due."""
        return max(self._due_s, self._from_s)

    @property
    def timeout_s(self) -> float:
        """When a question that waits for its answer has waited too long."""
        return self._asked_s + WAIT_S + HUNG_AFTER_S if self._pending else math.inf

    def ask(self, ask: PictureRequest, now_s: float) -> None:
        """Send a question; a camera that is not there is in trouble."""
        self._asked_s = now_s
        try:
            self.frames.ask(ask)
        except CameraError as error:
            self.fail(error, now_s)
        else:
            self._pending = ask

    def take(self, now_s: float) -> Answer | None:
        """The answer that is there; None where it did not come whole."""
        asked, self._pending = self._pending, None
        try:
            answer = self.frames.take()
        except CameraError as error:
            self.fail(error, now_s)
            return None
        self.trouble = None
        self.refusal = None
        if isinstance(answer, Refusal):
            self._note_refusal(answer.reason, asked, now_s)
        return answer

    def check_timeout(self, name: str, now_s: float) -> None:
        """Hang up where the camera has not answered for too long."""
        if now_s >= self.timeout_s:
            waited_s = now_s - self._asked_s
            self.fail(
                CameraError(f"the camera {name} gives no answer for {waited_s:.0f} s: it hangs"),
                now_s,
            )

    def schedule_next(self, now_s: float, interval_s: float) -> None:
        """A picture was looked at: the next one is due an interval after this one was.

        One that had to be waited for begins a new row; one that took too long is not caught up
        with.
        """
        waited_s = now_s - self._due_s
        self._due_s = (self._due_s if waited_s <= interval_s else now_s) + interval_s

    def trouble_s(self, now_s: float) -> float:
        """How long the camera has been in trouble."""
        return now_s - self._trouble_since_s if self.trouble else 0.0

    def fail(self, error: CameraError, now_s: float) -> None:
        """Hang up, and leave the camera alone for a while."""
        if self.trouble is None:
            self._trouble_since_s = now_s
        self.frames.close()
        self.trouble = error
        self.refusal = None
        self._pending = None
        self._from_s = now_s + RETRY_AFTER_S

    def close(self) -> None:
        """Hang up until there is a plan again."""
        self.frames.close()
        self.trouble = self._pending = self.refusal = None
        self._from_s = -math.inf

    def _note_refusal(self, reason: str, asked: PictureRequest | None, now_s: float) -> None:
        wait_s = asked.wait_s if asked else 0.0
        if now_s - self._asked_s < WAITED_SHARE * wait_s:
            self.refusal = reason
            self._from_s = now_s + PAUSE_S
