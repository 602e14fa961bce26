"""Whether gate 0 is worth anything on one stream: by its sizes, and by what looks have shown.

In: how much must move to be heard, and each agreement or not with a look. Out: a verdict, in words.
Never: trusts packets before they are tested, and never changes its mind at one sign.
"""

from enum import Enum
from math import exp

TRUST_SENSITIVITY = 0.06  # key frames a second that a small walker brings: heard below it ...
REJECT_SENSITIVITY = 0.12  # ... and lost above it
CONSTANT_SPREAD = 0.05  # sizes that differ by less than this are constant
DECAY_S = 3600.0  # for so long an agreement counts
MOST_MISSED = 2.5  # the third time: seen and not heard, and more often than heard
MOST_WRONG = 7.5  # the eighth time: heard and not seen, and four times as often as rightly
FORGIVEN = 0.5  # share of those at which a stream is trusted again


class SelfTestResult(Enum):
    """What becomes of gate 0."""

    UNTESTED = "untested"
    TRUSTED = "trusted"
    REJECTED = "deaf"


class SelfTest:
    """One stream's verdict."""

    def __init__(self) -> None:
        self.result = SelfTestResult.UNTESTED
        self._sizes_tell = True  # by the sizes
        self._sizes_reason = ""  # why not
        self._agrees = True  # by the looks
        self._right = self._missed = self._wrong = 0.0
        self._counted_s: float | None = None

    @property
    def why(self) -> str:
        """Why packets are not relied on."""
        if self.result is SelfTestResult.UNTESTED:
            return "packets are still being learnt"
        return (
            self._sizes_reason
            if not self._sizes_tell
            else "packets missed what moved or told what did not"
        )

    def judge(self, sensitivity: float, size_spread: float, share_of_key: float) -> None:
        """By the sizes: `reach` and `unrest` of gate 0, a usual packet's share of a key frame."""
        self._sizes_tell = sensitivity < (
            REJECT_SENSITIVITY if self.result is SelfTestResult.TRUSTED else TRUST_SENSITIVITY
        )
        if not self._sizes_tell:
            constant = size_spread < CONSTANT_SPREAD and share_of_key > 0.05
            self._sizes_reason = (
                "the packets have a constant size"
                if constant
                else "the packets of a still picture are too large, or too unlike each other"
            )
        self._decide()

    def only_key_frames(self) -> None:
        """No other packets come."""
        self._sizes_tell = False
        self._sizes_reason = "every frame is one"
        self._decide()

    def count(self, media_s: float, fired: bool, seen: bool) -> None:
        """One look at which gate 0 and gate 1 could agree or not."""
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
        trusted = self._sizes_tell and self._agrees
        self.result = SelfTestResult.TRUSTED if trusted else SelfTestResult.REJECTED
