"""Which time may decide that something is old enough to be deleted. Pure.

    unit time   seconds that have passed for this unit: by uptime within a boot, and over the time
                without power as far as that can be explained
    age         of a row: unit time now, less the unit time of its boot and uptime
    epoch       the wall time at unit time 0: it turns an age into a date, for what has no uptime

Reads and writes: nothing; appliance/store/unit_time.py keeps the record.
Never: lets the wall clock alone make anything older. It may be years ahead or behind at any moment:
a dead clock battery, a wrong time server, a person. Its time after a while without power counts
only where that is plausible, or where it was synchronized before and after.

A unit that is off for long, and that never gets the time from a network, keeps things for longer
than its settings say. That is the safe side.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from appliance.model import Stamp

PLAUSIBLE_OFF_S = 36 * 3600.0  # a night, or a dark day
LONGEST_OFF_S = 31 * 86_400.0  # that counts for one time without power, however sure it is
CATCH_UP = 24.0  # the unexplained rest counts at most so many times as fast as time passes
FIRST_TIME = datetime(2026, 1, 1, tzinfo=UTC)  # no right clock shows an earlier one


@dataclass(frozen=True, slots=True)
class BootSpan:
    """One boot in unit time: it began at `starts_s`; `last` is when it was seen last.

    `synchronized`: the wall clock of `last` was right, according to a time server.
    """

    starts_s: float
    last: Stamp
    synchronized: bool

    @property
    def ends_s(self) -> float:
        """Unit time when it was seen last."""
        return self.starts_s + self.last.uptime_s


@dataclass(frozen=True, slots=True)
class Epoch:
    """The wall time at unit time 0. `synchronized`: a time server has once given it."""

    utc: datetime
    synchronized: bool


def follow(boots: list[BootSpan], now: Stamp, *, synchronized: bool) -> list[BootSpan]:
    """The boots as of now, the newest last; `boots` is what was recorded until then."""
    if boots and boots[-1].last.boot_id == now.boot_id:
        *earlier, own = boots
        before, starts_s = (earlier[-1] if earlier else None), own.starts_s
        if before and synchronized and not own.synchronized:
            # Only now it is known how long it was without power.
            starts_s = max(starts_s, before.ends_s + explain_time_off(before, now, sure=True))
        return [*earlier, BootSpan(starts_s, now, synchronized or own.synchronized)]
    before = boots[-1] if boots else None
    off_s = explain_time_off(before, now, sure=synchronized) if before else 0.0
    return [*boots, BootSpan(before.ends_s + off_s if before else 0.0, now, synchronized)]


def explain_time_off(before: BootSpan, now: Stamp, *, sure: bool) -> float:
    """Seconds without power between a boot and the one of `now` that may count."""
    began = now.utc - timedelta(seconds=now.uptime_s)
    off_s = (began - before.last.utc).total_seconds()
    if off_s <= 0:
        return 0.0
    if sure and before.synchronized:
        return min(off_s, LONGEST_OFF_S)
    # A boot that lasted for minutes does not make days pass, however often it is repeated.
    return off_s if off_s <= min(PLAUSIBLE_OFF_S, CATCH_UP * before.last.uptime_s) else 0.0


def begin_epoch(unit_s: float, seen: datetime | None) -> Epoch:
    """The epoch of a unit that has recorded none, before a time server has given one.

    The wall clock has no say in it. `seen`: the earliest hour at which the readings that are still
    there were taken, in earlier boots; without one it begins at the first hour that may be right.
    """
    first = FIRST_TIME if seen is None else max(seen, FIRST_TIME)
    return Epoch(first - timedelta(seconds=unit_s), synchronized=False)


def correct_epoch(
    epoch: Epoch, unit_s: float, passed_s: float, now: datetime, *, synchronized: bool
) -> Epoch:
    """The epoch as of now; `passed_s` is the unit time since it was corrected last.

    It follows a synchronized clock: back at once, forward at once for the first time and slowly
    later on.
    """
    wanted = now - timedelta(seconds=unit_s)
    if not synchronized:
        return epoch
    if epoch.synchronized:
        furthest = epoch.utc + timedelta(seconds=CATCH_UP * max(0.0, passed_s))
        return replace(epoch, utc=min(wanted, furthest))
    return Epoch(wanted, synchronized=True)
