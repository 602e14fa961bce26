"""Keeps the database small for years: seconds become 5-minute means, those become hourly means.

Reads and writes: the tables of one writer, asked for by that writer's own services; of the
processes of one writer (one for each camera) one does it, once an hour.
Never: touches a table of another writer, deletes a row before its mean is stored, or trusts the
wall clock: a row is as old as boots and uptime make it (unit_time.py).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from appliance.model import Fault
from appliance.store.decoding import TIME_GLOB, select_number
from appliance.store.row_search import RowSearch
from appliance.store.rows import Row, encode_time
from appliance.store.steps import (
    COARSE_S,
    FINE_S,
    format_mean_value,
    format_step_start,
    round_down,
)
from appliance.store.store import Store
from appliance.store.tables import ANY, BY_ROW, TABLES, Table
from appliance.store.unit_time import UnitTime, record_time

FINE_KEEP = timedelta(days=31)
COARSE_KEEP = timedelta(days=3660)
LATE = timedelta(minutes=10)  # a step is averaged once no row of it can still come
EVERY_S = 3500.0  # of unit time: not once for each process of a writer
PAGE_ROWS = 500
DAY_S = 86_400.0


def take_turn(store: Store) -> None:
    """Tidy up, unless another process of the same writer has done so in this hour."""
    now_s = record_time(store).unit_s
    sql = "SELECT unit_s FROM tidied WHERE writer = ?"
    with store.housekeeping() as execute:
        last_s = select_number((execute(sql, (store.writer,)).fetchone() or (None,))[0])
        if last_s is not None and 0 <= now_s - last_s < EVERY_S:
            return
        execute("REPLACE INTO tidied (writer, unit_s) VALUES (?, ?)", (store.writer, now_s))
    retain(store)


def retain(store: Store) -> None:
    """Average and delete what has come of age in the tables that `store` may write."""
    time = record_time(store)
    for table in TABLES:
        if table.writer != store.writer or table.writer == ANY:
            continue
        expired = 0 if table.key else find_expired_id(store, table, time)
        if table.averaged:
            store_means(store, table, time.trusted_utc, expired)
            delete_expired_means(store, table, time.trusted_utc)
        delete_rows(store, table, expired)
    delete_expired_faults(store, time)


def find_expired_id(store: Store, table: Table, time: UnitTime) -> int:
    """The last row past its days; 0 where none is. Rows come of age in the order of their ids, so
    all that is after one that is certainly young is young, whatever its damaged record says.
    """
    expired, last, columns = 0, 0, "id, boot_id, uptime_s"
    while True:
        search = RowSearch(table.name, "id > ?", "ORDER BY id", (last,), columns)
        page = store.collect(search, lambda row: row, PAGE_ROWS)
        for row in page:
            age_s = time.measure_age_s(row["boot_id"], row["uptime_s"])
            # A row of which the age is not known goes with the next one that is old.
            if age_s is not None and age_s <= table.keep_days * DAY_S:
                return expired
            expired = row["id"] if age_s is not None else expired
        if not page:
            return expired
        last = page[-1]["id"]


def is_older(time: UnitTime, row: Row, keep_s: float) -> bool:
    """Whether a row is certainly older."""
    age_s = time.measure_age_s(row["boot_id"], row["uptime_s"])
    return age_s is not None and age_s > keep_s


def store_means(store: Store, table: Table, now: datetime, expired: int) -> None:
    """Store the means of all complete steps that have none yet, and of all rows that will go.

    All rows are looked at each time, not only those after the last mean: while a dead clock battery
    or a first NTP answer lets the wall clock jump, later rows have earlier times.
    """
    columns, source = list_mean_columns(store, table), store.format_source(table.name)
    numbers = ", ".join(columns)
    means = ", ".join(f"avg({format_mean_value(column)})" for column in columns)
    for step_s in (FINE_S, COARSE_S):
        step = format_step_start(f"{table.name}.at", step_s)
        with store.housekeeping() as execute:
            execute(
                f"INSERT INTO {table.name}_mean (step_s, at, rows, {numbers}) "
                f"SELECT {step_s}, {step} AS start, count(*), {means} "
                f"FROM {source} WHERE (at < ? OR id <= ?) AND at GLOB '{TIME_GLOB}' "
                f"AND NOT EXISTS (SELECT 1 FROM {table.name}_mean AS mean "
                f"WHERE mean.step_s = {step_s} AND mean.at = {step}) GROUP BY start",
                (encode_time(round_down(now - LATE, step_s)), expired),
            )


def delete_rows(store: Store, table: Table, expired: int) -> None:
    """Delete the rows up to that id. The newest row always stays."""
    if not expired:
        return
    with store.housekeeping() as execute:
        execute(
            f"DELETE FROM {table.name} WHERE id <= ? AND id < (SELECT max(id) FROM {table.name})",
            (expired,),
        )


def delete_expired_means(store: Store, table: Table, now: datetime) -> None:
    """Delete means past their days; they have a date only, and `now` is one that can be trusted."""
    with store.housekeeping() as execute:
        for step_s, keep in ((FINE_S, FINE_KEEP), (COARSE_S, COARSE_KEEP)):
            execute(
                f"DELETE FROM {table.name}_mean WHERE step_s = ? AND at < ?",
                (step_s, encode_time(now - keep)),
            )


def delete_expired_faults(store: Store, time: UnitTime) -> None:
    """Delete the writer's own faults that were over long ago; an open one stays for ever."""
    keep = timedelta(days=BY_ROW[Fault].keep_days)
    own = "(source = ? OR source LIKE ? || '@%')"
    found = store.query(
        f"SELECT id, boot_id, uptime_s FROM fault WHERE cleared < ? AND {own}",
        (encode_time(time.trusted_utc - keep), store.writer, store.writer),
    )
    old = [row["id"] for row in found if is_older(time, row, keep.total_seconds())]
    unknown = [row["id"] for row in found if time.measure_age_s(row[1], row[2]) is None]
    delete_ids(store, "fault", [*old, *(one for one in unknown if one < max(old, default=0))])


def delete_ids(store: Store, table: str, ids: Sequence[int]) -> None:
    """Delete these rows."""
    with store.housekeeping() as execute:
        for row_id in ids:
            execute(f"DELETE FROM {table} WHERE id = ?", (row_id,))


def list_mean_columns(store: Store, table: Table) -> list[str]:
    """The columns of a table that are averaged."""
    fixed = ("step_s", "at", "rows")
    info = store.query(f"SELECT name FROM pragma_table_info('{table.name}_mean')")
    return [row["name"] for row in info if row["name"] not in fixed]
