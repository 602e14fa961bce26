"""Counts what becomes of the requests on a line, and says when a line that works works badly.

Reads and writes: nothing; pure but for its own window of ten minutes.
Never: hides a loss because a second attempt mended it.
"""

from collections import Counter, deque

from appliance.errors import BusError
from power.protocol.errors import ClosedLine, NoAnswer, WrongFrame

WINDOW_S = 600.0
LOST_SHARE = 0.05  # of all requests: real lines lose one in thousands
LEAST_LOST = 5
OVER_SHARE = 0.3  # of what begins a complaint: at the limit itself it would come and go all day
ANSWERED, SILENT, WRONG, REFUSED = "answered", "silent", "wrong", "refused"
COMPLAINTS = {
    WRONG: (
        "answered with a wrong checksum or damaged {lost} times in {minutes:.0f} min, of {all} "
        "requests: check the data wires, the common ground and the termination"
    ),
    SILENT: (
        "did not answer {lost} times in {minutes:.0f} min, of {all} requests: check the connectors "
        "and that nothing else asks on this line"
    ),
}


class BadLine(BusError):  # noqa: N818  (named for what it is)
    """The line works, but loses too much."""

    code = "line"


class LineHealth:
    """The outcomes of the last ten minutes."""

    def __init__(self) -> None:
        self._outcomes: deque[tuple[float, str]] = deque()
        self._counts: Counter[str] = Counter()
        self._complained = False

    def count(self, now_s: float, error: BusError | None) -> None:
        """One attempt at uptime `now_s` and what went wrong, None if nothing did.

        A line that cannot be opened is another fault, and over when it can be.
        """
        if isinstance(error, ClosedLine):
            return
        outcome = outcome_of(error)
        self._outcomes.append((now_s, outcome))
        self._counts[outcome] += 1
        while now_s - self._outcomes[0][0] > WINDOW_S:
            self._counts[self._outcomes.popleft()[1]] -= 1

    def complaint(self, device: str) -> BadLine | None:
        """What a technician should know of the line of `device`; None while it is good."""
        if not self._outcomes:
            return None
        total = len(self._outcomes)
        worst = max(COMPLAINTS, key=lambda outcome: self._counts[outcome])
        lost = self._counts[worst]
        least = max(LEAST_LOST, LOST_SHARE * total) * (OVER_SHARE if self._complained else 1)
        self._complained = lost >= least
        if not self._complained:
            return None
        minutes = max(1.0, (self._outcomes[-1][0] - self._outcomes[0][0]) / 60)
        return BadLine(
            f"{device} " + COMPLAINTS[worst].format(lost=lost, minutes=minutes, all=total)
        )


def outcome_of(error: BusError | None) -> str:
    """The column in which an attempt is counted."""
    if error is None:
        return ANSWERED
    if isinstance(error, WrongFrame):
        return WRONG
    return SILENT if isinstance(error, NoAnswer) else REFUSED
