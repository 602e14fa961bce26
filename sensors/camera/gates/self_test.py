"""Whether gate 0 is worth anything on one stream: by its sizes, and by what looks have shown.

In: how much must move to be heard, and each agreement or not with a look. Out: a verdict, in words.
Never: trusts packets before they are tested, and never changes its mind at one sign.
"""

from enum import Enum
from math import exp

TRUST_REACH = 0.06  # key frames a second that a small walker brings: heard below it ...
DEAF_REACH = 0.12  # ... and lost above it
CONSTANT_UNREST = 0.05  # sizes that differ by less than this are constant
MEMORY_S = 3600.0  # for so long an agreement counts
MOST_MISSED = 2.5  # the third time: seen and not heard, and more often than heard
MOST_WRONG = 7.5  # the eighth time: heard and not seen, and four times as often as rightly
FORGIVEN = 0.5  # share of those at which a stream is trusted again


class Verdict(Enum):
    """What becomes of gate 0."""

    UNTESTED = "untested"
    TRUSTED = "trusted"
    DEAF = "deaf"


class SelfTest:
    """One stream's verdict."""

    def __init__(self) -> None:
        self.verdict = Verdict.UNTESTED
        self._hears = True  # by the sizes
        self._sizes = ""  # why not
        self._agrees = True  # by the looks
        self._right = self._missed = self._wrong = 0.0
        self._counted_s: float | None = None

    @property
    def why(self) -> str:
        """Why packets are not relied on."""
        if self.verdict is Verdict.UNTESTED:
            return "packets are still being learnt"
        return self._sizes if not self._hears else "packets missed what moved or told what did not"

    def judge(self, reach: float, unrest: float, share_of_key: float) -> None:
        """By the sizes: `reach` and `unrest` of gate 0, a usual packet's share of a key frame."""
        self._hears = reach < (DEAF_REACH if self.verdict is Verdict.TRUSTED else TRUST_REACH)
        if not self._hears:
            constant = unrest < CONSTANT_UNREST and share_of_key > 0.05
            self._sizes = (
                "the packets have a constant size"
                if constant
                else "the packets of a still picture are too large, or too unlike each other"
            )
        self._decide()

    def only_key_frames(self) -> None:
        """No other packets come."""
        self._hears = False
        self._sizes = "every frame is one"
        self._decide()

    def count(self, media_s: float, heard: bool, seen: bool) -> None:
        """One look at which gate 0 and gate 1 could agree or not."""
        if self._counted_s is not None:
            kept = exp(-max(0.0, media_s - self._counted_s) / MEMORY_S)
            self._right, self._missed, self._wrong = (
                kept * count for count in (self._right, self._missed, self._wrong)
            )
        self._counted_s = media_s
        self._right += heard and seen
        self._missed += seen and not heard
        self._wrong += heard and not seen
        self._agrees = not self._fails(1.0 if self._agrees else FORGIVEN)
        if self.verdict is not Verdict.UNTESTED:
            self._decide()

    def _fails(self, share: float) -> bool:
        missed = self._missed >= share * MOST_MISSED and self._missed > share * self._right
        wrong = self._wrong >= share * MOST_WRONG and self._wrong > share * 4 * self._right
        return missed or wrong

    def _decide(self) -> None:
        trusted = self._hears and self._agrees
        self.verdict = Verdict.TRUSTED if trusted else Verdict.DEAF
