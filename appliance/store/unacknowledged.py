"""Alarms that nobody has acknowledged, all of them, the oldest first, a page at a time.

    for alarm in list_unacknowledged(store): ...
    pair = {"before": "owner", "after": "guard", "until": five_minutes_ago, "latest": tomorrow}
    for alarm in list_going_on(store, "people", **pair): ...
    find_next_begin(store, "people", **pair)      # when it is to be asked again

Of ten thousand alarms that wait for a limit only those are read whose time is over.

Reads: the tables of alarms, through the `Store` that it is given. Writes: nothing.
Never: leaves out one because there are many: the oldest is the one that somebody must see.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from appliance.model_alarms import Alarm
from appliance.store.alarm_rows import select
from appliance.store.decoding import decode_time, is_time
from appliance.store.rows import encode_time
from appliance.store.store import Store

PAGE_ROWS = 500
OPEN = "acknowledged_by = ''"
OWN = "FROM alarm_delivery d WHERE d.alarm_id = alarm.alarm_id AND recipient = ?"
TOLD = f"EXISTS (SELECT 1 {OWN})"
GOING_ON = f"{OPEN} AND rule = ? AND {TOLD} AND NOT {TOLD}"
# As `find_begin` of appliance/alarms/escalation.py, which decides: this leaves most of them unread.
TRIED = (
    "CASE WHEN state = 'ACKNOWLEDGED' THEN NULL WHEN attempts = 0 AND state <> 'DROPPED' "
    "THEN not_before ELSE d.at END"
)
BEGIN = f"(SELECT coalesce(min(sent), min({TRIED})) {OWN})"


def list_unacknowledged(store: Store) -> Iterator[Alarm]:
    """Of all rules, and tests."""
    return read_pages(store, OPEN, ())


def list_going_on(
    store: Store, rule: str, *, before: str, after: str, until: datetime, latest: datetime
) -> Iterator[Alarm]:
    """Those of a rule of which the recipient `before` was told, and `after`, the next, was not; and
    whose time for `before` began by `until`, or later than `latest`: by another clock.
    """
    moments = (before, encode_time(until), before, encode_time(latest))
    condition = f"{GOING_ON} AND ({BEGIN} <= ? OR {BEGIN} > ?)"
    return read_pages(store, condition, (rule, before, after, *moments))


def find_next_begin(
    store: Store, rule: str, *, before: str, after: str, until: datetime, latest: datetime
) -> datetime | None:
    """Of those whose time began later than `until`: when it did first; None where there is none."""
    moments = (encode_time(until), encode_time(latest))
    begins = f"SELECT {BEGIN} AS begin FROM alarm WHERE {GOING_ON}"
    found = store.query(
        f"SELECT min(begin) FROM ({begins}) WHERE begin > ? AND begin <= ?",
        (before, rule, before, after, *moments),
    )
    return decode_time(found[0][0]) if found and is_time(found[0][0]) else None


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
