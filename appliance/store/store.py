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
from appliance.store.connection import UnknownAnswer, make_error, run_query
from appliance.store.decoding import MOST, select_number
from appliance.store.held_connection import HeldConnection
from appliance.store.reading import decode_row
from appliance.store.row_search import RowCollector, RowSearch, format_source
from appliance.store.tables import ANY, BY_ROW, Table, get_fresh_s
from appliance.store.unreadable import UnreadableRows
from appliance.wording.sentence_data import decode_sentence, encode_sentence

T = TypeVar("T")
Execute = Callable[[str, tuple[Any, ...]], sqlite3.Cursor]
PAGE_SIZE = 1024  # a small row dirties a whole page: small pages spare the flash
EVERY_ROW = 1_000_000
FAULT_TEXT_EVERY_S = 600.0  # an open fault's text follows, but the flash is spared


class Store(HeldConnection):
    """A connection to the unit database for one process.

    `writer` is the service's name in appliance/store/tables.py, or None for a reader. `opened`
    False: every call is a `StoreError` until `reopen` succeeds.
    """

    def __init__(
        self, path: Path, clock: Clock, writer: str | None = None, opened: bool = True
    ) -> None:
        super().__init__(path, read_only=writer is None)
        self.clock = clock
        self.writer = writer
        self.unreadable = UnreadableRows(clock)
        self._collector = RowCollector(path, self.unreadable)
        self._reported_s: dict[tuple[str, str], float] = {}
        self.wake_alarms: Callable[[str], None] = lambda _: None  # given tables that make alarms
        if opened:
            self.reopen()

    # --- writing -------------------------------------------------------------------------------

    def add(self, *new: Any) -> None:
        """Write rows in one transaction; a keyed table's row replaces the one with its key."""
        self.add_if(lambda _: True, *new)

    def add_if(self, holds: Callable[[Execute], bool], *new: Any) -> bool:
        """As `add`, where `holds` finds it true in the same transaction, of what others have stored
        or erased by then; else nothing is written.
        """
        tables = [self._check_writer(type(row)) for row in new]
        with self._transaction(durable=any(table.durable for table in tables)):
            if not holds(self._db.execute):
                return False
            for table, row in zip(tables, new, strict=True):
                self._insert(table, row)
        for name in {table.name for table in tables if table.alarms}:
            self.wake_alarms(name)
        return True

    def publish_status(self, service: str, status: str) -> None:
        """Publish the one sentence that `systemctl status` shows as well."""
        self.add(ServiceState(self.clock.stamp(), service, status))

    def raise_fault(self, source: str, error: ApplianceError, at: Stamp | None = None) -> bool:
        """Record a fault unless the same one is open; returns whether it is new. `at`: when it was
        met, where that is not now. The text of one that is open follows, at most every ten minutes.
        """
        known = self._read_fault_text(source, error.code)
        if known is not None:
            if known != str(error):
                self._replace_fault_text(source, error)
            return False
        self._reported_s.pop((source, error.code), None)
        self.add(Fault(at or self.clock.stamp(), error.code, source, str(error), None))
        return True

    def clear_faults(
        self, source: str, still: frozenset[str] = frozenset(), at: Stamp | None = None
    ) -> list[str]:
        """Mark the open faults of `source` as over, but for the codes in `still`; returns which.
        `at`: when they ended, where that is not now.
        """
        sql = "SELECT DISTINCT code FROM fault WHERE source = ? AND cleared IS NULL"
        over = {row[0] for row in self.query(sql, (source,)) if isinstance(row[0], str)} - still
        if over:
            now = rows.encode_time((at or self.clock.stamp()).utc)
            sql = "UPDATE fault SET cleared = ? WHERE source = ? AND code = ? AND cleared IS NULL"
            with self._transaction(durable=True):
                self._db.executemany(sql, [(now, source, code) for code in over])
            self.wake_alarms("fault")
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
        """The row written last that can be read, however old: for showing and for starting up,
        never for deciding. An event of an hour that was wrong is not the newest for years.
        """
        table = BY_ROW[kind]
        order = table.order if table.key else "id"
        found = self._select(table, where, f"ORDER BY {order} DESC", limit=1)
        return found[0] if found else None

    def rows(
        self,
        kind: type[T],
        since: datetime | None = None,
        limit: int = EVERY_ROW,
        newest_first: bool = False,
        **where: str,
    ) -> list[T]:
        """Rows from `since` on, oldest first unless asked otherwise."""
        table = BY_ROW[kind]
        direction = "DESC" if newest_first else "ASC"
        return self._select(table, where, table.format_order(direction), since, limit=limit)

    def before(
        self, kind: type[T], at: datetime, excluding: Mapping[str, str] | None = None, **where: str
    ) -> T | None:
        """The last row of that moment or before: `store.before(CameraState, at, camera="gate")`.

        `excluding`: column values that the row must not have. Goes by the wall clock.
        """
        return self._find_nearest(
            kind, "at <= ?", "at DESC, id DESC", at, where=where, excluding=excluding or {}
        )

    def after(
        self, kind: type[T], at: datetime, excluding: Mapping[str, str] | None = None, **where: str
    ) -> T | None:
        """The first row after that moment; otherwise as `before`."""
        return self._find_nearest(
            kind, "at > ?", "at, id", at, where=where, excluding=excluding or {}
        )

    def list_lasting(
        self,
        kind: type[T],
        since: datetime,
        until: datetime,
        *,
        ends: str,
        limit: int,
        **where: str,
    ) -> list[T]:
        """Rows that begin by `until` and end (in the column `ends`) at `since` or later."""
        terms = [*(f"{column} = ?" for column in where), "at <= ?", f"{ends} >= ?"]
        values = (*where.values(), rows.encode_time(until), rows.encode_time(since))
        condition = " AND ".join(terms)
        return self._read_decoded(BY_ROW[kind], condition, "ORDER BY at, id", values, limit)

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
        return [row[0] for row in self.query(sql) if isinstance(row[0], str)]

    def count(self, kind: type, since: datetime, until: datetime) -> int:
        """How many rows there are from `since` up to `until`."""
        sql = f"SELECT count(*) FROM {BY_ROW[kind].name} WHERE at >= ? AND at <= ?"
        values = (rows.encode_time(since), rows.encode_time(until))
        return int(self._read_one(sql, values)[0] or 0)

    def count_by(self, kind: type, column: str, since: datetime, until: datetime) -> dict[str, int]:
        """How many rows there are from `since` to before `until`, by the values of a column."""
        sql = (
            f"SELECT {column}, count(*) FROM {BY_ROW[kind].name} "
            f"WHERE at >= ? AND at < ? GROUP BY {column}"
        )
        found = self.query(sql, (rows.encode_time(since), rows.encode_time(until)))
        return {row[0]: row[1] for row in found if isinstance(row[0], str)}

    def sum_columns(
        self, kind: type, since: datetime, until: datetime, *columns: str
    ) -> tuple[float | None, ...]:
        """The sum of each column over the rows from `since` up to `until`; None where there are
        none.
        """
        wanted = ", ".join(f"sum({format_number(column)})" for column in columns)
        sql = f"SELECT {wanted} FROM {BY_ROW[kind].name} WHERE at >= ? AND at <= ?"
        values = (rows.encode_time(since), rows.encode_time(until))
        return self._read_one(sql, values, len(columns))

    def average(self, kind: type, column: str, since: datetime, until: datetime) -> float | None:
        """The mean of a column over the rows from `since` to `until`; None where there are none."""
        mean = f"avg({format_number(column)})"
        sql = f"SELECT {mean} FROM {BY_ROW[kind].name} WHERE at >= ? AND at <= ?"
        return self._read_one(sql, (rows.encode_time(since), rows.encode_time(until)))[0]

    def check_readable(self) -> None:
        """Raise `StoreError` where the database cannot be read."""
        self.query("SELECT 1")

    # --- for appliance/store only ---------------------------------------------------------------

    def query(self, sql: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """Rows of a SELECT that the calls above do not cover: steps, pages, plans, events."""
        return self._answer(lambda db: run_query(db, self.path, sql, values))

    def format_source(self, table: str) -> str:
        """SQL: the table without its rows that are too large; looks through all of it."""
        return format_source(table, self._collector.find_oversized(self._db, table))

    def collect(
        self, search: RowSearch, keep: Callable[[sqlite3.Row], T | None], limit: int = EVERY_ROW
    ) -> list[T]:
        """What `keep` makes of the first rows of a search; those that it makes None of are passed
        over.
        """
        return self._answer(lambda db: self._collector.collect(db, search, keep, limit))

    @contextmanager
    def housekeeping(self, durable: bool = False) -> Iterator[Execute]:
        """A transaction for retention and erasing: yields `execute`."""
        with self._transaction(durable):
            yield self._db.execute

    # --- inside --------------------------------------------------------------------------------

    def _answer(self, ask: Callable[[sqlite3.Connection], list[T]]) -> list[T]:
        """The answer of the database; none about what it lacks, or what is too large."""
        try:
            return ask(self._db)
        except UnknownAnswer as missing:
            self.unreadable.note("the whole database", str(missing), (str(missing),))
            return []

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
        self,
        table: Table,
        where: dict[str, str],
        order: str,
        since: datetime | None = None,
        *,
        limit: int = EVERY_ROW,
    ) -> list[Any]:
        terms = [f"{column} = ?" for column in where]
        values = list(where.values())
        if since is not None:
            terms.append("at >= ?")
            values.append(rows.encode_time(since))
        return self._read_decoded(table, " AND ".join(terms) or "1", order, tuple(values), limit)

    def _find_nearest(
        self,
        kind: type[T],
        side: str,
        order: str,
        at: datetime,
        *,
        where: Mapping[str, str],
        excluding: Mapping[str, str],
    ) -> T | None:
        terms = [side, *(f"{column} = ?" for column in where)]
        terms += [f"{column} <> ?" for column in excluding]
        values = (rows.encode_time(at), *where.values(), *excluding.values())
        condition = " AND ".join(terms)
        found = self._read_decoded(BY_ROW[kind], condition, f"ORDER BY {order}", values, 1)
        return found[0] if found else None

    def _read_decoded(
        self,
        table: Table,
        condition: str,
        order: str,
        values: tuple[str, ...],
        limit: int = EVERY_ROW,
    ) -> list[Any]:
        """The first `limit` rows that can be read."""
        search = RowSearch(table.name, condition, order, values)
        return self.collect(
            search, lambda row: decode_row(table, row, self.unreadable), max(0, int(limit))
        )

    def _read_one(
        self, sql: str, values: tuple[Any, ...], columns: int = 1
    ) -> tuple[float | None, ...]:
        """The one row of a SELECT of aggregates."""
        found = self.query(sql, values)
        return tuple(select_number(value) for value in found[0]) if found else (None,) * columns

    def _read_fault_text(self, source: str, code: str) -> str | None:
        """The text of the open fault of that code; None where none is open."""
        sql = "SELECT text FROM fault WHERE source = ? AND code = ? AND cleared IS NULL"
        found = self.query(sql, (source, code))
        return decode_sentence(str(found[0][0])) if found else None

    def _replace_fault_text(self, source: str, error: ApplianceError) -> None:
        now_s = self.clock.stamp().uptime_s
        reported_s = self._reported_s.get((source, error.code))
        if reported_s is not None and now_s - reported_s < FAULT_TEXT_EVERY_S:
            return
        self._reported_s[source, error.code] = now_s
        sql = "UPDATE fault SET text = ? WHERE source = ? AND code = ? AND cleared IS NULL"
        with self._transaction(durable=True):
            self._db.execute(sql, (encode_sentence(str(error)), source, error.code))

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
            raise make_error(self.path, "written", error) from error


def format_number(column: str) -> str:
    """SQL: a column's value where it is a number; text and infinity are none, and no zero."""
    return f"CASE WHEN {column} BETWEEN -{MOST} AND {MOST} THEN {column} END"
