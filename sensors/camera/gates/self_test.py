"""Self-test of gate 0 on one stream: by packet sizes, and by agreement with gate 1. Pure.

In: gate 0's detection limit, and each agreement or not with a picture. Out: a result, and why.
Never: trusts packets before they are tested, or changes the result after one disagreement.
"""

from enum import Enum
from math import exp

from appliance.wording.sentence import say

TRUST_LIMIT = 0.06  # key frames a second that a small walker causes: trusted below it ...
REJECT_LIMIT = 0.12  # ... and rejected above it
CONSTANT_SPREAD = 0.05  # sizes that differ by less than this are constant
DECAY_S = 3600.0  # time constant of agreements
MOST_MISSED = 2.5  # the third time: motion without a report, and more often than with one
MOST_WRONG = 7.5  # the eighth time: a report without motion, and four times as often as rightly
FORGIVEN = 0.5  # share of those at which a stream is trusted again


class SelfTestResult(Enum):
    """Whether gate 0 is used."""

    UNTESTED = "untested"
    TRUSTED = "trusted"
    REJECTED = "deaf"


class SelfTest:
    """The self-test of one stream."""

    def __init__(self) -> None:
        self.result = SelfTestResult.UNTESTED
        self._sizes_useful = True  # by packet sizes
        self._sizes_reason = ""  # why not
        self._agrees = True  # with gate 1
        self._right = self._missed = self._wrong = 0.0
        self._counted_s: float | None = None

    @property
    def why(self) -> str:
        """Why packets are not relied on."""
        if self.result is SelfTestResult.UNTESTED:
            return say("packets are still being learnt")
        return (
            self._sizes_reason
            if not self._sizes_useful
            else say("packets missed motion, or reported motion that was none")
        )

    def judge(self, *, detection_limit: float, size_spread: float, share_of_key: float) -> None:
        """Judge by sizes: gate 0's detection limit and spread, a packet's share of a key frame."""
        self._sizes_useful = detection_limit < (
            REJECT_LIMIT if self.result is SelfTestResult.TRUSTED else TRUST_LIMIT
        )
        if not self._sizes_useful:
            constant = size_spread < CONSTANT_SPREAD and share_of_key > 0.05
            self._sizes_reason = (
                say("the packets have a constant size")
                if constant
                else say("the packets of a still picture are too large or vary too much")
            )
        self._decide()

    def note_only_key_frames(self) -> None:
        """The stream has key frames only."""
        self._sizes_useful = False
        self._sizes_reason = say("every frame is one")
        self._decide()

    def count(self, media_s: float, *, fired: bool, seen: bool) -> None:
        """Count whether gate 0 (`fired`) and gate 1 (`seen`) agree about one picture."""
        if self._counted_s is not None:
            kept = exp(-max(0.0, media_s - self._counted_s) / DECAY_S)
            self._right, self._missed, self._wrong = (
                kept * count for count in (self._right, self._missed, self._wrong)
            )
        self._counted_s = media_s
        self._right += fired and seen
        self._missed += seen and not fired
        self._wrong += fired and not seen
        self._agrees = not self._fails(1.0 if self._agrees else FORGIVEN)
        if self.result is not SelfTestResult.UNTESTED:
            self._decide()

    def _fails(self, share: float) -> bool:
        missed = self._missed >= share * MOST_MISSED and self._missed > share * self._right
        wrong = self._wrong >= share * MOST_WRONG and self._wrong > share * 4 * self._right
        return missed or wrong

    def _decide(self) -> None:
        trusted = self._sizes_useful and self._agrees
        self.result = SelfTestResult.TRUSTED if trusted else SelfTestResult.REJECTED
