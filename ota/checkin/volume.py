"""What came over the link, counted at the mirror: metadata, indexes and packs alike.

    volume = Volume(note=rows.note_received)
    mirrors = [CountedMirror(mirror, volume) for mirror in mirrors]
    sum_day(store.rows(CheckIn, newest_first=True), clock)      # bytes of the last 24 h

Reads: mirrors. Writes: nothing itself; `note` hears of each further part.
Never: counts what a directory of this computer gives: that is no link.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import takewhile

from appliance.clock import Clock
from appliance.model_updates import CheckIn
from ota.mirrors.mirror import Mirror

NOTED_BYTES = 2_000_000  # a cut loses the count of no more
DAY = timedelta(days=1)


@dataclass(slots=True)
class Volume:
    """`unnoted_bytes`: what `note` has not heard of yet."""

    note: Callable[[int], None]
    received_bytes: int = 0
    unnoted_bytes: int = 0

    def add(self, count: int) -> None:
        """So many bytes came."""
        self.received_bytes += count
        self.unnoted_bytes += count
        if self.unnoted_bytes >= NOTED_BYTES:
            self.note(self.take_unnoted())

    def take_unnoted(self) -> int:
        """What was not noted yet; it counts as noted from now on."""
        found, self.unnoted_bytes = self.unnoted_bytes, 0
        return found


@dataclass(slots=True)
class CountedMirror:
    """A mirror whose bytes are counted as they come."""

    mirror: Mirror
    volume: Volume
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.mirror.name

    def read(self, path: str, *, offset: int = 0, most_bytes: int) -> Iterator[bytes]:
        for part in self.mirror.read(path, offset=offset, most_bytes=most_bytes):
            self.volume.add(len(part))
            yield part


def sum_day(newest_first: Sequence[CheckIn], clock: Clock) -> int:
    """What came in the last 24 h, bytes, by rows in the order in which they were written.

    A row that is younger by the uptime or by the wall clock counts, and all after it, whatever the
    clock was then. One from the future (the clock was set back) counts, until a check-in that was
    made after it is a day old.
    """
    kinds = [find_age(row, clock) for row in newest_first]
    known = max((at for at, kind in enumerate(kinds) if kind == "today"), default=-1) + 1
    unknown = sum(1 for _ in takewhile(lambda kind: kind == "future", kinds[known:]))
    return sum(max(0, row.received_bytes) for row in newest_first[: known + unknown])


def find_age(row: CheckIn, clock: Clock) -> str:
    """Whether a row is of "today" (the last 24 h), "before", or of the "future"."""
    now = clock.stamp()
    age_s = clock.age_s(row.stamp)
    if age_s is None:
        age_s = (now.utc - row.stamp.utc).total_seconds()
        if age_s < 0:
            return "future"
    return "today" if age_s < DAY.total_seconds() else "before"
