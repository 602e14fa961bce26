"""Motion segments: when motion began, how long it lasts, and what noticed it. Pure.

In: reports of motion, each with its source and picture time. Out: the segment that is going on, and
those that ended.
Never: makes two of what is less than `HOLD_S` apart.
"""

from dataclasses import dataclass, replace
from math import inf

HOLD_S = 3.0  # segments that are less apart are one
CLOCK_JUMP_S = 10.0  # picture time that goes back further than this: the source restarted


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionSegment:
    """One motion segment, in picture time. `score`: from 1, the threshold, upwards."""

    began_s: float
    last_s: float
    woken_by: str
    score: float


class Segments:
    """The segments of one camera. `is_confirmed`: a picture or a hint stands behind it."""

    def __init__(self) -> None:
        self.current: MotionSegment | None = None
        self.is_confirmed = False
        self._ended: list[MotionSegment] = []

    def extend(self, source: str, media_s: float, *, score: float) -> None:
        """Motion was reported: a segment begins, or goes on."""
        self.end_if_over(media_s)
        if self.current is None:
            self.current = MotionSegment(
                began_s=media_s, last_s=media_s, woken_by=source, score=score
            )
            self.is_confirmed = False
            return
        last_s = max(media_s, self.current.last_s)
        self.current = replace(self.current, last_s=last_s, score=max(score, self.current.score))

    def end_if_over(self, media_s: float) -> None:
        """End the segment where nothing was reported for `HOLD_S`."""
        if self.current is None or -CLOCK_JUMP_S < media_s - self.current.last_s <= HOLD_S:
            return
        self.end()

    def end(self) -> None:
        """End the segment now, if there is one."""
        if self.current is not None:
            self._ended.append(self.current)
        self.current = None

    def drop(self) -> None:
        """There was no motion: the segment is discarded."""
        self.current = None

    def take_ended(self, longest_s: float = inf) -> list[MotionSegment]:
        """The segments that ended since the last call, and of one that goes on what is longer than
        that: it is told while it lasts.
        """
        now = self.current
        if now is not None and now.last_s - now.began_s >= longest_s:
            self._ended.append(now)
            self.current = replace(now, began_s=now.last_s)
        ended, self._ended = self._ended, []
        return ended
