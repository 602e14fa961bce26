"""How much has gone over the link: by day, and since the budget began. Pure.

    traffic = traffic.count(counters, now, is_confirmed=clock.is_synchronized())
    traffic.sum_since(find_beginning(date(2026, 12, 1), reset_day=5))

The kernel counts from 0 in each epoch (a boot, an interface that was plugged in anew). Until a time
server has confirmed the clock, bytes are counted for the last known day; what was counted for a day
that has not come yet counts for the present month, and what a clock of before 2020 has filed moves.

Reads and writes: nothing.
Never: loses a byte that a counter has shown, or counts one twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NamedTuple

from appliance.model import Stamp
from appliance.model_updates import LinkDay

NO_CLOCK_BEFORE = "2020"  # the wall clock of a unit is not in such a year


class Counters(NamedTuple):
    """The kernel's counters of the interface, which begin with 0 in each `epoch`."""

    epoch: str
    received_bytes: int
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """`days`: by "2026-12-01". `last`: how far it was counted. `changed`: days to be stored."""

    days: Mapping[str, LinkDay] = field(default_factory=dict)
    last: Counters | None = None
    changed: tuple[LinkDay, ...] = ()

    def count(self, counters: Counters, now: Stamp, *, is_confirmed: bool) -> "Traffic":
        """What came since the last look is filed."""
        received, sent = self._find_new(counters)
        day = self._choose_day(now, is_confirmed=is_confirmed)
        moved = self._find_early() if is_confirmed else ()
        if not received and not sent and not moved and counters == self.last:
            return replace(self, changed=())
        before = self.days.get(day)
        parts = (*moved, *([before] if before and before not in moved else []))
        row = LinkDay(
            now,
            day,
            received + sum(one.received_bytes for one in parts),
            sent + sum(one.sent_bytes for one in parts),
            *counters,
        )
        emptied = [LinkDay(now, one.day, 0, 0, *counters) for one in moved if one.day != day]
        changed = (*emptied, row)
        return Traffic({**self.days, **{one.day: one for one in changed}}, counters, changed)

    def sum_since(self, begins: date) -> int:
        """Bytes of both ways from that day on."""
        return sum(
            one.received_bytes + one.sent_bytes
            for day, one in self.days.items()
            if day >= begins.isoformat()
        )

    def _find_new(self, counters: Counters) -> tuple[int, int]:
        """What was not counted yet; a counter that fell has begun anew."""
        last = self.last
        if last is None or last.epoch != counters.epoch:
            return counters.received_bytes, counters.sent_bytes
        fell = (
            counters.received_bytes < last.received_bytes or counters.sent_bytes < last.sent_bytes
        )
        if fell:
            return counters.received_bytes, counters.sent_bytes
        return (
            counters.received_bytes - last.received_bytes,
            counters.sent_bytes - last.sent_bytes,
        )

    def _choose_day(self, now: Stamp, *, is_confirmed: bool) -> str:
        today = now.utc.date().isoformat()
        return today if is_confirmed or not self.days else max(self.days)

    def _find_early(self) -> tuple[LinkDay, ...]:
        """What a computer without a clock has filed, and so what belongs to today."""
        return tuple(
            one
            for day, one in self.days.items()
            if day < NO_CLOCK_BEFORE and (one.received_bytes or one.sent_bytes)
        )


def resume(rows: Sequence[LinkDay], boot_id: str) -> Traffic:
    """From the stored days; that which was written last in this boot says how far it was counted.
    The time since the boot says which that was: a wall clock may have been set back.
    """
    days = {one.day: one for one in rows}
    own = [one for one in rows if one.stamp.boot_id == boot_id]
    if not own:
        return Traffic(days)
    newest = max(own, key=lambda one: one.stamp.uptime_s)
    last = Counters(newest.epoch, newest.counted_received_bytes, newest.counted_sent_bytes)
    return Traffic(days, last)


def find_beginning(today: date, reset_day: int) -> date:
    """The day on which the present month of the budget began."""
    if today.day >= reset_day:
        return today.replace(day=reset_day)
    return (today.replace(day=1) - timedelta(days=1)).replace(day=reset_day)
