"""The stored rows that a process could not read: which, of which table, and what of them.

    unreadable.note("battery_state", 17, ("method",))
    unreadable.describe()   # "1 row of battery_state cannot be read (the first: 17, its method)..."

Reads and writes: nothing; the store notes what it passes over, the service reports it as a fault.
Never: grows without limit, or counts a row twice.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from appliance.clock import Clock
from appliance.errors import ApplianceError
from appliance.wording.counts import format_count
from appliance.wording.sentence import join_sentences, say

FORGET_S = 3600.0  # a row that was not met for so long is gone, or of no use to anybody
MOST_ROWS = 10_000  # that are counted one by one in each table


class RowsError(ApplianceError):
    """Some stored rows cannot be read."""

    code = "rows"


@dataclass(frozen=True, slots=True)
class UnreadableTable:
    """What cannot be read of one table: how many rows, and of the first one its id and column."""

    table: str
    rows: int
    first: str
    column: str

    @property
    def text(self) -> str:
        rows = format_count(self.rows, "row")
        return say(
            "{rows} of {table} (the first: {first}, its {column})",
            rows=rows,
            table=self.table,
            first=self.first,
            column=self.column,
        )


@dataclass
class UnreadableRows:
    """Notes rows as they are passed over, and drops those that are met no more."""

    clock: Clock
    _met: dict[str, dict[Any, tuple[str, float]]] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)  # a recorder's thread reads too

    def note(self, table: str, key: Any, columns: tuple[str, ...]) -> None:
        """A row was met of which these columns cannot be read."""
        with self._turn:
            rows = self._met.setdefault(table, {})
            if key in rows or len(rows) < MOST_ROWS:
                column = rows[key][0] if key in rows else columns[0]
                rows[key] = (column, self.clock.stamp().uptime_s)

    def list_tables(self) -> list[UnreadableTable]:
        """One entry for each table of which rows were met in the last hour."""
        with self._turn:
            return list(self._sum_up())

    def describe(self) -> str | None:
        """The sentence about all of them; None where there are none."""
        tables = self.list_tables()
        if not tables:
            return None
        return say(
            "{tables} cannot be read and count as unknown: a damaged disk writes such rows, "
            "or a newer release; `unitctl doctor` looks for more",
            tables=join_sentences(", ", [one.text for one in tables]),
        )

    def _sum_up(self) -> Iterator[UnreadableTable]:
        now_s = self.clock.stamp().uptime_s
        for table, rows in list(self._met.items()):
            kept = {key: met for key, met in rows.items() if abs(now_s - met[1]) <= FORGET_S}
            self._met[table] = kept
            if kept:
                first = next(iter(kept))
                yield UnreadableTable(table, len(kept), show_key(first), kept[first][0])


def show_key(key: Any) -> str:
    """A row's id as people can read it."""
    return str(key) if isinstance(key, (int, str)) else repr(key)[:40]
