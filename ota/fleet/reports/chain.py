"""Whether a report follows the newest one, is one that came before, or comes from a second box.

Each report names the one that was acknowledged before it, so the reports of one unit are a chain.
Two boxes with one identity, or one box that was put back from a backup, make it fork.

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
    """What is known of a unit's reports. `newest`: hash of the newest, None before the first.

    `known`: hashes of the last ones; `oldest_at`: when the oldest of those was made. `trusted`:
    the operator has accepted whatever comes next.
    """

    newest: str | None
    known: Collection[str]
    oldest_at: datetime | None
    trusted: bool = False


def judge(chain: Chain, *, sha256: str, follows: str | None, at: datetime) -> Link:
    """`sha256`: of the report's bytes; `at`: when the unit says that it was made."""
    if chain.newest is not None and sha256 == chain.newest:
        return Link.REPEATED
    if sha256 in chain.known:
        return Link.REPLAYED
    if chain.newest is None or follows == chain.newest:
        return Link.NEXT
    if chain.oldest_at is not None and at < chain.oldest_at:
        return Link.REPLAYED
    return Link.NEXT if chain.trusted else Link.FORKED
