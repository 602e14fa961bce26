"""Counts answers and losses on a line, and reports a line that works badly.

Reads and writes: nothing; pure but for its own window of ten minutes.
Never: hides a loss because a second attempt succeeded.
"""

from collections import Counter, deque

from appliance.errors import BusError
from power.protocol.errors import ClosedLine, NoAnswer, WrongFrame

WINDOW_S = 600.0
LOST_SHARE = 0.05  # of all requests: real lines lose one in thousands
LEAST_LOST = 5
CLEAR_SHARE = 0.3  # of what raises the fault: hysteresis, else it would come and go all day
ANSWERED, SILENT, WRONG, REFUSED = "answered", "silent", "wrong", "refused"
FAULT_TEXTS = {
    WRONG: (
        "sent damaged replies {lost} times in {minutes:.0f} min, of {all} "
        "requests: check the data wires, the common ground and the termination"
    ),
    SILENT: (
        "did not answer {lost} times in {minutes:.0f} min, of {all} requests: check the connectors "
        "and that no other program or device sends requests on this line"
    ),
}


class BadLine(BusError):  # noqa: N818  (named for what it is)
    """The line works, but loses too many replies."""

    code = "line"


class LineHealth:
    """The outcomes of the requests of the last ten minutes."""

    def __init__(self) -> None:
        self._outcomes: deque[tuple[float, str]] = deque()
        self._counts: Counter[str] = Counter()
        self._is_bad = False

    def count(self, now_s: float, error: BusError | None) -> None:
        """Count one attempt at uptime `now_s` and its error, None if it succeeded.

        A line that cannot be opened is another fault, which ends when it can be opened.
        """
        if isinstance(error, ClosedLine):
            return
        outcome = classify_outcome(error)
        self._outcomes.append((now_s, outcome))
        self._counts[outcome] += 1
        while now_s - self._outcomes[0][0] > WINDOW_S:
            self._counts[self._outcomes.popleft()[1]] -= 1

    def find_fault(self, device: str) -> BadLine | None:
        """The fault of the line of `device`, with what to check; None while it is good."""
        if not self._outcomes:
            return None
        total = len(self._outcomes)
        worst = max(FAULT_TEXTS, key=lambda outcome: self._counts[outcome])
        lost = self._counts[worst]
        least = max(LEAST_LOST, LOST_SHARE * total) * (CLEAR_SHARE if self._is_bad else 1)
        self._is_bad = lost >= least
        if not self._is_bad:
            return None
        minutes = max(1.0, (self._outcomes[-1][0] - self._outcomes[0][0]) / 60)
        return BadLine(
            f"{device} " + FAULT_TEXTS[worst].format(lost=lost, minutes=minutes, all=total)
        )


def classify_outcome(error: BusError | None) -> str:
    """ANSWERED, SILENT, WRONG or REFUSED, by the error of an attempt."""
    if error is None:
        return ANSWERED
    if isinstance(error, WrongFrame):
        return WRONG
    return SILENT if isinstance(error, NoAnswer) else REFUSED
