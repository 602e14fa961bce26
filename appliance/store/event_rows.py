"""Events by their place in the table: the new ones, older ones, and those to be erased.

Reads and writes: the event table, through the `Store` that it is given.
Never: touches a picture or clip; appliance/media deletes those first.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from appliance.model_cameras import Event
from appliance.store.rows import decode, encode_time
from appliance.store.store import Store

PAGE_ROWS = 200


class EventKey(Enum):
    """What events are selected by for erasing: the SQL of each condition."""

    BEFORE = "at < ?"
    CAMERA = "camera = ?"
    EVENT = "event_id = ?"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: `value` is a stored time, a camera's name or an event's id."""

    key: EventKey
    value: str


def read_newest_id(store: Store) -> int:
    """The id of the row that was written last; 0 where there is none."""
    return int(store.query("SELECT max(id) FROM event")[0][0] or 0)


def read_new_events(store: Store, after_id: int) -> list[tuple[int, Event]]:
    """The next events written after the row `after_id`, each with its row's id."""
    sql = f"SELECT * FROM event WHERE id > ? ORDER BY id LIMIT {PAGE_ROWS}"
    return [(row["id"], decode(Event, row)) for row in store.query(sql, (after_id,))]


def read_older_events(store: Store, before: datetime, limit: int) -> list[Event]:
    """At most `limit` events that began before that moment, the last written first."""
    sql = "SELECT * FROM event WHERE at < ? ORDER BY id DESC LIMIT ?"
    return [decode(Event, row) for row in store.query(sql, (encode_time(before), limit))]


def find_event_ids(store: Store, wanted: EventFilter) -> list[tuple[int, str]]:
    """Row id and event id of these events, in the order in which they were written."""
    sql = f"SELECT id, event_id FROM event WHERE {wanted.key.value} ORDER BY id"
    return [(row["id"], row["event_id"]) for row in store.query(sql, (wanted.value,))]


def delete_events(store: Store, wanted: EventFilter, last_id: int) -> None:
    """Delete these events up to the row `last_id`, and overwrite what they held on disk."""
    store.query("PRAGMA secure_delete=ON")
    with store.housekeeping(durable=True) as execute:
        execute(f"DELETE FROM event WHERE id <= ? AND {wanted.key.value}", (last_id, wanted.value))
    # What the log still holds of the rows is overwritten now, if no reader is in the middle of it.
    store.query("PRAGMA wal_checkpoint(TRUNCATE)")
