"""Alarms that nobody has acknowledged, all of them, the oldest first, a page at a time.

    for alarm in list_unacknowledged(store): ...
    for alarm in list_going_on(store, "people", before="owner", after="guard"): ...

Reads: the tables of alarms, through the `Store` that it is given. Writes: nothing.
Never: leaves out one because there are many: the oldest is the one that somebody must see.
"""

from collections.abc import Iterator
from typing import Any

from appliance.model_alarms import Alarm
from appliance.store.alarm_rows import select
from appliance.store.store import Store

PAGE_ROWS = 500
OPEN = "acknowledged_by = ''"
TOLD = "EXISTS (SELECT 1 FROM alarm_delivery d WHERE d.alarm_id = alarm.alarm_id AND recipient = ?)"


def list_unacknowledged(store: Store) -> Iterator[Alarm]:
    """Of all rules, and tests."""
    return read_pages(store, OPEN, ())


def list_going_on(store: Store, rule: str, *, before: str, after: str) -> Iterator[Alarm]:
    """Those of a rule of which the recipient `before` was told, and `after`, the next, was not."""
    return read_pages(
        store, f"{OPEN} AND rule = ? AND {TOLD} AND NOT {TOLD}", (rule, before, after)
    )


def read_pages(store: Store, condition: str, values: tuple[Any, ...]) -> Iterator[Alarm]:
    """The alarms that a condition holds for. Raises `StoreError`."""
    last = -1
    while True:
        found = select(
            store,
            Alarm,
            f"{condition} AND sequence > ?",
            (*values, last),
            "ORDER BY sequence",
            PAGE_ROWS,
        )
        yield from found
        if len(found) < PAGE_ROWS or found[-1].sequence <= last:
            return
        last = found[-1].sequence
