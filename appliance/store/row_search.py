"""Rows of one table, one after the other until there are enough; the unreadable are passed over.

    search = RowSearch("event", "at >= ?", "ORDER BY at", (since,))
    collector.collect(db, search, keep, limit=200)   # what `keep` makes of rows, None left out

Reads: the database. Writes: nothing.
Never: holds more rows in memory than are asked for, or ends by a row of which a value is too large
(sqlite_files.py): that one is found, noted and left out.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from appliance.store.connection import OVERSIZED, is_text_damaged, make_read_error, read_tolerantly
from appliance.store.sqlite_errors import is_oversized
from appliance.store.unreadable import UnreadableRows

T = TypeVar("T")
MOST_PASSED = 10_000  # unreadable rows in one search; behind them nothing is looked for
MOST_OVERSIZED = 100  # of a table; with more of them it cannot be read
BEFORE_ALL_IDS = -(2**63)


@dataclass(frozen=True, slots=True)
class RowSearch:
    """Which rows, in which order. `without`: rows by their rowid that are not to be looked at."""

    table: str
    condition: str
    order: str
    values: tuple[Any, ...] = ()
    columns: str = "*"
    without: tuple[int, ...] = ()

    def format_sql(self) -> str:
        source = format_source(self.table, self.without)
        return f"SELECT {self.columns} FROM {source} WHERE {self.condition} {self.order}"


def format_source(table: str, without: tuple[int, ...]) -> str:
    """SQL: the table; without some rows it is a subquery, which SQLite runs first for its LIMIT."""
    if not without:
        return table
    ids = ", ".join(map(str, without))
    return f"(SELECT rowid AS rowid, * FROM {table} WHERE rowid NOT IN ({ids}) LIMIT -1) AS {table}"


@dataclass
class RowCollector:
    """Searches, and remembers which rows are too large. One for each store."""

    path: Path
    unreadable: UnreadableRows
    _oversized: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def collect(
        self,
        db: sqlite3.Connection,
        search: RowSearch,
        keep: Callable[[sqlite3.Row], T | None],
        limit: int,
    ) -> list[T]:
        """What `keep` makes of the first rows. Raises `StoreError` and `UnknownAnswer`."""
        search = replace(search, without=self.list_known(db, search.table))
        try:
            return take_rows(db, search, keep, limit)
        except sqlite3.Error as error:
            if not is_text_damaged(error) and not is_oversized(error):
                raise make_read_error(self.path, error) from error
        try:
            with read_tolerantly(db):
                return self._collect_tolerantly(db, search, keep, limit)
        except sqlite3.Error as error:
            raise make_read_error(self.path, error) from error

    def _collect_tolerantly(
        self,
        db: sqlite3.Connection,
        search: RowSearch,
        keep: Callable[[sqlite3.Row], T | None],
        limit: int,
    ) -> list[T]:
        try:
            return take_rows(db, search, keep, limit)
        except sqlite3.Error as error:
            if not is_oversized(error):
                raise
        without = self.find_oversized(db, search.table)
        return take_rows(db, replace(search, without=without), keep, limit)

    def list_known(self, db: sqlite3.Connection, table: str) -> tuple[int, ...]:
        """Those of the rows found too large before that still are: an id may be used again."""
        known = self._oversized.get(table, ())
        still = tuple(rowid for rowid in known if is_row_oversized(db, table, rowid))
        if known:
            self._oversized[table] = still
        for rowid in still:
            self.unreadable.note(table, rowid, (OVERSIZED,))
        return still

    def find_oversized(self, db: sqlite3.Connection, table: str) -> tuple[int, ...]:
        """Look through the table; `list_known` gives the rows from now on."""
        with read_tolerantly(db):
            self._oversized[table] = tuple(islice(scan_for_oversized(db, table), MOST_OVERSIZED))
        return self.list_known(db, table)


def take_rows(
    db: sqlite3.Connection,
    search: RowSearch,
    keep: Callable[[sqlite3.Row], T | None],
    limit: int,
) -> list[T]:
    """The first `limit` that `keep` makes something of, with one more look where some are not.

    The first look has a limit, with which SQLite sorts a large table in little memory.
    """
    found, passed = count_kept(
        db.execute(f"{search.format_sql()} LIMIT {limit}", search.values), keep, limit
    )
    if not passed:
        return found
    return count_kept(db.execute(search.format_sql(), search.values), keep, limit)[0]


def count_kept(
    rows: Iterable[sqlite3.Row], keep: Callable[[sqlite3.Row], T | None], limit: int
) -> tuple[list[T], int]:
    """What is kept of the rows, and how many were passed over until there were enough."""
    found: list[T] = []
    passed = 0
    for row in rows:
        kept = keep(row)
        if kept is None:
            passed += 1
        else:
            found.append(kept)
        if len(found) >= limit or passed >= MOST_PASSED:
            break
    return found, passed


def scan_for_oversized(db: sqlite3.Connection, table: str) -> Iterator[int]:
    """The rows of a table of which a value is too large, in their order."""
    last = BEFORE_ALL_IDS
    while True:
        try:
            for row in db.execute(
                f"SELECT rowid, * FROM {table} WHERE rowid > ? ORDER BY rowid", (last,)
            ):
                last = row[0]
        except sqlite3.Error as error:
            if not is_oversized(error):
                raise
        else:
            return
        # SQLite's Python library reads one row ahead: the next row may still be a good one.
        last = db.execute(f"SELECT min(rowid) FROM {table} WHERE rowid > ?", (last,)).fetchone()[0]
        if is_row_oversized(db, table, last):
            yield last


def is_row_oversized(db: sqlite3.Connection, table: str, rowid: int) -> bool:
    """Whether a row cannot be read for its size."""
    try:
        db.execute(f"SELECT * FROM {table} WHERE rowid = ?", (rowid,)).fetchone()
    except sqlite3.Error as error:
        return is_oversized(error)
    return False
