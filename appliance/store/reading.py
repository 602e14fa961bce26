"""Rows of any age: decoded one by one, what cannot be read is passed over, counted and reported.

Reads: the database, through the connection it is given. Writes: nothing.
Never: ends by what a row holds. An answer that is to have `limit` rows has them, as long as there
are so many that can be read.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from appliance.store.decoding import decode, decode_columns
from appliance.store.rows import Row
from appliance.store.tables import BY_ROW, Table
from appliance.store.unreadable import UnreadableRows

SPARE_ROWS = 16  # asked for beyond those wanted, once some cannot be read


def decode_row(table: Table, row: Row, unreadable: UnreadableRows) -> Any:
    """One row as its dataclass; None where it cannot be read, which is noted."""
    decoded, columns = decode(table.row, row)
    if columns:
        unreadable.note(table.name, find_key(table, row), columns)
    return decoded


def decode_rows(table: Table, found: Iterable[Row], unreadable: UnreadableRows) -> list[Any]:
    """Those of the rows that can be read."""
    decoded = (decode_row(table, row, unreadable) for row in found)
    return [row for row in decoded if row is not None]


def select_columns(
    kind: type, names: Sequence[str], row: Row, unreadable: UnreadableRows
) -> dict[str, Any] | None:
    """These columns of one row, decoded; None where a required one cannot be read."""
    table = BY_ROW[kind]
    values, columns = decode_columns(kind, names, row)
    if columns:
        unreadable.note(table.name, find_key(table, row), columns)
    return values


def find_key(table: Table, row: Row) -> Any:
    """What a row is named by: its id, or its key."""
    name = table.key or "id"
    return row[name] if name in row.keys() else "?"  # noqa: SIM118  (a row iterates its values)
