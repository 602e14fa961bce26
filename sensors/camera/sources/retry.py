"""Retry with back-off: when a source that failed is tried again, at most seconds apart.

In: picture times of failures and of successes. Out: whether it may be tried, and its last error.
Never: does I/O, or forgets an error before the source worked for longer than the last pause.
"""

from appliance.errors import CameraError

FIRST_PAUSE_S = 1.0  # doubled each time
LONGEST_PAUSE_S = 3.0  # a camera that comes back must be seen within 5 s


class Retry:
    """The back-off of one source. `trouble` is its last error, "" where there is none."""

    def __init__(self) -> None:
        self.trouble = ""
        self._at_s = 0.0
        self._pause_s = FIRST_PAUSE_S

    def check(self, now_s: float) -> None:
        """Raises `CameraError` with the last error while the pause lasts."""
        if self.trouble and now_s < self._at_s:
            raise CameraError(self.trouble)

    def note_failure(self, error: CameraError, now_s: float) -> None:
        """A failure: a pause begins, twice as long as the last one."""
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S) if self.trouble else FIRST_PAUSE_S
        self.trouble = str(error)
        self._at_s = now_s + self._pause_s

    def note_success(self, now_s: float) -> None:
        """A success; after some time the last error is forgotten."""
        if now_s > self._at_s + self._pause_s:
            self.trouble = ""

    def forget(self) -> None:
        """Nobody wants the source now."""
        self.trouble = ""
