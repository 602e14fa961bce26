"""Hours of months and years, from the stored means; the last hours from full rows. Hours of which
the finer means are still there count for the five minutes that are known of them.

Reads: the means and full rows of power, battery and energy budget, the events and sleeps, through
the `Store` that it is given. Writes: nothing.
Never: invents an hour: one without rows is missing from the answer.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from appliance.model import BatteryState, EnergyLevel, PowerReading, Sleep, Wake
from appliance.store.decoding import decode_time, is_time
from appliance.store.rows import Row, encode_time
from appliance.store.steps import (
    COARSE_S,
    FINE_S,
    LEVEL_SHARES,
    average_levels,
    average_rows,
    select_readable,
)
from appliance.store.store import Store

HOUR = timedelta(hours=1)
HOUR_END = ":00:00.000Z"
POWER, CHARGE = ("pv_power_w", "load_power_w"), ("state_of_charge_pct",)
EXTREMES = ("min", "max")
Mean = dict[str, Any]


def read_hours(store: Store, since: datetime, now: datetime) -> Iterator[tuple[Mean, float]]:
    """Means from `since` on, each with the seconds that it is of: columns `step` and some of
    `POWER`, `CHARGE` (of an hour its lowest and its highest) and `LEVEL_SHARES`. Raises
    `StoreError`.
    """
    for table, columns in (
        ("power_reading", POWER),
        ("battery_state", CHARGE),
        ("energy_budget", tuple(LEVEL_SHARES)),
    ):
        means = read_hourly_means(store, table, columns, since)
        finer = read_finer_means(store, table, columns, since)
        for row in means:
            yield from finer.get(row["step"], [(make_mean(row), COARSE_S)])
        ends = decode_time(means[-1]["step"]) + HOUR if means else since
        yield from ((make_mean(row), FINE_S) for row in read_fine(store, table, columns, ends, now))


def make_mean(row: Row) -> Mean:
    """A row's columns by name."""
    return {name: row[name] for name in row.keys()}  # noqa: SIM118  (a row iterates its values)


def read_hourly_means(
    store: Store, table: str, columns: tuple[str, ...], since: datetime
) -> list[Row]:
    """The stored means of whole hours, in order."""
    found = store.query(
        f"SELECT at AS step, {', '.join(columns)} FROM {table}_mean "
        f"WHERE step_s = {COARSE_S} AND at >= ? ORDER BY at",
        (encode_time(since),),
    )
    return list(select_readable(found))


def read_finer_means(
    store: Store, table: str, columns: tuple[str, ...], since: datetime
) -> dict[str, list[tuple[Mean, float]]]:
    """By hour, what the stored means of five minutes say of it."""
    number = {name: f"CASE typeof({name}) WHEN 'real' THEN {name} END" for name in columns}
    sums = [f"sum({one}) / count(*) AS {name}" for name, one in number.items()]
    if columns == CHARGE:
        sums = [f"{verb}({number[name]}) AS {verb}_{name}" for name in CHARGE for verb in EXTREMES]
    found = store.query(
        f"SELECT substr(at, 1, 13) || '{HOUR_END}' AS step, count(*) AS steps, {', '.join(sums)} "
        f"FROM {table}_mean WHERE step_s = {FINE_S} AND at >= ? GROUP BY 1",
        (encode_time(since),),
    )
    return {row["step"]: list(split_finer(make_mean(row))) for row in select_readable(found)}


def split_finer(row: Mean) -> Iterator[tuple[Mean, float]]:
    """An hour's row; its lowest and its highest charge are two."""
    seconds = row.pop("steps") * FINE_S
    if EXTREMES[0] + f"_{CHARGE[0]}" not in row:
        yield row, seconds
        return
    for verb in EXTREMES:
        yield {name: row[f"{verb}_{name}"] for name in CHARGE} | {"step": row["step"]}, seconds


def read_fine(
    store: Store, table: str, columns: tuple[str, ...], since: datetime, now: datetime
) -> list[Row]:
    """The means of each five minutes of full rows, of hours that have no stored mean yet."""
    if table == "energy_budget":
        return list(average_levels(store, since, now))
    kind = PowerReading if table == "power_reading" else BatteryState
    return list(average_rows(store, kind, columns, since, now))


def count_events_by_hour(store: Store, since: datetime) -> dict[str, int]:
    """How many events began in each hour, by its first 13 characters: 2026-04-15T02."""
    sql = "SELECT substr(at, 1, 13) AS hour, count(*) AS events FROM event WHERE at >= ? GROUP BY 1"
    found = store.query(sql, (encode_time(since),))
    return {row["hour"]: row["events"] for row in found if is_time(f"{row['hour']}{HOUR_END}")}


def list_sleeps(store: Store, since: datetime) -> list[tuple[EnergyLevel, datetime, datetime]]:
    """Level, beginning and end of each sleep from which the unit has returned; not those called
    off.
    """
    wakes = sorted(wake.stamp.utc for wake in store.rows(Wake, since=since))
    sleeps = store.rows(Sleep, since=since)
    found = []
    for sleep, following in zip_longest(sleeps, sleeps[1:]):
        began = sleep.stamp.utc
        after = bisect_right(wakes, began)
        if after < len(wakes) and (following is None or wakes[after] <= following.stamp.utc):
            found.append((sleep.level, began, wakes[after]))
    return found
