"""The record of the unit's own time: each boot, and the wall time that a time server has confirmed.

    time = record_time(store)          # once an hour, by whoever tidies up
    time.measure_age_s(row["boot_id"], row["uptime_s"])
    time.trusted_utc                   # never ahead of what uptime and plausible pauses explain

Reads and writes: the tables `boot` and `unit_time`, through the `Store` that it is given.
Never: trusts the wall clock (appliance/store/trusted_time.py has the rule).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from appliance.model import Stamp
from appliance.store.decoding import (
    TIME_GLOB,
    UnreadableError,
    decode_bool,
    decode_float,
    decode_text,
    decode_time,
    select_number,
)
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.store.trusted_time import BootSpan, Epoch, begin_epoch, correct_epoch, follow

KEEP_S = 4000 * 86_400.0  # of boots: longer than any row
WRONG_DATE_S = 12 * 3600.0  # a clock that was so wrong had another date
SLACK_S = 1.0  # of rounding between the records of two boots


@dataclass(frozen=True, slots=True)
class UnitTime:
    """The unit's own time at one moment: `now` is that moment, `unit_s` its unit time."""

    now: Stamp
    unit_s: float
    epoch: Epoch
    find_start_s: Callable[[str], float | None]  # of a boot; None where it is not recorded

    @property
    def trusted_utc(self) -> datetime:
        """The present, as far as it is explained: the wall clock where that is not ahead."""
        return min(self.now.utc, self.epoch.utc + timedelta(seconds=self.unit_s))

    def measure_age_s(self, boot_id: Any, uptime_s: Any) -> float | None:
        """How long ago that was at least; None where it is damaged, or its boot is not recorded."""
        try:
            at_s = decode_float(uptime_s)
            starts_s = self.find_start_s(decode_text(boot_id))
        except UnreadableError:
            return None
        if starts_s is None:
            return None
        age_s = self.unit_s - (starts_s + at_s)
        return age_s if age_s >= -SLACK_S else None


def read_time(store: Store) -> UnitTime:
    """The unit's time now; nothing is recorded."""
    now, synchronized = store.clock.stamp(), store.clock.is_synchronized()
    recorded, seen_s = read_epoch(store)
    boots = cap_end(read_boots(store), seen_s)
    known = follow(boots, now, synchronized=synchronized)
    unit_s = known[-1].ends_s
    passed_s = unit_s - (seen_s if seen_s is not None else unit_s)
    epoch = recorded or begin_epoch(unit_s, find_seen_utc(store, now.boot_id))
    epoch = correct_epoch(epoch, unit_s, passed_s, now.utc, synchronized=synchronized)
    newest = {boot.last.boot_id: boot.starts_s for boot in known}

    @cache
    def find_start_s(boot_id: str) -> float | None:
        if boot_id in newest:
            return newest[boot_id]
        return find_boot_start_s(store, boot_id)

    return UnitTime(now, unit_s, epoch, find_start_s)


def record_time(store: Store) -> UnitTime:
    """The unit's time now, as `read_time`, recorded for the next boot."""
    now, synchronized = store.clock.stamp(), store.clock.is_synchronized()
    with store.housekeeping() as execute:
        time = read_time(store)
        execute(
            "REPLACE INTO boot (boot_id, starts_s, at, uptime_s, synchronized) "
            "VALUES (?, ?, ?, ?, max(?, coalesce("
            "(SELECT synchronized FROM boot WHERE boot_id = ?), 0)))",
            (
                now.boot_id,
                time.unit_s - now.uptime_s,
                encode_time(now.utc),
                now.uptime_s,
                int(synchronized),
                now.boot_id,
            ),
        )
        execute(
            "REPLACE INTO unit_time (one, epoch, unit_s, synchronized) VALUES (1, ?, ?, ?)",
            (encode_time(time.epoch.utc), time.unit_s, int(time.epoch.synchronized)),
        )
        execute("DELETE FROM boot WHERE starts_s < ?", (time.unit_s - KEEP_S,))
    return time


def read_boots(store: Store) -> list[BootSpan]:
    """The last two boots, the newest last; one that cannot be read is passed over."""
    found = []
    for row in reversed(store.query("SELECT * FROM boot ORDER BY rowid DESC LIMIT 2")):
        try:
            stamp = Stamp(
                decode_time(row["at"]), decode_text(row["boot_id"]), decode_float(row["uptime_s"])
            )
            synchronized = decode_bool(row["synchronized"])
            found.append(BootSpan(decode_float(row["starts_s"]), stamp, synchronized))
        except UnreadableError:
            store.unreadable.note("boot", row["boot_id"], ("starts_s",))
    return found


def find_boot_start_s(store: Store, boot_id: str) -> float | None:
    """When a boot started in unit time; None where it is not recorded, or where its record
    contradicts that of the boot before or after it: one of them is damaged.
    """
    columns = "SELECT rowid, starts_s, uptime_s FROM boot WHERE"
    own = store.query(f"{columns} boot_id = ?", (boot_id,))
    starts_s, ends_s = read_span(own)
    if starts_s is None or ends_s is None:
        return None
    row_id = own[0]["rowid"]
    before = store.query(f"{columns} rowid < ? ORDER BY rowid DESC LIMIT 1", (row_id,))
    after = store.query(f"{columns} rowid > ? ORDER BY rowid LIMIT 1", (row_id,))
    earlier_s, later_s = read_span(before)[1], read_span(after)[0]
    too_early = earlier_s is not None and starts_s < earlier_s - SLACK_S
    too_late = later_s is not None and ends_s > later_s + SLACK_S
    return None if too_early or too_late else starts_s


def read_span(rows: list[Any]) -> tuple[float | None, float | None]:
    """Start and end of the boot in the first row, in unit time; None where it cannot be read."""
    starts_s = select_number(rows[0]["starts_s"]) if rows else None
    lasted_s = select_number(rows[0]["uptime_s"]) if rows else None
    return starts_s, None if starts_s is None or lasted_s is None else starts_s + lasted_s


def cap_end(boots: list[BootSpan], seen_s: float | None) -> list[BootSpan]:
    """The boots, the newest ending no later than when the unit's time was recorded last: both are
    written together, so the later one is damaged.
    """
    if not boots or seen_s is None or boots[-1].ends_s <= seen_s + SLACK_S:
        return boots
    *earlier, newest = boots
    return [*earlier, replace(newest, starts_s=seen_s - newest.last.uptime_s)]


def find_seen_utc(store: Store, boot_id: str) -> datetime | None:
    """The earliest hour of the readings that earlier boots have left, those of this one put aside:
    its clock may be the wrong one.
    """
    sql = f"SELECT min(at) FROM power_reading WHERE boot_id <> ? AND at GLOB '{TIME_GLOB}'"
    found = store.query(sql, (boot_id,))
    try:
        return decode_time(found[0][0]) if found and found[0][0] is not None else None
    except UnreadableError:
        return None


def read_epoch(store: Store) -> tuple[Epoch | None, float | None]:
    """The recorded epoch and the unit time of its record; None where there is none."""
    for row in store.query("SELECT * FROM unit_time"):
        try:
            epoch = Epoch(decode_time(row["epoch"]), decode_bool(row["synchronized"]))
            return epoch, decode_float(row["unit_s"])
        except UnreadableError:
            store.unreadable.note("unit_time", 1, ("epoch",))
    return None, None
