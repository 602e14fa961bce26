"""Keeps the database small for years: seconds become 5-minute means, those become hourly means.

Reads and writes: the tables of one writer, asked for by that writer's own service once an hour.
Never: touches a table of another writer, or deletes a row before its mean is stored.
"""

from datetime import datetime, timedelta

from appliance.rows import text_of
from appliance.store import Store
from appliance.tables import ANY, TABLES, Table

FINE_S, COARSE_S = 300, 3600
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
            average(store, table, now)
        expire(store, table, now)


def average(store: Store, table: Table, now: datetime) -> None:
    """Store the means of all complete steps since the last ones."""
    for step_s in (FINE_S, COARSE_S):
        numbers = mean_columns(store, table)
        last = store.query(f"SELECT max(at) FROM {table.name}_mean WHERE step_s = ?", (step_s,))
        means = ", ".join(f"avg({number})" for number in numbers)
        until = text_of(floor(now - LATE, step_s))
        step = (
            "strftime('%Y-%m-%dT%H:%M:%S.000Z', "
            f"CAST(strftime('%s', at) AS INTEGER) / {step_s} * {step_s}, 'unixepoch')"
        )
        with store.housekeeping() as execute:
            execute(
                f"INSERT OR IGNORE INTO {table.name}_mean (step_s, at, rows, {', '.join(numbers)}) "
                f"SELECT {step_s}, {step} AS start, count(*), {means} FROM {table.name} "
                "WHERE at < ? AND at >= ? GROUP BY start",
                (until, last[0][0] or ""),
            )


def expire(store: Store, table: Table, now: datetime) -> None:
    """Delete full rows past their days, and means past theirs. The newest row always stays."""
    old = text_of(now - timedelta(days=table.keep_days))
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
                    (step_s, text_of(now - keep)),
                )


def mean_columns(store: Store, table: Table) -> list[str]:
    """The columns of a table that are averaged."""
    fixed = ("step_s", "at", "rows")
    info = store.query(f"SELECT name FROM pragma_table_info('{table.name}_mean')")
    return [row["name"] for row in info if row["name"] not in fixed]


def floor(utc: datetime, step_s: int) -> datetime:
    """The start of the step that `utc` lies in."""
    return utc - timedelta(seconds=utc.timestamp() % step_s)
