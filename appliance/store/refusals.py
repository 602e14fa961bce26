"""Why the database refused: a row of ours, a lock, or the file itself; and how rows are stored
beside one that is at fault.

Reads and writes: the rows that it is given, through their store.
Never: holds back a sound row for the sake of one that is not.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from appliance.errors import StoreError
from appliance.store.store import Store
from appliance.wording.counts import format_count
from appliance.wording.sentence import say

# SQLite's errors about the statement, not of the file, the disk or a lock.
OF_THE_ROW = (
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
)
OF_A_LOCK = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class RefusedRowsError(StoreError):
    """Some rows could not be stored because of themselves; the others are."""


def is_of_the_row(error: StoreError) -> bool:
    """Whether a row or its table is at fault, and not the database as a whole."""
    return get_sqlite_code(error) in OF_THE_ROW


def is_of_a_lock(error: StoreError) -> bool:
    """Whether somebody else holds the database: it is let go, and needs no mending."""
    return get_sqlite_code(error) in OF_A_LOCK


def get_sqlite_code(error: StoreError) -> int | None:
    """SQLite's primary result code; None where the error is not SQLite's. What its Python library
    refuses by itself (a value of no known type) counts as the statement's.
    """
    cause = error.__cause__
    if not isinstance(cause, sqlite3.Error):
        return None
    code: int = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


def add_rows(store: Store, rows: Sequence[Any]) -> None:
    """Store all rows in one transaction; where one is at fault, each of them in its own.

    Raises `RefusedRowsError` for those at fault, `StoreError` where nothing can be stored now.
    """
    try:
        store.add(*rows)
    except StoreError as error:
        if not is_of_the_row(error):
            raise
        refused = [one for one in (try_row(store, row) for row in rows) if one]
        if refused:
            raise RefusedRowsError(
                say(
                    "{count} of {rows} refused: {first}",
                    count=len(refused),
                    rows=format_count(len(rows), "row"),
                    first=refused[0],
                )
            ) from error


def try_row(store: Store, row: Any) -> StoreError | None:
    """Store one row alone; the error where it is at fault."""
    try:
        store.add(row)
    except StoreError as error:
        if not is_of_the_row(error):
            raise
        return error
    return None
