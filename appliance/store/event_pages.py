"""Events page by page: one order, by (at, id), and a cursor into it, for page, API and `unitctl`.

    page = read_older(store, EventQuery(camera="gate"), None, 12)      # the newest
    page = read_older(store, EventQuery(camera="gate"), page[-1].place, 12)

Reads: the event table, through the `Store` that it is given. Writes: nothing.
Never: shows an event twice or leaves one out: several may begin at the same moment, and a row is
written when its event ends, which may be after a later one's.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.model_cameras import Event
from appliance.store.event_rows import decode_event
from appliance.store.row_search import RowSearch
from appliance.store.rows import Row, encode_time
from appliance.store.store import EVERY_ROW, Store

PLACE = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)_([1-9]\d{0,17})", re.ASCII)
NEWEST_FIRST, OLDEST_FIRST = "ORDER BY at DESC, id DESC", "ORDER BY at, id"


@dataclass(frozen=True, slots=True)
class EventPlace:
    """Where an event stands in the order: when it began (as stored) and its row's id."""

    at: str
    row: int

    def __str__(self) -> str:
        return f"{self.at}_{self.row}"


@dataclass(frozen=True, slots=True)
class PlacedEvent:
    """An event with its place."""

    place: EventPlace
    event: Event


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events: those that began from `since` on and before `until`; None: all. `zone`: of the
    zone or line of that name.
    """

    camera: str | None = None
    label: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    zone: str | None = None

    def list_terms(self) -> list[tuple[str, str]]:
        """SQL conditions, each with its value. One index serves them all: that of zones has label
        and camera in it, that of labels the camera. A `+` keeps SQLite from another one.
        """
        narrow = self.zone is not None
        named = (
            ("zone = ?", self.zone),
            ("+label = ?" if narrow else "label = ?", self.label),
            ("+camera = ?" if narrow or self.label is not None else "camera = ?", self.camera),
            ("at >= ?", self.since),
            ("at < ?", self.until),
        )
        return [
            (term, encode_time(value) if isinstance(value, datetime) else value)
            for term, value in named
            if value is not None
        ]


def parse_place(text: str) -> EventPlace | None:
    """A cursor as `EventPlace` writes it; None where it is none."""
    found = PLACE.fullmatch(text)
    return EventPlace(found[1], int(found[2])) if found else None


def read_older(
    store: Store, query: EventQuery, before: EventPlace | None, limit: int = EVERY_ROW
) -> list[PlacedEvent]:
    """The next events before that place (None: from the newest on), newest first."""
    return search(store, query, "(at, id) < (?, ?)", before, NEWEST_FIRST, limit=limit)


def read_newer(
    store: Store, query: EventQuery, after: EventPlace | None, limit: int = EVERY_ROW
) -> list[PlacedEvent]:
    """The next events after that place (None: from the oldest on), the oldest first."""
    return search(store, query, "(at, id) > (?, ?)", after, OLDEST_FIRST, limit=limit)


def read_last_written(store: Store) -> PlacedEvent | None:
    """The event that was written last, whatever hour it says; None where there is none."""
    found = search(store, EventQuery(), "", None, "ORDER BY id DESC", limit=1)
    return found[0] if found else None


def find_event(store: Store, event_id: str) -> PlacedEvent | None:
    """The event of that id; None where there is none."""
    found = store.collect(
        RowSearch("event", "event_id = ?", NEWEST_FIRST, (event_id,)),
        lambda row: place_event(store, row),
        1,
    )
    return found[0] if found else None


def count_events(store: Store, query: EventQuery) -> int:
    """How many a query finds."""
    condition, values = make_condition(query)
    found = store.query(f"SELECT count(*) FROM event WHERE {condition}", values)
    return int(found[0][0]) if found else 0


def count_in_steps(
    store: Store, query: EventQuery, steps: Sequence[tuple[datetime, datetime]]
) -> list[int]:
    """How many there are in each step, from its first moment to before its second one, whatever the
    times of the query.
    """
    edges = json.dumps([[encode_time(one), encode_time(other)] for one, other in steps])
    sql, values = format_counting(query)
    found = {row[0]: int(row[1]) for row in store.query(sql, (edges, *values))}
    return [found.get(number, 0) for number in range(len(steps))]


def format_counting(query: EventQuery) -> tuple[str, tuple[str, ...]]:
    """SQL that counts in steps, which are its first value as JSON; and its other values."""
    condition, values = make_condition(replace(query, since=None, until=None))
    sql = (
        "WITH step (number, since, until) AS (SELECT key, json_extract(value, '$[0]'), "
        "json_extract(value, '$[1]') FROM json_each(?)) SELECT number, (SELECT count(*) FROM event "
        f"WHERE at >= step.since AND at < step.until AND {condition}) FROM step"
    )
    return sql, values


def make_condition(query: EventQuery) -> tuple[str, tuple[str, ...]]:
    """SQL for a query, and its values."""
    terms = query.list_terms()
    return " AND ".join(term for term, _ in terms) or "1", tuple(value for _, value in terms)


def search(
    store: Store, query: EventQuery, side: str, place: EventPlace | None, order: str, *, limit: int
) -> list[PlacedEvent]:
    """The events of a query on one side of a place."""
    condition, values = make_condition(query)
    placed: tuple[str | int, ...] = ()
    if place is not None:
        condition, placed = f"{condition} AND {side}", (place.at, place.row)
    return store.collect(
        RowSearch("event", condition, order, (*values, *placed)),
        lambda row: place_event(store, row),
        limit,
    )


def place_event(store: Store, row: Row) -> PlacedEvent | None:
    """One event with its place; None where it cannot be read."""
    event = decode_event(store, row)
    return None if event is None else PlacedEvent(EventPlace(row["at"], row["id"]), event)
