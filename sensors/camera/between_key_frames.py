"""Gate 1 between key frames that are far apart: decodes on, as far as energy covers it. Pure.

In: picture times, the share of a core that may be spent. Out: whether to decode now, and how much
of the time was covered.
Never: spends more than the share over some seconds; never begins far behind: it waits for the next
key frame then.

To see the picture 5 s after a key frame, all between must be decoded. So this costs what a camera
costs that is decoded all the time; it is done only where packets do not show movement.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from sensors.camera.gates.motion import BETWEEN_EVERY_S

SAVED_OVER_S = 10.0  # the allowance of so long can be saved up
MOST_BEHIND_S = 3.0  # of undecoded pictures: more are not caught up
COVERED_OVER_S = 60.0  # time constant
RUNS_FOR_S = 2.0  # after a picture it counts as running

Found = TypeVar("Found")


class BetweenKeyFrames:
    """The allowance of one camera. `share`: of a processor core, set once a second."""

    def __init__(self, cpu_s: Callable[[], float] = time.thread_time) -> None:
        self.share = 1.0
        self.covered_share: float | None = None  # of the time; None: it was not needed
        self._cpu_s = cpu_s
        self._held_s = 0.0
        self._earned_s: float | None = None
        self._ran_s = -1e9

    def is_running(self, media_s: float) -> bool:
        return media_s - self._ran_s < RUNS_FOR_S

    def may_run(self, media_s: float, *, behind_s: float) -> bool:
        """Whether a picture may be decoded now; `behind_s` is how much must be decoded for it."""
        self._earn(media_s)
        may = self._held_s > 0 and behind_s <= MOST_BEHIND_S
        kept = 1 - BETWEEN_EVERY_S / COVERED_OVER_S
        before = 1.0 if self.covered_share is None else self.covered_share
        self.covered_share = kept * before + (1 - kept) * may
        return may

    def run(self, media_s: float, decode: Callable[[], Found]) -> Found:
        """Decode, and pay for it."""
        began_s = self._cpu_s()
        try:
            return decode()
        finally:
            self._held_s -= self._cpu_s() - began_s
            self._ran_s = media_s

    def rest(self) -> None:
        """It is not needed now."""
        self.covered_share = self._earned_s = None

    def _earn(self, media_s: float) -> None:
        most_s = self.share * SAVED_OVER_S
        since_s = SAVED_OVER_S if self._earned_s is None else media_s - self._earned_s
        self._held_s = min(most_s, self._held_s + self.share * max(0.0, since_s))
        self._earned_s = media_s
