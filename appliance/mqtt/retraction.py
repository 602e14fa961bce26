"""Takes back what the broker keeps and should not keep any more: that, and nothing else.

    kept, lacking = retraction.follow(gone)     # once a cycle
    retraction.note(topic, payload)             # a retained message has come; from paho's thread

Reads: the retained messages of the broker. Writes: subscriptions.
Never: empties a topic that the broker does not hold: Home Assistant warns of that.
"""

import time
from collections.abc import Callable, Collection
from typing import Protocol

NOT_YET = -1
KEPT_S = 3.0  # a broker that has taken a subscription sends what it keeps at once


class AskedBroker(Protocol):
    """What is needed of a broker."""

    @property
    def trouble(self) -> str:
        """Why it cannot be asked, "" where it can."""

    @property
    def gives_back(self) -> bool:
        """Whether it sends what it keeps: whose login may not read is sent nothing."""

    @property
    def connections(self) -> int:
        """How many there were; a new one has no subscriptions."""

    def ask_for(self, topics: Collection[str]) -> int:
        """Let it send the retained messages of these topics; the number of the question."""

    def has_answered(self, number: int) -> bool:
        """Whether it has taken that question."""


class Retraction:
    """Of one unit at one broker."""

    def __init__(
        self, broker: AskedBroker, measure_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._broker, self._measure_s = broker, measure_s
        self._connection = 0
        self._asked: dict[str, int] = {}  # topics with the number of their question
        self._answered_s: dict[int, float] = {}
        self._kept: set[str] = set()

    def follow(self, gone: Collection[str]) -> tuple[list[str], list[str]]:
        """Those of `gone` that the broker keeps, to be published empty; those that it has not."""
        if self._broker.trouble or not self._broker.gives_back:
            return [], []
        if self._broker.connections != self._connection:
            self._connection = self._broker.connections
            for one in (self._asked, self._answered_s, self._kept):
                one.clear()
        new = sorted(set(gone) - set(self._asked))
        if new:
            self._asked |= dict.fromkeys(new, NOT_YET)  # the answer may come before the number
            self._asked |= dict.fromkeys(new, self._broker.ask_for(new))
        kept = self._kept & set(gone)
        return sorted(kept), sorted({one for one in gone if self._is_over(one)} - kept)

    def _is_over(self, topic: str) -> bool:
        """Whether the broker would have sent it."""
        number, now_s = self._asked[topic], self._measure_s()
        if not self._broker.has_answered(number):
            return False
        return now_s - self._answered_s.setdefault(number, now_s) > KEPT_S

    def note(self, topic: str, payload: bytes, *, retained: bool) -> bool:
        """Whether this is a message that was asked for; one that is kept is remembered."""
        if topic not in self._asked:
            return False
        if retained and payload:
            self._kept.add(topic)
        return True
