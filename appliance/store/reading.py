"""Rows of any age: decoded one by one, what cannot be read is counted and reported.

Reads and writes: nothing; row_search.py passes over what cannot be read.
Never: ends by what a row holds.
"""

from collections.abc import Sequence
from typing import Any

from appliance.store.decoding import decode, decode_columns
from appliance.store.rows import Row
from appliance.store.tables import BY_ROW, Table
from appliance.store.unreadable import UnreadableRows


def decode_row(table: Table, row: Row, unreadable: UnreadableRows) -> Any:
    """One row as its dataclass; None where it cannot be read, which is noted."""
    decoded, columns = decode(table.row, row)
    if columns:
        unreadable.note(table.name, find_key(table, row), columns)
    return decoded


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
