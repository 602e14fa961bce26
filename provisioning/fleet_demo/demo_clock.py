"""The time of a demonstration of months: it passes when it is told to.

Reads and writes: nothing.
Never: goes back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from appliance.model import Stamp

BOOT_ID = "de300000"


@dataclass(slots=True)
class DemoClock:
    """`now`: UTC; the same for the fleet and all of its units."""

    now: datetime
    uptime_s: float = 1000.0

    def __call__(self) -> datetime:
        return self.now

    def stamp(self) -> Stamp:
        return Stamp(self.now, BOOT_ID, self.uptime_s)

    def age_s(self, stamp: Stamp) -> float | None:
        return self.uptime_s - stamp.uptime_s if stamp.boot_id == BOOT_ID else None

    def wait(self, seconds: float, stop: Event) -> bool:
        self.advance(timedelta(seconds=max(0.0, seconds)))
        return stop.is_set()

    def advance(self, span: timedelta) -> None:
        self.now += span
        self.uptime_s += span.total_seconds()

    def fork(self) -> "DemoClock":
        """A clock of its own for one unit, whose trial takes minutes while the fleet waits."""
        return DemoClock(self.now, self.uptime_s)
