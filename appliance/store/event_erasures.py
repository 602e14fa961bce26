"""Events that a person chose are erased in one transaction, with a note of the files that still are
to be deleted: whatever stops the unit then, no half of an event is left that anybody could find.

    found = erase_listed(store, ["20260415T020000Z-gate-0a1b-7"], files, who="anna", via="page")
    for one in list_unfinished(store): ...; end_erasure(store, one)

Reads and writes: the event table, what alarms say of these events, and `event_erasure`, through the
`Store` that it is given, in the name of inference: it may not be running, and such an order does
not wait for sun.
Never: deletes a row without the note in the same transaction, or keeps the name of an erased event
once its files are gone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.store.alarm_erasing import Chosen, list_statements
from appliance.store.event_pages import EventQuery, make_condition
from appliance.store.event_rows import EventKey
from appliance.store.row_search import RowSearch
from appliance.store.rows import encode_time
from appliance.store.store import Execute, Store

LONGEST_NOTE = 500_000  # characters; a value may have a million (sqlite_files.py)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An erasure of which something is left: files below the data directory, and alarms whose
    pictures wait for a channel.
    """

    row_id: int
    files: tuple[str, ...]
    alarms: tuple[str, ...]


def list_chosen(
    store: Store, query: EventQuery, last_row: int, limit: int
) -> list[tuple[int, str]]:
    """Row id and event id of what a query finds, up to the row `last_row`; at most `limit`."""
    condition, values = make_condition(query)
    search = RowSearch(
        "event",
        f"{condition} AND id <= ?",
        "ORDER BY at DESC, id DESC",
        (*values, last_row),
        "id, event_id",
    )
    found = store.collect(search, lambda row: (row["id"], row["event_id"]), limit)
    return [(row_id, event_id) for row_id, event_id in found if isinstance(event_id, str)]


def erase_listed(
    store: Store, event_ids: Sequence[str], files: Sequence[str], *, who: str, via: str
) -> int:
    """Erase the rows of these events; how many there were. Raises `StoreError`."""
    ids = json.dumps(list(event_ids))
    store.query("PRAGMA secure_delete=ON")
    with store.housekeeping(durable=True) as execute:
        last_row = execute("SELECT max(id) FROM event", ()).fetchone()[0] or 0
        chosen = Chosen(EventKey.LISTED.value, ids, last_row)
        alarms = erase_in_alarms(execute, chosen, who)
        count = execute(f"DELETE FROM event WHERE {EventKey.LISTED.value}", (ids,)).rowcount
        if count:
            note = json.dumps({"files": list(files), "alarms": alarms})
            assert len(note) <= LONGEST_NOTE, "fewer events at once"
            now = store.clock.stamp()
            execute(
                "INSERT INTO event_erasure (at, boot_id, uptime_s, who, via, events, remaining) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (encode_time(now.utc), now.boot_id, round(now.uptime_s, 3), who, via, count, note),
            )
    overwrite_log(store)
    return count


def erase_in_alarms(execute: Execute, chosen: Chosen, who: str) -> list[str]:
    """Overwrite what alarms say of these events; which alarms that were."""
    if not execute("SELECT 1 FROM sqlite_master WHERE name = 'alarm'", ()).fetchone():
        return []
    condition, values = chosen.alarms
    found = execute(f"SELECT alarm_id FROM alarm WHERE {condition}", values).fetchall()
    for sql, parts in list_statements(chosen, who):
        execute(sql, parts)
    return [row[0] for row in found if isinstance(row[0], str)]


def list_unfinished(store: Store) -> list[Unfinished]:
    """Those of which something may be left."""
    found = store.query("SELECT id, remaining FROM event_erasure WHERE ended IS NULL ORDER BY id")
    return [make_unfinished(row["id"], row["remaining"]) for row in found]


def make_unfinished(row_id: int, note: object) -> Unfinished:
    """What a note names; nothing, where it is damaged."""
    try:
        read = json.loads(str(note))
    except ValueError:
        read = None
    read = read if isinstance(read, Mapping) else {}
    return Unfinished(row_id, take_texts(read.get("files")), take_texts(read.get("alarms")))


def take_texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def end_erasure(store: Store, one: Unfinished) -> None:
    """All of it is gone: its note is overwritten. Raises `StoreError`."""
    store.query("PRAGMA secure_delete=ON")
    with store.housekeeping(durable=True) as execute:
        execute(
            "UPDATE event_erasure SET remaining = NULL, ended = ? WHERE id = ?",
            (encode_time(store.clock.stamp().utc), one.row_id),
        )
    overwrite_log(store)


def overwrite_log(store: Store) -> None:
    """What the log still holds of the rows, if no reader is in the middle of it."""
    store.query("PRAGMA wal_checkpoint(TRUNCATE)")
