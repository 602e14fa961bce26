"""When a frame is worth a second look: something large moved, and nothing was found. Pure.

Inputs: the result of the first look, the tracks before it. Output: the reason, "" for none.
Never: looks again and again at what even a second look does not know: it waits longer each time.
"""

from collections.abc import Callable, Collection

from appliance.media.frames import I420
from appliance.wording.sentence import say
from inference.detection.frame_result import FrameResult
from inference.tracking.boxes import touches
from inference.tracking.state import Tracks

NEAR = 0.3  # of the picture's width or height: the first look finds what is smaller
SEEN_S = 1.0  # a known thing that was found so lately is found without a second look
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 30.0  # after a second look that found nothing, doubled
REASON = say("a second look, smaller: something large moves and nothing was found")


class SecondLook:
    """Whether to look a second time before one camera.

    `find_limit(label)` is the confidence from which a thing counts; `labels` are those that are
    followed; `known_after` sightings make a thing known.
    """

    def __init__(
        self, labels: Collection[str], find_limit: Callable[[str], float], known_after: int
    ) -> None:
        self._labels = labels
        self._find_limit = find_limit
        self._known_after = known_after
        self._wait_s = FIRST_WAIT_S
        self._next_s = 0.0

    def find_reason(self, result: FrameResult, tracks: Tracks) -> str:
        """Why this frame deserves a second look; "" where it does not."""
        region, now_s = result.picture.region, result.picture.media_s
        if region is None or result.picture.encoding != I420:
            return ""
        if max(region.right - region.left, region.bottom - region.top) < NEAR:
            return ""
        if any(self.counts(one.label, one.confidence) for one in result.detections):
            return ""
        if any(
            track.sightings >= self._known_after
            and now_s - track.seen_s <= SEEN_S
            and touches(region, track.box)
            for track in tracks.live
        ):
            return ""
        is_early = self._next_s - LONGEST_WAIT_S <= now_s < self._next_s
        return "" if is_early else REASON

    def counts(self, label: str, confidence: float) -> bool:
        """Whether a detection is sure, and of a thing that is followed."""
        return label in self._labels and confidence >= self._find_limit(label)

    def note(self, *, found: bool, now_s: float) -> None:
        """A second look was made at camera time `now_s`."""
        if found or now_s - self._next_s > LONGEST_WAIT_S:
            self._wait_s = FIRST_WAIT_S
        self._next_s = now_s if found else now_s + self._wait_s
        self._wait_s = FIRST_WAIT_S if found else min(LONGEST_WAIT_S, 2 * self._wait_s)
