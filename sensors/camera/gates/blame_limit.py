"""Limits for how long light may be blamed for what changes. Pure.

In: picture times, and for how long motion would be ignored. Out: whether it may be.
Never: allows more than `MOST_S` at once, or more than `SHARE` of the time in the long run.

Cuts of scene, lightning, headlights and flickering lamps look like a change of light each time, and
somebody may walk meanwhile.
"""

MOST_S = 12.0  # at once: infrared, a lamp and two clouds within a minute
SHARE = 0.05  # of the time, in the long run


class BlameLimit:
    """A token bucket of seconds in which motion may be ignored."""

    def __init__(self) -> None:
        self._left_s = MOST_S
        self._filled_s: float | None = None

    def spend(self, media_s: float, blind_s: float) -> bool:
        """Whether motion may be ignored for `blind_s`; if so, they are taken off."""
        passed_s = 0.0 if self._filled_s is None else max(0.0, media_s - self._filled_s)
        self._filled_s = media_s
        self._left_s = min(MOST_S, self._left_s + SHARE * passed_s)
        if self._left_s < blind_s:
            return False
        self._left_s -= blind_s
        return True
