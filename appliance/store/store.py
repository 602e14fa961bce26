"""The one door to the unit database, which is the bus between all processes.

Reads and writes: unit.db (SQLite, WAL). A writer names itself and may write its own tables only;
a reader cannot write at all.
Never: returns a stale row as fresh, and never overwrites a damaged file.

Stale means none: `latest()` gives None for a row of another boot or older than its table allows
(appliance/store/tables.py), judged by boot and uptime, never by the wall clock. Durable tables are
on disk when `add` returns; readings may lose the last seconds in a power cut.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from appliance.clock import Clock
from appliance.errors import ApplianceError, StoreError
from appliance.model import Fault, ServiceState, Stamp
from appliance.store import rows
from appliance.store.tables import ANY, BY_ROW, Table, get_fresh_s

T = TypeVar("T")
PAGE_SIZE = 1024  # a small row dirties a whole page: small pages spare the flash
WAL_PAGES = 2000  # pages in the log before they are copied back, about 2 MB
BUSY_TIMEOUT_MS = 5000
SQLITE_VERSION = sqlite3.sqlite_version


class Store:
    """A connection to the unit database for one process.

    `writer` is the service's name in appliance/store/tables.py, or None for a reader. `opened`
    False: every call is a `StoreError` until `reopen` succeeds.
    """

    def __init__(
        self, path: Path, clock: Clock, writer: str | None = None, opened: bool = True
    ) -> None:
        self.path = path
        self.clock = clock
        self.writer = writer
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None
        if opened:
            self.reopen()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def reopen(self) -> None:
        """Open the file of this name as it is now; raises `StoreError` and keeps the old one."""
        fresh = connect(self.path, read_only=self.writer is None)
        self.close()
        self._connection, self._inode = fresh, read_inode(self.path)

    @property
    def is_open(self) -> bool:
        """Whether it has been opened."""
        return self._connection is not None

    def is_replaced(self) -> bool:
        """Whether the file was set aside behind our back: then this process must reopen it."""
        return self._connection is not None and read_inode(self.path) != self._inode

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(
                f"the database {self.path} is not open; see the faults before this one"
            )
        return self._connection

    # --- writing -------------------------------------------------------------------------------

    def add(self, *new: Any) -> None:
        """Write rows in one transaction; a keyed table's row replaces the one with its key."""
        tables = [self._check_writer(type(row)) for row in new]
        with self._transaction(durable=any(table.durable for table in tables)):
            for table, row in zip(tables, new, strict=True):
                self._insert(table, row)

    def publish_status(self, service: str, status: str) -> None:
        """Publish the one sentence that `systemctl status` shows as well."""
        self.add(ServiceState(self.clock.stamp(), service, status))

    def raise_fault(self, source: str, error: ApplianceError, at: Stamp | None = None) -> bool:
        """Record a fault unless the same one is open; returns whether it is new. `at`: when it was
        met, where that is not now.
        """
        if self._open_fault(source, error.code):
            return False
        self.add(Fault(at or self.clock.stamp(), error.code, source, str(error), None))
        return True

    def clear_faults(
        self, source: str, still: frozenset[str] = frozenset(), at: Stamp | None = None
    ) -> list[str]:
        """Mark the open faults of `source` as over, but for the codes in `still`; returns which.
        `at`: when they ended, where that is not now.
        """
        over = {f.code for f in self.list_open_faults() if f.source == source} - still
        if over:
            now = rows.encode_time((at or self.clock.stamp()).utc)
            sql = "UPDATE fault SET cleared = ? WHERE source = ? AND code = ? AND cleared IS NULL"
            with self._transaction(durable=True):
                self._db.executemany(sql, [(now, source, code) for code in over])
        return sorted(over)

    # --- reading -------------------------------------------------------------------------------

    def latest(self, kind: type[T], max_age_s: float | None = None, **where: str) -> T | None:
        """The newest row, or None where there is none, or none of this boot that is fresh.

        `store.latest(CameraState, camera="gate")` goes by the age in appliance/store/tables.py.
        """
        row = self.last(kind, **where)
        return row if row is not None and self.is_fresh(row, max_age_s) else None

    def is_fresh(self, row: Any, max_age_s: float | None = None) -> bool:
        """Whether a row is of this boot and not older than asked, or than its table allows."""
        age_s = self.clock.age_s(row.stamp)
        allowed_s = get_fresh_s(type(row)) if max_age_s is None else max_age_s
        return age_s is not None and age_s <= allowed_s

    def last(self, kind: type[T], **where: str) -> T | None:
        """The newest row however old, for showing and for starting up; never for deciding."""
        table = BY_ROW[kind]
        found = self._select(table, where, f"ORDER BY {table.order} DESC LIMIT 1")
        return found[0] if found else None

    def rows(
        self,
        kind: type[T],
        since: datetime | None = None,
        limit: int = 1_000_000,
        newest_first: bool = False,
        **where: str,
    ) -> list[T]:
        """Rows from `since` on, oldest first unless asked otherwise."""
        table = BY_ROW[kind]
        direction = "DESC" if newest_first else "ASC"
        order = f"ORDER BY {table.order} {direction} LIMIT {int(limit)}"
        return self._select(table, where, order, since)

    def before(
        self, kind: type[T], at: datetime, excluding: Mapping[str, str] | None = None, **where: str
    ) -> T | None:
        """The last row of that moment or before: `store.before(CameraState, at, camera="gate")`.

        `excluding`: column values that the row must not have. Goes by the wall clock.
        """
        return self._find_nearest(kind, "at <= ?", "at DESC, id DESC", at, where, excluding or {})

    def after(
        self, kind: type[T], at: datetime, excluding: Mapping[str, str] | None = None, **where: str
    ) -> T | None:
        """The first row after that moment; otherwise as `before`."""
        return self._find_nearest(kind, "at > ?", "at, id", at, where, excluding or {})

    def list_lasting(
        self, kind: type[T], since: datetime, until: datetime, ends: str, limit: int, **where: str
    ) -> list[T]:
        """Rows that begin by `until` and end (in the column `ends`) at `since` or later."""
        terms = [*(f"{column} = ?" for column in where), "at <= ?", f"{ends} >= ?"]
        values = (*where.values(), rows.encode_time(until), rows.encode_time(since))
        order = f"ORDER BY at, id LIMIT {int(limit)}"
        return self._read_decoded(BY_ROW[kind], " AND ".join(terms), order, values)

    def list_open_faults(self) -> list[Fault]:
        """Faults that last, newest first."""
        return self._select(BY_ROW[Fault], {}, "AND cleared IS NULL ORDER BY id DESC")

    def list_faults_at(self, at: datetime, *sources: str) -> list[Fault]:
        """The faults of these sources that were open at that moment, oldest first."""
        marks, moment = ", ".join("?" * len(sources)), rows.encode_time(at)
        condition = f"source IN ({marks}) AND at <= ? AND (cleared IS NULL OR cleared > ?)"
        return self._read_decoded(
            BY_ROW[Fault], condition, "ORDER BY id", (*sources, moment, moment)
        )

    def list_values(self, kind: type, column: str) -> list[str]:
        """The different values of a text column, sorted."""
        sql = f"SELECT DISTINCT {column} FROM {BY_ROW[kind].name} ORDER BY {column}"
        return [row[0] for row in self.query(sql)]

    def count(self, kind: type, since: datetime) -> int:
        """How many rows there are from `since` on."""
        sql = f"SELECT count(*) FROM {BY_ROW[kind].name} WHERE at >= ?"
        return int(self.query(sql, (rows.encode_time(since),))[0][0])

    def count_by(self, kind: type, column: str, since: datetime, until: datetime) -> dict[str, int]:
        """How many rows there are from `since` to before `until`, by the values of a column."""
        sql = (
            f"SELECT {column}, count(*) FROM {BY_ROW[kind].name} "
            f"WHERE at >= ? AND at < ? GROUP BY {column}"
        )
        return dict(self.query(sql, (rows.encode_time(since), rows.encode_time(until))))  # type: ignore[arg-type]

    def sum_columns(self, kind: type, since: datetime, *columns: str) -> tuple[float | None, ...]:
        """The sum of each column over the rows from `since` on; None where there are none."""
        wanted = ", ".join(f"sum({column})" for column in columns)
        sql = f"SELECT {wanted} FROM {BY_ROW[kind].name} WHERE at >= ?"
        return tuple(self.query(sql, (rows.encode_time(since),))[0])

    def average(self, kind: type, column: str, since: datetime, until: datetime) -> float | None:
        """The mean of a column over the rows from `since` to `until`; None where there are none."""
        sql = f"SELECT avg({column}) FROM {BY_ROW[kind].name} WHERE at >= ? AND at <= ?"
        found: float | None = self.query(sql, (rows.encode_time(since), rows.encode_time(until)))[
            0
        ][0]
        return found

    def check_readable(self) -> None:
        """Raise `StoreError` where the database cannot be read."""
        self.query("SELECT 1")

    # --- for appliance/store only ---------------------------------------------------------------

    def query(self, sql: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """Rows of a SELECT that the calls above do not cover: steps, pages, plans, events."""
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"the database {self.path} cannot be read: {error}") from error

    @contextmanager
    def housekeeping(
        self, durable: bool = False
    ) -> Iterator[Callable[[str, tuple[Any, ...]], sqlite3.Cursor]]:
        """A transaction for retention and erasing: yields `execute`."""
        with self._transaction(durable):
            yield self._db.execute

    # --- inside --------------------------------------------------------------------------------

    def _check_writer(self, kind: type) -> Table:
        table = BY_ROW[kind]
        if self.writer is None or table.writer not in (self.writer, ANY):
            raise StoreError(
                f"{self.writer or 'a reader'} may not write {table.name}: "
                f"its one writer is {table.writer} (appliance/store/tables.py)"
            )
        return table

    def _insert(self, table: Table, row: Any) -> None:
        values = rows.encode(row)
        verb = "REPLACE" if table.key else "INSERT"
        marks = ", ".join("?" * len(values))
        self._db.execute(
            f"{verb} INTO {table.name} ({', '.join(values)}) VALUES ({marks})",
            tuple(values.values()),
        )

    def _select(
        self, table: Table, where: dict[str, str], order: str, since: datetime | None = None
    ) -> list[Any]:
        terms = [f"{column} = ?" for column in where]
        values = list(where.values())
        if since is not None:
            terms.append("at >= ?")
            values.append(rows.encode_time(since))
        return self._read_decoded(table, " AND ".join(terms) or "1", order, tuple(values))

    def _find_nearest(
        self,
        kind: type[T],
        side: str,
        order: str,
        at: datetime,
        where: Mapping[str, str],
        excluding: Mapping[str, str],
    ) -> T | None:
        terms = [side, *(f"{column} = ?" for column in where)]
        terms += [f"{column} <> ?" for column in excluding]
        values = (rows.encode_time(at), *where.values(), *excluding.values())
        found = self._read_decoded(
            BY_ROW[kind], " AND ".join(terms), f"ORDER BY {order} LIMIT 1", values
        )
        return found[0] if found else None

    def _read_decoded(
        self, table: Table, condition: str, order: str, values: tuple[str, ...]
    ) -> list[Any]:
        found = self.query(f"SELECT * FROM {table.name} WHERE {condition} {order}", values)
        return [rows.decode(table.row, row) for row in found]

    def _open_fault(self, source: str, code: str) -> bool:
        sql = "SELECT 1 FROM fault WHERE source = ? AND code = ? AND cleared IS NULL"
        return bool(self.query(sql, (source, code)))

    @contextmanager
    def _transaction(self, durable: bool) -> Iterator[None]:
        try:
            self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreError(
                f"the database {self.path} cannot be written: {error}; "
                f"check the free space and the permissions of {self.path.parent}"
            ) from error


def connect(path: Path, read_only: bool) -> sqlite3.Connection:
    """Open the database; raise `StoreError` in words where that is not possible."""
    try:
        # A reader opens read-write as well: WAL readers need the shared-memory file.
        # `query_only` then refuses every change.
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        db.row_factory = sqlite3.Row
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        db.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        db.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
        db.execute("SELECT name FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.Error as error:
        raise StoreError(
            f"the database {path} cannot be opened: {error}; the unit's services create it, "
            "`unitctl doctor` says more"
        ) from error
    return db


def read_inode(path: Path) -> int | None:
    """Which file stands under this name now."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
