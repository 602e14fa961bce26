"""Large tables read a page at a time, so that no table is ever held in memory.

Reads: the tables and their means, through the `Store` that it is given. Writes: nothing.
Never: needs an index that each new row would have to be written to.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from appliance.store.rows import Row, encode_time
from appliance.store.store import Store
from appliance.store.tables import BY_ROW, Table

BACK_ROWS = 500
EXPORT_ROWS = 1000
ABOVE_ALL_IDS = 2**62


def read_back(store: Store, kind: type, columns: Sequence[str], since: datetime) -> Iterator[Row]:
    """These columns (and `id`, `at`) of the rows from `since` on, newest first.

    Read back from the end: the newest hour of a large table costs a few pages. Raises `StoreError`.
    """
    first, below = encode_time(since), ABOVE_ALL_IDS
    while True:
        page = store.query(
            f"SELECT id, at, {', '.join(columns)} FROM {BY_ROW[kind].name} "
            f"WHERE id < ? ORDER BY id DESC LIMIT {BACK_ROWS}",
            (below,),
        )
        yield from (row for row in page if row["at"] >= first)
        if len(page) < BACK_ROWS or page[-1]["at"] < first:
            return
        below = page[-1]["id"]


def export_rows(store: Store, table: Table, since: datetime) -> Iterator[dict[str, Any]]:
    """A table's rows from `since` on as stored, in the order in which they were written."""
    last = -1
    key = "rowid" if table.key else "id"
    while True:
        page = store.query(
            f"SELECT {key} AS page_key, * FROM {table.name} "
            f"WHERE {key} > ? AND at >= ? ORDER BY {key} LIMIT {EXPORT_ROWS}",
            (last, encode_time(since)),
        )
        for row in page:
            values = dict(row)
            last = values.pop("page_key")
            yield values
        if len(page) < EXPORT_ROWS:
            return


def export_means(store: Store, table: Table, since: datetime) -> Iterator[dict[str, Any]]:
    """A table's stored means from `since` on, by step and time."""
    step_s, at = 0, ""
    while True:
        page = store.query(
            f"SELECT * FROM {table.name}_mean WHERE (step_s, at) > (?, ?) AND at >= ? "
            f"ORDER BY step_s, at LIMIT {EXPORT_ROWS}",
            (step_s, at, encode_time(since)),
        )
        yield from (dict(row) for row in page)
        if len(page) < EXPORT_ROWS:
            return
        step_s, at = page[-1]["step_s"], page[-1]["at"]
