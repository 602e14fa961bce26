"""The one clock seam: every service takes its time, its waits and its ages from here.

Reads: the kernel's boot id, CLOCK_BOOTTIME, the wall clock and whether it is synchronized; in a
demonstration the number of the boot. Writes: nothing.
Never: lets a caller sleep on wall time behind the clock's back, or have a year that nobody can
store or plan in.

A demonstration may run fast: `ScaledClock` makes a day pass in minutes. Two things do not scale,
and both are handled here alone:

* *Pictures.* A clip plays at its own pace, so cameras wait with `wait_media`.
* *Machines.* A process needs its milliseconds however fast the sun moves. So a wait never gets
  shorter than `MIN_WAIT_S` of real time, and `age_s` forgives `STALL_S` of real time.
"""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Protocol
from zlib import crc32

from appliance.model import Stamp

MIN_WAIT_S = 0.05
LATENCY_S = 2.0
STALL_S = 5.0  # a busy computer may not run a process for so long
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
FIRST_YEAR, LAST_YEAR = 1970, 2198  # rows are readable until a year later: plans lie ahead
NO_CLOCK = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")  # written by systemd-timesyncd


class Clock(Protocol):
    """Time as one unit sees it."""

    def stamp(self) -> Stamp:
        """Now."""

    def age_s(self, stamp: Stamp) -> float | None:
        """Seconds since `stamp`; None if it is from another boot, or from later than now, and so of
        unknown age.
        """

    def is_synchronized(self) -> bool:
        """Whether a time server has confirmed the wall clock in this boot."""

    def wait(self, seconds: float, stop: Event) -> bool:
        """Wait unit seconds, or until `stop` is set; returns whether it is set."""

    def media_s(self) -> float:
        """Seconds of picture time, monotonic; never scaled."""

    def wait_media(self, seconds: float, stop: Event) -> bool:
        """Like `wait`, in picture time."""


class SystemClock:
    """The kernel's clocks: what a unit runs on."""

    def __init__(self) -> None:
        self._boot_id = BOOT_ID.read_text().strip().replace("-", "")[:8]

    def stamp(self) -> Stamp:
        uptime_s = boottime_s()
        return Stamp(bound_wall_clock(datetime.now(UTC), uptime_s), self._boot_id, uptime_s)

    def age_s(self, stamp: Stamp) -> float | None:
        if stamp.boot_id != self._boot_id:
            return None
        return measure_age_s(boottime_s() - stamp.uptime_s)

    def is_synchronized(self) -> bool:
        return SYNCHRONIZED.exists()

    def wait(self, seconds: float, stop: Event) -> bool:
        return stop.wait(max(0.0, seconds))

    def media_s(self) -> float:
        return time.monotonic()

    def wait_media(self, seconds: float, stop: Event) -> bool:
        return stop.wait(max(0.0, seconds))


class ScaledClock(SystemClock):
    """A demonstration's clock: `speed` unit seconds pass in each real second since the origin.

    Before the origin time stands still: the processes of a run can all be up before its day begins.

    All processes of one run share the origin (settings `[clock]`), so they agree to the
    microsecond. Each run counts as a boot of its own: rows of an earlier run are stale. So does
    what `boot_file` numbers, where there is one: a computer that was off in the meantime. Looked
    at each time, since the simulated world goes on through the boots of its unit.
    """

    def __init__(
        self,
        speed: float,
        origin_utc: datetime,
        origin_boottime_s: float,
        boot_file: Path | None = None,
    ) -> None:
        super().__init__()
        self._speed = speed
        self._origin_utc = origin_utc
        self._origin_boottime_s = origin_boottime_s
        self._run = f"{self._boot_id} {origin_boottime_s} {speed}"
        self._boot_file = boot_file

    def stamp(self) -> Stamp:
        elapsed_s = self._elapsed_s()
        utc = bound_wall_clock(self._origin_utc + timedelta(seconds=elapsed_s), elapsed_s)
        return Stamp(utc, self._scaled_boot_id(), elapsed_s)

    def age_s(self, stamp: Stamp) -> float | None:
        if stamp.boot_id != self._scaled_boot_id():
            return None
        forgiven_s = STALL_S * (self._speed - 1)
        passed_s = self._elapsed_s() - stamp.uptime_s
        return measure_age_s(min(passed_s, max(0.0, passed_s - forgiven_s)))

    def is_synchronized(self) -> bool:
        return True  # simulated time is right by definition

    def wait(self, seconds: float, stop: Event) -> bool:
        return stop.wait(max(MIN_WAIT_S, seconds / self._speed))

    def _scaled_boot_id(self) -> str:
        number = ""
        if self._boot_file is not None:
            with suppress(OSError, ValueError):
                number = self._boot_file.read_text()
        return f"{crc32((self._run + number).encode()):08x}"

    def _elapsed_s(self) -> float:
        return max(0.0, boottime_s() - self._origin_boottime_s) * self._speed


def bound_wall_clock(utc: datetime, uptime_s: float) -> datetime:
    """`utc`; where its year is none of a unit's, the time of a computer without a clock, which
    starts in 1970. Rows of such a year could not be read again.
    """
    if FIRST_YEAR <= utc.year <= LAST_YEAR:
        return utc
    return NO_CLOCK + timedelta(seconds=uptime_s)


def measure_age_s(passed_s: float) -> float | None:
    """The age of a stamp of this boot; None for one that is yet to come: it is damaged."""
    return None if passed_s < -LATENCY_S else max(0.0, passed_s)


def boottime_s() -> float:
    """CLOCK_BOOTTIME in seconds: monotonic, and it goes on through suspend."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
