"""The second copy of what people have ordered of the cameras: `unit.db.holds`, beside the database.

    match_copy(path)                       # after an order: the copy follows the database
    match_copy(path, begun_anew=True)      # after a damaged one was set aside: it is brought back

Reads and writes: the newest CameraHold rows, in the copy and in the database.
Never: gives an order again that the database knows: one that was ended would begin anew.

A pause is often meant for people's privacy, and must not end because a disk has damaged a page.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from appliance.model_cameras import CameraHold
from appliance.parsing.small_file import read_small_file
from appliance.store.decoding import decode
from appliance.store.durable_files import replace_file
from appliance.store.file_locks import LockedError, hold_lock
from appliance.store.rows import encode
from appliance.store.sqlite_files import Access, open_file

SUFFIX = ".holds"
NEWEST = 50  # orders, beside the newest of each kind of each camera
LARGEST = 4_000_000  # bytes of a copy
LOCK_S = 2.0
ROWS = (
    f"SELECT * FROM camera_hold WHERE id > (SELECT max(id) - {NEWEST} FROM camera_hold) OR id IN "
    "(SELECT max(id) FROM camera_hold GROUP BY camera, kind, holds ORDER BY 1 DESC LIMIT 500) "
    "ORDER BY id"
)


def match_copy(path: Path, *, begun_anew: bool = False) -> int:
    """Bring database and copy to the same orders; returns how many the database had lost.

    What cannot be done now is done at the next order or start: an order is no less in force.
    """
    beside = Path(f"{path}{SUFFIX}.lock")  # each reads the database after its own order
    with suppress(OSError, sqlite3.Error, LockedError), hold_lock(beside, LOCK_S):
        copied = read_copy(path)
        with closing(open_file(path, Access.WRITE)) as db:
            stored = read_orders(db)
            lost = find_lost(stored, copied, begun_anew=begun_anew)
            add_orders(db, lost)
        if stored + lost != copied:
            write_copy(path, stored + lost)
        return len(lost)
    return 0


def find_lost(
    stored: Sequence[CameraHold], copied: Sequence[CameraHold], *, begun_anew: bool
) -> list[CameraHold]:
    """The orders of the copy that came after the newest one that is stored. Pure.

    An empty table of a database that was not begun anew has none because they came of age.
    """
    if not stored:
        return list(copied) if begun_anew else []
    newest = stored[-1]
    known = [at for at, order in enumerate(copied) if order == newest]
    return list(copied[known[-1] + 1 :]) if known else []


def read_orders(db: sqlite3.Connection) -> list[CameraHold]:
    """The newest orders in the database, the newest last, as far as they can be read."""
    db.row_factory = sqlite3.Row
    return decode_all(db.execute(ROWS).fetchall())


def add_orders(db: sqlite3.Connection, orders: Sequence[CameraHold]) -> None:
    """Store them in their order, all or none."""
    if not orders:
        return
    db.execute("BEGIN IMMEDIATE")
    for values in map(encode, orders):
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO camera_hold ({', '.join(values)}) VALUES ({marks})"
        db.execute(sql, tuple(values.values()))
    db.execute("COMMIT")


def read_copy(path: Path) -> list[CameraHold]:
    """The orders in the copy; none where there is none, or where it cannot be read."""
    try:
        rows = json.loads(read_small_file(Path(f"{path}{SUFFIX}"), LARGEST))
    except (OSError, ValueError, RecursionError):
        return []
    found = rows if isinstance(rows, list) else []
    return decode_all([row for row in found if isinstance(row, dict)])


def write_copy(path: Path, orders: Sequence[CameraHold]) -> None:
    """Raises `OSError`, and leaves the copy as it was."""
    text = json.dumps([encode(one) for one in orders], indent=0)
    replace_file(Path(f"{path}{SUFFIX}"), text.encode(), mode=0o660)


def decode_all(rows: Sequence[Any]) -> list[CameraHold]:
    decoded = (decode(CameraHold, row)[0] for row in rows)
    return [one for one in decoded if one is not None]
