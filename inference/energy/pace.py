"""Whether the computer analyses pictures fast enough for somebody who walks by.

Inputs: how long each run took, in picture seconds. Output: a fault in words. Pure.
Never: blames the computer for frames that energy does not pay for.
"""

from collections import deque
from statistics import median

from appliance.errors import ApplianceError
from appliance.wording.sentence import say

CROSSING_S = 5.0  # in which somebody walks through the picture of a yard
RUNS = 20


class SlowInferenceError(ApplianceError):
    """What passes by is gone before it was seen often enough to make an event."""

    code = "inference-slow"


class Pace:
    """The last runs. `after_frames`: sightings of one thing that make an event.

    pace.add(took_s)
    if error := pace.find_fault(): ...
    """

    def __init__(self, after_frames: int) -> None:
        self._after_frames = after_frames
        self._took_s: deque[float] = deque(maxlen=RUNS)

    def add(self, took_s: float) -> None:
        """One run, of one picture or of several at a time."""
        self._took_s.append(took_s)

    def find_fault(self) -> SlowInferenceError | None:
        """None where it is fast enough, where too few runs are known, or where one makes an event:
        then nothing is left to lower.
        """
        if len(self._took_s) < RUNS or self._after_frames == 1:
            return None
        run_s = median(self._took_s)
        needed_s = run_s * (self._after_frames - 1)
        if needed_s <= CROSSING_S:
            return None
        return SlowInferenceError(
            say(
                "a picture takes {run_s:.1f} s to analyse: what is gone within {needed_s:.0f} s "
                "makes no event, since {after_frames} sightings make one. Choose a smaller model "
                "(unitctl models), fewer cameras or a faster computer, or lower [inference] "
                "event_after_frames",
                run_s=run_s,
                needed_s=needed_s,
                after_frames=self._after_frames,
            )
        )
