"""Alarms by their rows: what is new in the tables that can make one, what waits, what was sent.

Reads and writes: the tables of alarms, and those marked `alarms` in tables.py as a reader, through
the `Store` that it is given.
Never: decides what makes an alarm; appliance/alarms does.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from appliance.model import Fault
from appliance.model_alarms import Alarm, AlarmDelivery, AlarmPosition
from appliance.store.alarm_positions import NUMBERED
from appliance.store.reading import decode_row
from appliance.store.row_search import RowSearch
from appliance.store.rows import Row, encode_time
from appliance.store.store import Store
from appliance.store.tables import BY_ROW

T = TypeVar("T")
PAGE_ROWS = 100
MOST_DELETED = 500  # alarms at once
MOST_OPEN = 2000  # messages that are looked at together, the most important first
RANKS = "CASE priority WHEN 'URGENT' THEN 0 WHEN 'HIGH' THEN 1 WHEN 'NORMAL' THEN 2 ELSE 3 END"
BY_RANK = f"ORDER BY {RANKS}, at"
IS_OPEN = "state IN ('WAITING', 'SENDING')"
HEARTBEATS = "SELECT alarm_id FROM alarm WHERE kind = 'HEARTBEAT'"
Numbered = tuple[int, T]
MeasureAge = Callable[[Any, Any], float | None]  # of a boot and an uptime


def select(
    store: Store, kind: type[T], condition: str, values: tuple[Any, ...], order: str, limit: int
) -> list[T]:
    """Rows of one table, those that cannot be read left out. Raises `StoreError`."""
    table = BY_ROW[kind]

    def keep(row: Row) -> T | None:
        found: T | None = decode_row(table, row, store.unreadable)
        return found

    return store.collect(RowSearch(table.name, condition, order, values), keep, limit)


def read_new(store: Store, kind: type[T], after_id: int) -> list[Numbered[T]]:
    """The next rows written after that one, each with its id, at most `PAGE_ROWS`."""
    table = BY_ROW[kind]

    def keep(row: Row) -> Numbered[T] | None:
        found: T | None = decode_row(table, row, store.unreadable)
        return None if found is None else (row["id"], found)

    search = RowSearch(table.name, "id > ?", "ORDER BY id", (after_id,))
    return store.collect(search, keep, PAGE_ROWS)


def find_newest_id(store: Store, kind: type) -> int | None:
    """The id of the row that was written last; 0 where there is none, None where none can tell."""
    found = store.query(f"SELECT max(id) FROM {BY_ROW[kind].name}")
    return int(found[0][0] or 0) if found else None


def find_faults(store: Store, ids: Sequence[int]) -> list[Numbered[Fault]]:
    """The faults of these rows."""
    marks = ", ".join("?" * len(ids))

    def keep(row: Row) -> Numbered[Fault] | None:
        found: Fault | None = decode_row(BY_ROW[Fault], row, store.unreadable)
        return None if found is None else (row["id"], found)

    return store.collect(
        RowSearch("fault", f"id IN ({marks})", "ORDER BY id", tuple(ids)), keep, len(ids) or 1
    )


def read_positions(store: Store) -> dict[str, int]:
    """Up to which row each stream was read."""
    return {one.stream: one.read_id for one in store.rows(AlarmPosition)}


def delete_positions(store: Store, streams: Sequence[str]) -> None:
    """Those that are of no use any more."""
    with store.housekeeping(durable=True) as execute:
        for stream in streams:
            execute("DELETE FROM alarm_position WHERE stream = ?", (stream,))


def find_last_sequence(store: Store) -> int:
    """The number of the newest alarm; 0 where there is none."""
    return find_highest(store, "alarm")


def find_last_message(store: Store) -> int:
    """The number of the newest message; 0 where there is none."""
    return find_highest(store, "alarm_delivery")


def find_highest(store: Store, table: str) -> int:
    """The highest number in a table, or before it in a copy that was put back; a damaged one is
    none.
    """
    found = store.query(f"SELECT max(sequence) FROM {table} WHERE {NUMBERED[table]}")
    begins = read_positions(store).get(table, 0)
    return max(begins, int(found[0][0] or 0) if found else 0)


def find_last_alarm(store: Store, key: str) -> Alarm | None:
    """The newest alarm of that key."""
    found = select(store, Alarm, "key = ?", (key,), "ORDER BY sequence DESC", 1)
    return found[0] if found else None


def is_told(store: Store, rule: str, event_id: str) -> bool:
    """Whether an event has made an alarm by that rule."""
    sql = "SELECT 1 FROM alarm WHERE event_id = ? AND rule = ? LIMIT 1"
    return bool(event_id and store.query(sql, (event_id, rule)))


def find_alarm(store: Store, alarm_id: str) -> Alarm | None:
    """One alarm by its id, or by its number."""
    if alarm_id.isascii() and alarm_id.isdecimal() and len(alarm_id) < 16:
        values: tuple[Any, ...] = (int(alarm_id),)
        found = select(store, Alarm, "sequence = ?", values, "ORDER BY at DESC", 1)
    else:
        found = select(store, Alarm, "alarm_id = ?", (alarm_id,), "", 1)
    return found[0] if found else None


def list_recent_alarms(store: Store, limit: int) -> list[Alarm]:
    """The newest alarms, the newest first."""
    return select(store, Alarm, "1", (), "ORDER BY sequence DESC, at DESC", limit)


def count_acknowledgements(store: Store, alarm_id: str) -> int:
    """How often it was ordered that an alarm was seen."""
    sql = "SELECT count(*) FROM alarm_order WHERE kind = 'ACKNOWLEDGE' AND alarm_id = ?"
    found = store.query(sql, (alarm_id,))
    return int(found[0][0]) if found else 0


def list_deliveries(store: Store, alarm_id: str) -> list[AlarmDelivery]:
    """All messages of one alarm, the oldest first."""
    order = "ORDER BY at, delivery_id"
    return select(store, AlarmDelivery, "alarm_id = ?", (alarm_id,), order, MOST_OPEN)


def list_open(store: Store, limit: int = MOST_OPEN) -> list[AlarmDelivery]:
    """Messages that wait or were given to their channel without an answer, the most important
    first, then the oldest.
    """
    return select(store, AlarmDelivery, IS_OPEN, (), BY_RANK, limit)


def list_sending(store: Store) -> list[AlarmDelivery]:
    """Messages that were given to their channel, and of which no answer is stored."""
    return select(store, AlarmDelivery, "state = 'SENDING'", (), BY_RANK, MOST_OPEN)


def list_open_channels(store: Store) -> list[str]:
    """The channels for which a message waits."""
    found = store.query(f"SELECT DISTINCT channel FROM alarm_delivery WHERE {IS_OPEN}")
    return [row[0] for row in found if isinstance(row[0], str)]


def list_due(
    store: Store, channel: str, now: datetime, latest: datetime, limit: int
) -> list[AlarmDelivery]:
    """Those of a channel that are due: a time later than `latest` was made by another clock."""
    condition = f"{IS_OPEN} AND channel = ? AND NOT (not_before > ? AND not_before <= ?)"
    values = (channel, encode_time(now), encode_time(latest))
    return select(store, AlarmDelivery, condition, values, BY_RANK, limit)


def list_next(store: Store, channel: str, now: datetime) -> list[AlarmDelivery]:
    """The one of a channel that is due next; none where nothing waits for a time."""
    condition, values = f"{IS_OPEN} AND channel = ? AND not_before > ?", (channel, encode_time(now))
    return select(store, AlarmDelivery, condition, values, "ORDER BY not_before", 1)


def list_failing(store: Store, channel: str, attempts: int) -> list[AlarmDelivery]:
    """The most important one of a channel that has failed so often."""
    condition, values = f"{IS_OPEN} AND channel = ? AND attempts >= ?", (channel, attempts)
    return select(store, AlarmDelivery, condition, values, BY_RANK, 1)


def list_waiting_heartbeats(store: Store) -> list[AlarmDelivery]:
    """Those that were not given to their channel yet."""
    condition = f"state = 'WAITING' AND alarm_id IN ({HEARTBEATS})"
    return select(store, AlarmDelivery, condition, (), BY_RANK, MOST_OPEN)


def count_open(store: Store) -> int:
    """How many messages wait; none in a database that is older than alarms."""
    found = store.query(f"SELECT count(*) FROM alarm_delivery WHERE {IS_OPEN}")
    return int(found[0][0]) if found else 0


def list_sent(store: Store, recipient: str, since: datetime) -> list[AlarmDelivery]:
    """What a recipient was sent after `since`; heartbeats are no part of any limit."""
    condition = f"recipient = ? AND sent >= ? AND alarm_id NOT IN ({HEARTBEATS})"
    values = (recipient, encode_time(since))
    return select(store, AlarmDelivery, condition, values, "ORDER BY sent", 10 * MOST_OPEN)


def delete_old(store: Store, keep_s: float, measure_age_s: MeasureAge) -> None:
    """Alarms older than that, by the unit's own time, with their messages, but for those of which
    one waits; some hundreds at once. One of unknown age goes with the next one that is old.
    """
    waiting = f"SELECT alarm_id FROM alarm_delivery WHERE {IS_OPEN}"
    rows = store.query(
        "SELECT alarm_id, boot_id, uptime_s FROM alarm "
        f"WHERE alarm_id NOT IN ({waiting}) ORDER BY sequence LIMIT {MOST_DELETED}"
    )
    ages_s = [measure_age_s(row["boot_id"], row["uptime_s"]) for row in rows]
    young = (n for n, age_s in enumerate(ages_s) if age_s is not None and age_s <= keep_s)
    old = [n for n, age_s in enumerate(ages_s[: next(young, None)]) if age_s is not None]
    with store.housekeeping() as execute:
        for row in rows[: max(old, default=-1) + 1]:
            for table in ("alarm_delivery", "alarm"):
                execute(f"DELETE FROM {table} WHERE alarm_id = ?", (row["alarm_id"],))
