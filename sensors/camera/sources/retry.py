"""When a source that failed is tried again: soon, then less soon, never more than seconds apart.

Inputs: picture times of failures and of looks. Output: whether it may be tried, and its trouble.
Never: does I/O, or forgets a trouble before the source was well for longer than it was left alone.
"""

from appliance.errors import CameraError

FIRST_PAUSE_S = 1.0  # doubled each time
LONGEST_PAUSE_S = 3.0  # a camera that comes back must be seen within 5 s


class Retry:
    """The patience with one source. `trouble` is what was wrong last, "" where nothing is."""

    def __init__(self) -> None:
        self.trouble = ""
        self._at_s = 0.0
        self._pause_s = FIRST_PAUSE_S

    def check(self, now_s: float) -> None:
        """Raises `CameraError` with the trouble while the source is to be left alone."""
        if self.trouble and now_s < self._at_s:
            raise CameraError(self.trouble)

    def note_failure(self, error: CameraError, now_s: float) -> None:
        """It is left alone from now on, for longer than the last time."""
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S) if self.trouble else FIRST_PAUSE_S
        self.trouble = str(error)
        self._at_s = now_s + self._pause_s

    def note_success(self, now_s: float) -> None:
        """It gave something; after some time its trouble is forgotten."""
        if now_s > self._at_s + self._pause_s:
            self.trouble = ""

    def forget(self) -> None:
        """Nobody wants the source now."""
        self.trouble = ""
