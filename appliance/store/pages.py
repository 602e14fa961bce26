"""Large tables read a page at a time, so that no table is ever held in memory.

Reads: the tables and their means, through the `Store` that it is given. Writes: nothing.
Never: needs an index that each new row would have to be written to.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from appliance.store.reading import select_columns
from appliance.store.row_search import RowSearch
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.store.tables import BY_ROW, Table

BACK_ROWS = 500
EXPORT_ROWS = 1000
ABOVE_ALL_IDS = 2**62


def read_back(
    store: Store, kind: type, columns: Sequence[str], since: datetime, until: datetime
) -> Iterator[dict[str, Any]]:
    """These columns and `at`, decoded, of the rows from `since` up to `until`, newest first.

    Read back from the end, to a page without a row from `since` on: the newest hour of a large
    table costs a few pages. A row that cannot be read is passed over. Raises `StoreError`.
    """
    below, names = ABOVE_ALL_IDS, ("at", *columns)
    while True:
        search = RowSearch(BY_ROW[kind].name, "id < ?", "ORDER BY id DESC", (below,))
        page = store.collect(search, lambda row: row, BACK_ROWS)
        found = (select_columns(kind, names, row, store.unreadable) for row in page)
        readable = [row for row in found if row is not None]
        yield from (row for row in readable if since <= row["at"] <= until)
        if len(page) < BACK_ROWS or (readable and all(row["at"] < since for row in readable)):
            return
        below = page[-1]["id"]


def export_rows(store: Store, table: Table, since: datetime) -> Iterator[dict[str, Any]]:
    """A table's rows from `since` on as stored, in the order in which they were written."""
    last = -1
    key = "rowid" if table.key else "id"
    while True:
        condition, values = f"{key} > ? AND at >= ?", (last, encode_time(since))
        columns = f"{key} AS page_key, *"
        search = RowSearch(table.name, condition, f"ORDER BY {key}", values, columns)
        page = store.collect(search, dict, EXPORT_ROWS)
        for row in page:
            last = row.pop("page_key")
            row.pop("rowid", None)
            yield {name: make_plain(value) for name, value in row.items()}
        if len(page) < EXPORT_ROWS:
            return


def make_plain(value: Any) -> Any:
    """A stored value as JSON can hold it, but for bytes: infinity as a word."""
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def export_means(store: Store, table: Table, since: datetime) -> Iterator[dict[str, Any]]:
    """A table's stored means from `since` on, by step and time."""
    step_s, at = 0, ""
    while True:
        page = store.query(
            f"SELECT * FROM {table.name}_mean WHERE (step_s, at) > (?, ?) AND at >= ? "
            f"ORDER BY step_s, at LIMIT {EXPORT_ROWS}",
            (step_s, at, encode_time(since)),
        )
        for row in page:
            yield {name: make_plain(row[name]) for name in row.keys()}  # noqa: SIM118
        if len(page) < EXPORT_ROWS:
            return
        step_s, at = page[-1]["step_s"], page[-1]["at"]
