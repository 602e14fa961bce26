"""Events by their rows: those that were written last, and those to be erased.

Reads and writes: the event table, and the alarms of what is erased, through the `Store` that it is
given.
Never: touches a picture or clip; appliance/media deletes those first.
"""

from dataclasses import dataclass
from enum import Enum

from appliance.model_cameras import Event
from appliance.store.alarm_erasing import Chosen, list_statements
from appliance.store.reading import decode_row
from appliance.store.row_search import RowSearch
from appliance.store.rows import Row
from appliance.store.store import Store
from appliance.store.tables import BY_ROW

PAGE_ROWS = 200


class EventKey(Enum):
    """What events are selected by for erasing: the SQL of each condition."""

    BEFORE = "at < ?"
    CAMERA = "camera = ?"
    EVENT = "event_id = ?"
    LISTED = "event_id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: `value` is a stored time, a camera's name, an event's id, or ids as JSON."""

    key: EventKey
    value: str


def read_newest_id(store: Store) -> int:
    """The id of the row that was written last; 0 where there is none."""
    found = store.query("SELECT max(id) FROM event")
    return int(found[0][0] or 0) if found else 0


def read_new_events(store: Store, after_id: int) -> list[tuple[int, Event]]:
    """The next events written after the row `after_id`, each with its row's id."""
    return _collect(store, RowSearch("event", "id > ?", "ORDER BY id", (after_id,)))


def read_last_events(store: Store, after_id: int, last_id: int) -> list[tuple[int, Event]]:
    """Up to `PAGE_ROWS` events written after `after_id`, and no later than `last_id`: the last
    ones, in the order in which they were written, each with its row's id.
    """
    values = (after_id, last_id)
    search = RowSearch("event", "id > ? AND id <= ?", "ORDER BY id DESC", values)
    return _collect(store, search)[::-1]


def _collect(store: Store, search: RowSearch) -> list[tuple[int, Event]]:
    def keep(row: Row) -> tuple[int, Event] | None:
        event = decode_event(store, row)
        return None if event is None else (row["id"], event)

    return store.collect(search, keep, PAGE_ROWS)


def decode_event(store: Store, row: Row) -> Event | None:
    """One event; None where it cannot be read."""
    found: Event | None = decode_row(BY_ROW[Event], row, store.unreadable)
    return found


def find_event_ids(store: Store, wanted: EventFilter) -> list[tuple[int, str]]:
    """Row id and event id of these events, in the order in which they were written."""
    columns = "id, event_id"
    search = RowSearch("event", wanted.key.value, "ORDER BY id", (wanted.value,), columns)
    return store.collect(search, lambda row: (row["id"], get_event_id(row)))


def get_event_id(row: Row) -> str:
    """An event's id; "" where it cannot be read: no file has that name."""
    return row["event_id"] if isinstance(row["event_id"], str) else ""


def find_alarm_ids(store: Store, wanted: EventFilter, last_id: int) -> list[str]:
    """The alarms of these events that still say something; none in a database older than alarms."""
    condition, values = Chosen(wanted.key.value, wanted.value, last_id).alarms
    found = store.query(f"SELECT alarm_id FROM alarm WHERE {condition}", values)
    return [row[0] for row in found if isinstance(row[0], str)]


def delete_events(store: Store, wanted: EventFilter, last_id: int, who: str) -> None:
    """Delete these events up to the row `last_id`, and overwrite what they held on disk; what their
    alarms say gives way to that `who` has erased it.
    """
    store.query("PRAGMA secure_delete=ON")
    has_alarms = bool(store.query("SELECT 1 FROM sqlite_master WHERE name = 'alarm'"))
    with store.housekeeping(durable=True) as execute:
        if has_alarms:
            for sql, values in list_statements(
                Chosen(wanted.key.value, wanted.value, last_id), who
            ):
                execute(sql, values)
        execute(f"DELETE FROM event WHERE id <= ? AND {wanted.key.value}", (last_id, wanted.value))
    # What the log still holds of the rows is overwritten now, if no reader is in the middle of it.
    store.query("PRAGMA wal_checkpoint(TRUNCATE)")
