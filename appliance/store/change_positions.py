"""Up to where a program has been told of changes: a text that it keeps, also over restarts.

    position = read_position(store)                  # of now
    kept = parse_position(str(position))             # None where the text is no position
    check_position(store, kept)                      # raises LostPositionError

A position names the database, the row of each table that was read last, and the faults that were
open then. A row is named with a check of what it holds: SQLite gives the number of an erased newest
row to the next one.

Reads: the newest rows, through the `Store` that it is given. Writes: nothing.
Never: goes on from a row that is not there as it was: what came since could not be told from what
was there before.
"""

import re
import zlib
from dataclasses import dataclass

from appliance.store.store import Store
from appliance.wording.sentence import say

FOLLOWED = ("event", "fault", "energy_budget")
MOST_OPEN = 400  # faults in a position: the newest
NOTHING = "00000000"  # the check of a row that cannot be read, or of none
ROW = r"(\d{1,18})-([0-9a-f]{8})"
FORM = re.compile(
    rf"(?P<database>[0-9a-f]{{8}})\.{ROW}\.{ROW}\.{ROW}\.(?P<open>\d{{1,18}}(?:_\d{{1,18}})*)",
    re.ASCII,
)
STAMP = "hex(substr(at, 1, 40)) || hex(substr(boot_id, 1, 40)) || hex(uptime_s)"


class LostPositionError(Exception):
    """What came after a position cannot be told; the text says why."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """The row of a table that was read last; `row_id` 0: none was there."""

    row_id: int
    check: str

    def __str__(self) -> str:
        return f"{self.row_id}-{self.check}"


@dataclass(frozen=True, slots=True)
class Position:
    """`open_faults`: the row ids of the faults that lasted, in the order of their ids."""

    database: str
    event: ReadRow
    fault: ReadRow
    energy_budget: ReadRow
    open_faults: tuple[int, ...] = ()

    def __str__(self) -> str:
        lasting = "_".join(map(str, self.open_faults[-MOST_OPEN:])) or "0"
        return f"{self.database}.{self.event}.{self.fault}.{self.energy_budget}.{lasting}"


def parse_position(text: str) -> Position | None:
    """A position as `Position` writes it; None where it is none."""
    found = FORM.fullmatch(text)
    if found is None:
        return None
    numbers = [int(one) for one in found["open"].split("_")]
    event, fault, budget = (ReadRow(int(found[at]), found[at + 1]) for at in (2, 4, 6))
    lasting = tuple(one for one in numbers[:MOST_OPEN] if one)
    return Position(found["database"], event, fault, budget, lasting)


def read_position(store: Store) -> Position:
    """That of now."""
    event, fault, budget = (
        read_row(store, table, read_newest_id(store, table)) for table in FOLLOWED
    )
    sql = (
        f"SELECT id FROM fault WHERE cleared IS NULL AND id <= ? ORDER BY id DESC LIMIT {MOST_OPEN}"
    )
    lasting = [row[0] for row in store.query(sql, (fault.row_id,))]
    return Position(read_database(store), event, fault, budget, tuple(sorted(lasting)))


def read_newest_id(store: Store, table: str) -> int:
    """The id of the row that was written last; 0 where there is none."""
    found = store.query(f"SELECT max(id) FROM {table}")
    return max(0, int(found[0][0] or 0)) if found else 0


def read_row(store: Store, table: str, row_id: int) -> ReadRow:
    """That row with its check."""
    found = store.query(f"SELECT {STAMP} FROM {table} WHERE id = ?", (row_id,))
    return ReadRow(row_id, make_check(found[0][0]) if found else NOTHING)


def read_database(store: Store) -> str:
    """Which database this is: by the moment at which it was made."""
    found = store.query("SELECT min(applied_at) FROM _sqlite_migrations")
    return make_check(found[0][0]) if found else NOTHING


def make_check(text: str | None) -> str:
    """Eight hexadecimal digits."""
    return f"{zlib.crc32((text or '').encode()):08x}"


def check_position(store: Store, position: Position) -> None:
    """Raise `LostPositionError` where it cannot be gone on from here."""
    if position.database != read_database(store):
        raise LostPositionError(
            say(
                "this position is of another database: the unit's was replaced since, or it is "
                "another unit; go on from `position`, and look at /api/events and /api/status"
            )
        )
    for table in FOLLOWED:
        if not is_there(store, table, getattr(position, table)):
            raise LostPositionError(
                say(
                    "rows of the table {table} were erased since this position, or a backup was "
                    "put back: what came since cannot be told; go on from `position`, and look "
                    "at /api/events and /api/status",
                    table=table,
                )
            )


def is_there(store: Store, table: str, read: ReadRow) -> bool:
    """Whether the row is as it was, or so old that it was deleted with all before it."""
    if read.row_id == 0:
        return True
    found = store.query(f"SELECT {STAMP} FROM {table} WHERE id = ?", (read.row_id,))
    if found:
        return make_check(found[0][0]) == read.check
    found = store.query(f"SELECT min(id) FROM {table}")
    return bool(found and (found[0][0] or 0) > read.row_id)
