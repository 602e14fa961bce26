"""Second answers to one request: two devices have one id.

Reads and writes: nothing; pure but for the counts of one line.
Never: counts what may be a late reply: only a device that has answered all of its last requests.
"""

from collections import Counter

from power.protocol.bus.late_replies import MOST_OPEN


class SecondAnswers:
    """How often there was one more answer than requests, by device."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self._in_a_row: Counter[int] = Counter()

    def note_answer(self, device: int) -> None:
        self._in_a_row[device] += 1

    def note_loss(self, device: int) -> None:
        self._in_a_row[device] = 0

    def note_second(self, device: int) -> None:
        """A second answer came; it counts where none can be late."""
        self.counts[device] += self._in_a_row[device] > MOST_OPEN
