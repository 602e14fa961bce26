"""The result of one rule of the audit: what is set, what it should be, and what to do.

Reads and writes: nothing.
Never: calls a set-point right that could not be read.
"""

from dataclasses import dataclass
from enum import Enum

from appliance.wording.sentence import Sentence, say

UNKNOWN = "?"


class AuditResult(Enum):
    """How a set-point was judged. `NOT_USED`: it has no effect on this unit."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_READABLE = "not readable"
    NOT_USED = "not used"


@dataclass(frozen=True, slots=True)
class Finding:
    """One set-point. `set_to` and `should_be` are for people; `harm` is what it does as it is set,
    "" where it is right.
    """

    name: str
    set_to: str
    should_be: str
    result: AuditResult
    harm: str = ""

    def describe(self) -> str:
        """What is wrong, what it does, and what to set."""
        return say(
            "{name} is set to {set_to}: {harm}; set it to {should_be}",
            name=self.name,
            set_to=self.set_to,
            harm=self.harm,
            should_be=self.should_be,
        )


def judge_words(name: str, *, set_to: str | None, should_be: str, harm: str = "") -> Finding:
    """The finding of something that is no figure; `set_to` None where it could not be read."""
    if set_to is None:
        return Finding(name, UNKNOWN, should_be, AuditResult.NOT_READABLE)
    result = AuditResult.WRONG if harm else AuditResult.RIGHT
    return Finding(name, set_to, should_be, result, harm)


@dataclass(frozen=True, slots=True)
class Range:
    """What a figure may be, with what happens below and above. `unit` and `digits` are for people.
    `slack`: of rounding by the device.
    """

    low: float
    high: float
    below: str
    above: str
    unit: str = "V"
    digits: int = 2
    slack: float = 0.0

    def describe(self) -> str:
        """As people read it: 13.80 to 14.60 V."""
        low, high = (self._write(value) for value in (self.low, self.high))
        if low == high:
            return say("{figure} {unit}", figure=low, unit=self.unit)
        return say("{low} to {high} {unit}", low=low, high=high, unit=self.unit)

    def judge(self, name: str, value: float | None) -> Finding:
        """The finding of a figure of that name."""
        harm = self._find_harm(value)
        return judge_words(name, set_to=self.format(value), should_be=self.describe(), harm=harm)

    def format(self, value: float | None) -> str | None:
        """A figure with its unit."""
        if value is None:
            return None
        return say("{figure} {unit}", figure=self._write(value), unit=self.unit)

    def _write(self, value: float) -> Sentence:
        return Sentence(f"{{number:.{self.digits}f}}", {"number": value})

    def _find_harm(self, value: float | None) -> str:
        if value is None or self.low - self.slack <= value <= self.high + self.slack:
            return ""
        return self.below if value < self.low else self.above
