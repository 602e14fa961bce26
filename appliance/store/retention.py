"""Keeps the database small for years: seconds become 5-minute means, those become hourly means.

Reads and writes: the tables of one writer, asked for by that writer's own service once an hour.
Never: touches a table of another writer, or deletes a row before its mean is stored.
"""

from datetime import datetime, timedelta

from appliance.model import Fault
from appliance.store.rows import encode_time
from appliance.store.steps import COARSE_S, FINE_S, format_step_start, round_down
from appliance.store.store import Store
from appliance.store.tables import ANY, BY_ROW, TABLES, Table

FINE_KEEP = timedelta(days=31)
COARSE_KEEP = timedelta(days=3660)
LATE = timedelta(minutes=10)  # a step is averaged once no row of it can still come


def retain(store: Store) -> None:
    """Average and delete what has come of age in the tables that `store` may write."""
    now = store.clock.stamp().utc
    for table in TABLES:
        if table.writer != store.writer or table.writer == ANY:
            continue
        if table.averaged:
            store_means(store, table, now)
        delete_expired(store, table, now)
    delete_expired_faults(store, now)


def store_means(store: Store, table: Table, now: datetime) -> None:
    """Store the means of all complete steps that have none yet.

    All rows are checked each time, not only those after the last mean: while a dead clock battery
    or a first NTP answer lets the wall clock jump, later rows have earlier times.
    """
    numbers = ", ".join(list_mean_columns(store, table))
    means = ", ".join(f"avg({number})" for number in list_mean_columns(store, table))
    for step_s in (FINE_S, COARSE_S):
        step = format_step_start(f"{table.name}.at", step_s)
        with store.housekeeping() as execute:
            execute(
                f"INSERT INTO {table.name}_mean (step_s, at, rows, {numbers}) "
                f"SELECT {step_s}, {step} AS start, count(*), {means} "
                f"FROM {table.name} WHERE at < ? AND NOT EXISTS "
                f"(SELECT 1 FROM {table.name}_mean AS mean "
                f"WHERE mean.step_s = {step_s} AND mean.at = {step}) GROUP BY start",
                (encode_time(round_down(now - LATE, step_s)),),
            )


def delete_expired(store: Store, table: Table, now: datetime) -> None:
    """Delete full rows past their days, and means past theirs. The newest row always stays."""
    old = encode_time(now - timedelta(days=table.keep_days))
    with store.housekeeping() as execute:
        if not table.key:
            execute(
                f"DELETE FROM {table.name} WHERE at < ? "
                f"AND id < (SELECT max(id) FROM {table.name})",
                (old,),
            )
        if table.averaged:
            for step_s, keep in ((FINE_S, FINE_KEEP), (COARSE_S, COARSE_KEEP)):
                execute(
                    f"DELETE FROM {table.name}_mean WHERE step_s = ? AND at < ?",
                    (step_s, encode_time(now - keep)),
                )


def delete_expired_faults(store: Store, now: datetime) -> None:
    """Delete the writer's own faults that were over long ago; an open one stays for ever."""
    old = encode_time(now - timedelta(days=BY_ROW[Fault].keep_days))
    with store.housekeeping() as execute:
        execute(
            "DELETE FROM fault WHERE cleared < ? AND (source = ? OR source LIKE ? || '@%')",
            (old, store.writer, store.writer),
        )


def list_mean_columns(store: Store, table: Table) -> list[str]:
    """The columns of a table that are averaged."""
    fixed = ("step_s", "at", "rows")
    info = store.query(f"SELECT name FROM pragma_table_info('{table.name}_mean')")
    return [row["name"] for row in info if row["name"] not in fixed]
