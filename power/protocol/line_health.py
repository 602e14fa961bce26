"""Counts answers and losses on a line, and reports a line that works badly.

Reads and writes: nothing; pure but for its own window of ten minutes.
Never: hides a loss because a second attempt succeeded.
"""

from collections import Counter, deque
from collections.abc import Callable

from appliance.errors import BusError
from appliance.wording.sentence import say
from power.protocol.errors import ClosedLine, NoAnswer, WrongFrame
from power.protocol.line_place import BAD_LINE_ADVICE, LOSS_ADVICE, LineKind

WINDOW_S = 600.0
LOST_SHARE = 0.05  # of all requests: real lines lose one in thousands
LEAST_LOST = 5
LEAST_REFUSED = 3  # polls in a row
LEAST_SECOND = 3  # second answers in ten minutes
CLEAR_SHARE = 0.3  # of what raises the fault: hysteresis, else it would come and go all day
ANSWERED, SILENT, WRONG, REFUSED = "answered", "silent", "wrong", "refused"


class BadLine(BusError):  # noqa: N818  (named for what it is)
    """The line works, but loses too many replies."""

    code = "line"


class LineHealth:
    """The outcomes of the requests of the last ten minutes; the advice is that for the line."""

    def __init__(
        self,
        kind: LineKind = LineKind.SERIAL,
        device_id: int = 0,
        count_second_answers: Callable[[], int] = lambda: 0,
    ) -> None:
        self._kind = kind
        self._device_id = device_id
        self._count_second_answers = count_second_answers
        self._seconds: deque[tuple[float, int]] = deque()  # uptime, and how many there were by then
        self._outcomes: deque[tuple[float, str]] = deque()
        self._too_soon: deque[tuple[float, float]] = deque()  # lost ones, with their gaps
        self._counts: Counter[str] = Counter()
        self._is_bad = False
        self._refusal = ""
        self._refused_polls = 0

    def count(self, now_s: float, error: BusError | None) -> None:
        """Count one attempt at uptime `now_s` and its error, None if it succeeded.

        A line that cannot be opened is another fault, which ends when it can be opened.
        """
        self._note_second_answers(now_s)
        if isinstance(error, ClosedLine):
            return
        outcome = classify_outcome(error)
        self._outcomes.append((now_s, outcome))
        self._counts[outcome] += 1
        if isinstance(error, NoAnswer) and error.gap_s is not None:
            self._too_soon.append((now_s, error.gap_s))
        while now_s - self._outcomes[0][0] > WINDOW_S:
            self._counts[self._outcomes.popleft()[1]] -= 1
        while self._too_soon and now_s - self._too_soon[0][0] > WINDOW_S:
            self._too_soon.popleft()

    def count_refusal(self, error: BusError | None) -> None:
        """Count a poll in which the device refused a part of its values; None: it refused none."""
        self._refused_polls = self._refused_polls + 1 if error else 0
        self._refusal = str(error) if error else ""

    def find_fault(self, device: str) -> BadLine | None:
        """The fault of the line of `device`, with what to check; None while it is good."""
        if not self._outcomes:
            return None
        total = len(self._outcomes)
        worst = max((WRONG, SILENT), key=lambda outcome: self._counts[outcome])
        lost = self._counts[worst]
        least = max(LEAST_LOST, LOST_SHARE * total) * (CLEAR_SHARE if self._is_bad else 1)
        self._is_bad = lost >= least
        if not self._is_bad:
            return self._find_two_devices(device) or self._find_refusal(device)
        minutes = max(1.0, (self._outcomes[-1][0] - self._outcomes[0][0]) / 60)
        counts = say(
            "{lost} times in {minutes:.0f} min, of {all} requests",
            lost=lost,
            minutes=minutes,
            all=total,
        )
        return BadLine(
            say("{device} {what}", device=device, what=self._explain(worst, counts, lost))
        )

    def _note_second_answers(self, now_s: float) -> None:
        self._seconds.append((now_s, self._count_second_answers()))
        while now_s - self._seconds[0][0] > WINDOW_S:
            self._seconds.popleft()

    def _find_two_devices(self, device: str) -> BadLine | None:
        """The fault of two devices with one id, which answer one after the other."""
        count = self._seconds[-1][1] - self._seconds[0][1]
        if count < LEAST_SECOND:
            return None
        return BadLine(
            say(
                "two devices answer as id {device_id}: {device} had two answers to one request "
                "{count} times in 10 min, and its values may be the other's; disconnect one, give "
                "it an id of its own and a section in the settings",
                device_id=self._device_id,
                device=device,
                count=count,
            )
        )

    def _find_refusal(self, device: str) -> BadLine | None:
        """The fault of a device that answers and keeps back a part of its values."""
        if self._refused_polls < LEAST_REFUSED:
            return None
        return BadLine(
            say(
                "{device} refuses a part of its values at each poll: {refusal}; switch it off and "
                "on; if this stays, it is broken or of another kind than `model` says",
                device=device,
                refusal=self._refusal,
            )
        )

    def _explain(self, worst: str, counts: str, lost: int) -> str:
        """What happened and what to check."""
        if worst == WRONG:
            return say(
                "sent damaged replies {counts}: {advice}",
                counts=counts,
                advice=BAD_LINE_ADVICE[self._kind],
            )
        advice = LOSS_ADVICE[self._kind]
        if 2 * len(self._too_soon) > lost:
            return say(
                "did not answer {counts}: it loses requests that follow a reply after {gap_ms:.0f} "
                "ms or less, and is asked more slowly step by step; if this stays, {advice}",
                counts=counts,
                gap_ms=1000 * self._too_soon[-1][1],
                advice=advice,
            )
        return say("did not answer {counts}: {advice}", counts=counts, advice=advice)


def classify_outcome(error: BusError | None) -> str:
    """ANSWERED, SILENT, WRONG or REFUSED, by the error of an attempt."""
    if error is None:
        return ANSWERED
    if isinstance(error, WrongFrame):
        return WRONG
    return SILENT if isinstance(error, NoAnswer) else REFUSED
