"""Wrong tries, as they are kept: over the end of the process, kill -9 and a reboot.

Reads and writes: `attempt`.
Never: compares a secret before the try is on disk as a wrong one: who kills the process in the
middle, or sends many at once, gains nothing.
"""

import sqlite3
from collections.abc import Iterable, Mapping

from appliance.access.database import AccessFile
from appliance.access.waits import Attempts, Limit, carry_over, count_wrong, measure_wait_s
from appliance.clock import NO_CLOCK
from appliance.model import Stamp

MOST_ROWS = 500
PIN_KEY, NETWORK_KEY = "pin", "network"
# Many names from many addresses push out the oldest of their kind, and nothing else.
TRIM = (
    "DELETE FROM attempt WHERE rowid <= (SELECT max(rowid) FROM attempt) - ? "
    f"AND key NOT IN ('{PIN_KEY}', '{NETWORK_KEY}')"
)


def begin_try(file: AccessFile, limits: Mapping[str, Limit]) -> float:
    """0: the try is counted as a wrong one, and may be made; else how long, s, none is taken.
    Raises `AccessError`.
    """
    now = file.clock.stamp()
    with file.write() as db:
        found = {key: find(db, key) for key in limits}
        waits = {key: measure_wait_s(found[key], now, limit) for key, limit in limits.items()}
        wait_s = max(waits.values(), default=0.0)
        for key, limit in limits.items():
            before = found[key]
            if not wait_s:
                keep(db, key, count_wrong(before, now, limit))
            elif before is not None and before.stamp.boot_id != now.boot_id:
                keep(db, key, carry_over(before, now, limit))
        db.execute(TRIM, (MOST_ROWS,))
    return wait_s


def end_try(file: AccessFile, keys: Iterable[str]) -> None:
    """It was the right secret: the wrong ones before it are forgotten; those of the whole network
    stay, but for this try, which was counted as one. Raises `AccessError`.
    """
    with file.write() as db:
        for key in keys:
            if key == NETWORK_KEY:
                sql = "UPDATE attempt SET failures = failures - 1, wait_s = 0 WHERE key = ?"
            else:
                sql = "DELETE FROM attempt WHERE key = ?"
            db.execute(sql, (key,))


def measure_longest_wait_s(file: AccessFile, limits: Mapping[str, Limit]) -> float:
    """How long no try is taken yet; 0: one is. Raises `AccessError`."""
    now = file.clock.stamp()
    with file.read() as db:
        waits = [measure_wait_s(find(db, key), now, limit) for key, limit in limits.items()]
    return max(waits, default=0.0)


def forget_all(file: AccessFile) -> int:
    """Everybody may try again at once; how many kinds had wrong tries. Raises `AccessError`."""
    with file.write() as db:
        return db.execute("DELETE FROM attempt").rowcount


def list_wrong(file: AccessFile) -> list[tuple[str, Attempts]]:
    """What wrong tries count against, and how many there were. Raises `AccessError`."""
    with file.read() as db:
        keys = [row["key"] for row in db.execute("SELECT key FROM attempt ORDER BY key")]
        return [(key, one) for key in keys if (one := find(db, key)) is not None]


def find(db: sqlite3.Connection, key: str) -> Attempts | None:
    row = db.execute("SELECT * FROM attempt WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    stamp = Stamp(NO_CLOCK, row["boot_id"], row["uptime_s"])
    return Attempts(row["failures"], row["wait_s"], stamp)


def keep(db: sqlite3.Connection, key: str, one: Attempts) -> None:
    values = (key, one.failures, one.wait_s, one.stamp.boot_id, one.stamp.uptime_s)
    db.execute("DELETE FROM attempt WHERE key = ?", (key,))
    db.execute("INSERT INTO attempt VALUES (?, ?, ?, ?, ?)", values)
