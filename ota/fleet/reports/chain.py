"""Whether a report follows the newest one, is one that came before, or comes from a second box.

Each report names the one that was acknowledged before it, and has the next number: the reports of
one unit are a chain. Two boxes with one identity, or one box that was put back from a backup, make
it fork. Where the fleet's own database was put back, units are ahead of it: their numbers are
higher than any that it knows, and they are believed.

Reads and writes: nothing; pure.
Never: calls a repetition of the newest report a fault: its acknowledgement may have been lost.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Link(Enum):
    """What a report is in the chain of its unit."""

    NEXT = "next"
    REPEATED = "repeated"  # the newest one once more: acknowledged again
    REPLAYED = "replayed"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class Chain:
    """What is known of a unit's reports. `newest`, `number`: of the newest, None and 0 before the
    first.

    `known`: hashes of the last ones; `oldest_at`: when the oldest of those was made. `trusted`:
    the operator has accepted whatever comes next.
    """

    newest: str | None
    number: int
    known: Collection[str]
    oldest_at: datetime | None
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """A report's place as it says itself. `sha256`: of its bytes; `at`: when it was made."""

    sha256: str
    number: int
    follows: str | None
    at: datetime


def judge(chain: Chain, report: Claimed) -> Link:
    if chain.newest is not None and report.sha256 == chain.newest:
        return Link.REPEATED
    if report.sha256 in chain.known:
        return Link.REPLAYED
    if chain.newest is None or report.follows == chain.newest or chain.trusted:
        return Link.NEXT
    if chain.oldest_at is not None and report.at < chain.oldest_at:
        return Link.REPLAYED
    is_ahead = report.number > chain.number + 1 and report.follows not in chain.known
    return Link.NEXT if is_ahead else Link.FORKED
