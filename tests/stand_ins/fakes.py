"""Stand-ins for the four seams, with behaviour: here the clock; the others are beside their tests.

`FakeClock` moves only when set or waited on: a test of two days takes milliseconds.
"""

from datetime import UTC, datetime, timedelta
from threading import Event

from appliance.clock import bound_wall_clock, measure_age_s
from appliance.model import Stamp

START = datetime(2026, 4, 15, 2, 0, tzinfo=UTC)


class FakeClock:
    """A clock that passes exactly as much time as is waited for; `reboot()` begins a new boot."""

    def __init__(self, utc: datetime = START) -> None:
        self.utc = utc
        self.uptime_s = 1000.0
        self.boot = 1
        self.synchronized = False

    def stamp(self) -> Stamp:
        utc = bound_wall_clock(self.utc, self.uptime_s)
        return Stamp(utc, f"{self.boot:08x}", self.uptime_s)

    def age_s(self, stamp: Stamp) -> float | None:
        if stamp.boot_id != f"{self.boot:08x}":
            return None
        return measure_age_s(self.uptime_s - stamp.uptime_s)

    def is_synchronized(self) -> bool:
        return self.synchronized

    def wait(self, seconds: float, stop: Event) -> bool:
        self.advance(max(0.0, seconds))
        return stop.is_set()

    def media_s(self) -> float:
        return self.uptime_s

    def wait_media(self, seconds: float, stop: Event) -> bool:
        return self.wait(seconds, stop)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.utc += timedelta(seconds=seconds)
        self.uptime_s += seconds

    def set_wall_clock(self, utc: datetime) -> None:
        """The wall clock jumps (NTP, a dead RTC battery); uptime does not."""
        self.utc = utc

    def reboot(self, down_s: float = 60.0) -> None:
        """The unit was off for `down_s` and starts again."""
        self.utc += timedelta(seconds=down_s)
        self.uptime_s = 5.0
        self.boot += 1
