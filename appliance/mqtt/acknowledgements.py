"""Which published messages the broker has not acknowledged, how many, and for how long.

Reads and writes: nothing; appliance/mqtt/broker.py asks and acts.
Never: takes a lock: paho calls `note_acknowledged` in its own thread, and holds its own locks.
"""

from collections import deque
from collections.abc import Callable

MOST_UNACKNOWLEDGED = 100  # with more of them nothing is published: paho would hold it all
LIMIT_S = 180.0  # real seconds; a broker that works takes milliseconds


class Acknowledgements:
    """The messages of one client by paho's numbers. `is_silent`: one was not acknowledged in time,
    and none has been since.
    """

    def __init__(self, measure_s: Callable[[], float]) -> None:
        """`measure_s`: a monotonic clock."""
        self._measure_s = measure_s
        self._since_s = measure_s()
        self._sent_s: dict[int, float] = {}
        self._acknowledged: deque[int] = deque()
        self.is_silent = False

    def note_sent(self, number: int) -> None:
        """A message was given to paho."""
        self._sent_s[number] = self._measure_s()

    def note_acknowledged(self, number: int) -> None:
        """The broker has it; called in paho's thread."""
        self._acknowledged.append(number)

    def restart(self) -> None:
        """There is a new connection, on which paho sends again all that is not acknowledged."""
        self._since_s = self._measure_s()

    def is_full(self) -> bool:
        """Whether no more should be published."""
        return len(self._sent_s) >= MOST_UNACKNOWLEDGED

    def has(self, number: int) -> bool:
        """Whether the broker has acknowledged it; not to be called in paho's thread."""
        self._count_acknowledged()
        return number not in self._sent_s

    def is_overdue(self) -> bool:
        """Whether a message was not acknowledged in time on this connection; not to be called in
        paho's thread.
        """
        self._count_acknowledged()
        oldest_s = min(self._sent_s.copy().values(), default=None)
        overdue = (
            oldest_s is not None and self._measure_s() - max(oldest_s, self._since_s) > LIMIT_S
        )
        self.is_silent = self.is_silent or overdue
        return overdue

    def _count_acknowledged(self) -> None:
        while self._acknowledged:
            self._sent_s.pop(self._acknowledged.popleft(), None)
            self.is_silent = False
