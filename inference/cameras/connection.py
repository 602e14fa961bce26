"""The connection to one camera process: one request at a time, its timeout, its trouble.

Reads: the camera's frame socket. Writes: requests to it.
Never: waits; inference/cameras/waiting.py waits for all connections together.

All times are the clock's picture time. A camera that refuses at once (it is off, it lost its
stream) is asked again after a pause; one that refuses at the end of its wait (nothing moved) is
asked again at once.
"""

import math
from collections.abc import Callable
from typing import Protocol

from appliance.errors import CameraError
from appliance.media.frames import Answer, PictureRequest, Refusal
from appliance.wording.sentence import say

WAIT_S = 1.0  # how long a camera may hold its answer back
HUNG_AFTER_S = 5.0  # after WAIT_S: then the camera counts as hung
PAUSE_S = 1.0  # after a refusal that came at once
RETRY_AFTER_S = 2.0  # after a camera that did not answer
WAITED_SHARE = 0.5  # of its wait: a refusal after that means that nothing moved


class Frames(Protocol):
    """The camera seam: `appliance.media.frames.FrameClient`."""

    def ask(self, request: PictureRequest) -> None:
        """Send one request; raises `CameraError`."""

    def take(self) -> Answer:
        """The answer to it; raises `CameraError`."""

    def fileno(self) -> int:
        """The descriptor that becomes readable when the answer is there; -1 for none."""

    def close(self) -> None:
        """Close the socket; the next request connects again."""


class FrameConnection:
    """One camera's connection. `trouble` is why its last request failed, None where it did not.

    `refusal` is the reason that the camera gave instead of a picture; None where it only had none.
    `check` raises `CameraError` for an answer that cannot be used: that is trouble, too.
    """

    def __init__(self, frames: Frames, check: Callable[[Answer], None]) -> None:
        self.frames = frames
        self._check = check
        self.trouble: CameraError | None = None
        self.refusal: str | None = None
        self._trouble_since_s = 0.0
        self._pending: PictureRequest | None = None
        self._asked_s = 0.0
        self._due_s = self._ready_s = -math.inf

    @property
    def pending(self) -> PictureRequest | None:
        """The request that waits for its answer."""
        return self._pending

    @property
    def complaint(self) -> str | None:
        """Its trouble or refusal in words; None where the camera answers."""
        return str(self.trouble) if self.trouble else self.refusal

    @property
    def ready_s(self) -> float:
        """When the next request may be sent, if none is pending."""
        return self._ready_s

    @property
    def due_s(self) -> float:
        """When the next picture is due."""
        return max(self._due_s, self._ready_s)

    @property
    def timeout_s(self) -> float:
        """When the pending request has waited too long."""
        return self._asked_s + WAIT_S + HUNG_AFTER_S if self._pending else math.inf

    def ask(self, request: PictureRequest, now_s: float) -> None:
        """Send a request; where that fails, the camera is in trouble."""
        self._asked_s = now_s
        try:
            self.frames.ask(request)
        except CameraError as error:
            self.fail(error, now_s)
        else:
            self._pending = request

    def take(self, now_s: float) -> Answer | None:
        """The answer that has come; None where it could not be read whole."""
        request, self._pending = self._pending, None
        try:
            answer = self.frames.take()
            self._check(answer)
        except CameraError as error:
            self.fail(error, now_s)
            return None
        self.trouble = None
        self.refusal = None
        if isinstance(answer, Refusal):
            self._note_refusal(answer.reason, request, now_s)
        return answer

    def check_timeout(self, name: str, now_s: float) -> None:
        """Close the connection where the camera has not answered for too long."""
        if now_s >= self.timeout_s:
            waited_s = now_s - self._asked_s
            self.fail(
                CameraError(
                    say(
                        "the camera {name} gives no answer for {waited_s:.0f} s: it hangs",
                        name=name,
                        waited_s=waited_s,
                    )
                ),
                now_s,
            )

    def schedule_next(self, now_s: float, interval_s: float) -> None:
        """A picture came: the next one is due `interval_s` after this one was due.

        Where it came later than an interval after that, the next is due an interval after now:
        lost time is not caught up.
        """
        waited_s = now_s - self._due_s
        self._due_s = (self._due_s if waited_s <= interval_s else now_s) + interval_s

    def trouble_s(self, now_s: float) -> float:
        """How long the camera has been in trouble."""
        return now_s - self._trouble_since_s if self.trouble else 0.0

    def fail(self, error: CameraError, now_s: float) -> None:
        """Close the connection, and do not ask the camera again for `RETRY_AFTER_S`."""
        if self.trouble is None:
            self._trouble_since_s = now_s
        self.frames.close()
        self.trouble = error
        self.refusal = None
        self._pending = None
        self._ready_s = now_s + RETRY_AFTER_S

    def close(self) -> None:
        """Close the connection until there is a plan again."""
        self.frames.close()
        self.trouble = self._pending = self.refusal = None
        self._ready_s = -math.inf

    def _note_refusal(self, reason: str, request: PictureRequest | None, now_s: float) -> None:
        wait_s = request.wait_s if request else 0.0
        if now_s - self._asked_s < WAITED_SHARE * wait_s:
            self.refusal = reason
            self._ready_s = now_s + PAUSE_S
