"""How many messages of alarms there are, by channel, and how long the oldest has waited.

    count_messages(store, FAILING)           # {"mail": 3}
    measure_longest_wait_s(store)

Reads: the table of messages, through the `Store` that it is given. Writes: nothing.
Never: decodes a row that it only counts.
"""

from datetime import datetime
from typing import Any

from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.store.unit_time import read_time

OPEN = "state IN ('WAITING', 'SENDING')"
FAILING = f"{OPEN} AND attempts > 0"
DROPPED = "state = 'DROPPED'"
SENT_SINCE = "sent >= ?"


def count_messages(store: Store, condition: str, since: datetime | None = None) -> dict[str, int]:
    """By channel; `since`: for a condition that asks for a time. Raises `StoreError`."""
    values: tuple[Any, ...] = () if since is None else (encode_time(since),)
    sql = f"SELECT channel, count(*) FROM alarm_delivery WHERE {condition} GROUP BY channel"
    found = store.query(sql, values)
    return {row[0]: row[1] for row in found if isinstance(row[0], str)}


def measure_longest_wait_s(store: Store) -> float | None:
    """For how long the message made first of those that wait has done so, by the unit's own time;
    None where none waits, or that cannot be told.
    """
    columns = "boot_id, uptime_s"
    sql = f"SELECT {columns} FROM alarm_delivery WHERE {OPEN} ORDER BY sequence LIMIT 1"
    found = store.query(sql)
    return read_time(store).measure_age_s(*found[0]) if found else None
