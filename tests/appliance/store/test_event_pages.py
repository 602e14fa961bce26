"""Pages of events: each once, in one order, whatever begins and ends when."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from appliance.model_cameras import Event
from appliance.store.event_pages import (
    EventPlace,
    EventQuery,
    PlacedEvent,
    find_event,
    parse_place,
    read_newer,
    read_older,
)
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

ALL = EventQuery()


def write_events(inference: Store, count: int) -> list[Event]:
    """Events of which several begin at the same moment, stored in another order (when they end)."""
    now = inference.clock.stamp()
    starts = [replace(now, utc=now.utc + timedelta(seconds=number // 3)) for number in range(count)]
    events = [
        replace(
            filled.event(start, f"e{number}"),
            camera=("gate", "yard")[number % 2],
            label=("person", "car", "dog")[number % 3],
        )
        for number, start in enumerate(starts)
    ]
    random.Random(12).shuffle(events)
    inference.add(*events)
    return events


def read_all(store: Store, query: EventQuery, page: int) -> list[PlacedEvent]:
    """Page by page to the end."""
    found: list[PlacedEvent] = []
    while more := read_older(store, query, found[-1].place if found else None, page):
        found += more
    return found


@pytest.mark.parametrize("page", [1, 6, 200])
def test_every_event_is_shown_once_although_several_begin_at_one_moment(
    open_store: OpenStore, page: int
) -> None:
    inference = open_store("inference")
    events = write_events(inference, 1056 if page > 1 else 60)
    ids = [one.event.event_id for one in read_all(inference, ALL, page)]
    assert len(ids) == len(set(ids)) == len(events)
    whole = [one.event.event_id for one in read_older(inference, ALL, None)]
    assert ids == whole == [one.event_id for one in inference.rows(Event, newest_first=True)]


def test_a_filter_changes_which_events_and_not_their_order(open_store: OpenStore) -> None:
    inference = open_store("inference")
    write_events(inference, 120)
    whole = [one.event for one in read_older(inference, ALL, None)]
    since, until = whole[100].stamp.utc, whole[20].stamp.utc
    query = EventQuery("gate", "person", since, until)
    wanted = [
        one.event_id
        for one in whole
        if one.camera == "gate" and one.label == "person" and since <= one.stamp.utc < until
    ]
    assert len(wanted) > 5
    assert [one.event.event_id for one in read_all(inference, query, 4)] == wanted


def test_newer_is_the_way_back_of_older(open_store: OpenStore) -> None:
    inference = open_store("inference")
    write_events(inference, 30)
    whole = read_older(inference, ALL, None)
    for newer, older in pairwise(whole):
        assert read_older(inference, ALL, newer.place, 1) == [older]
        assert read_newer(inference, ALL, older.place, 1) == [newer]
    assert read_newer(inference, ALL, whole[0].place) == []
    assert find_event(inference, "e7") in whole
    assert find_event(inference, "none") is None


def test_an_event_that_ends_while_somebody_pages_is_met_in_its_place(
    open_store: OpenStore, clock: FakeClock
) -> None:
    inference = open_store("inference")
    began = clock.stamp()
    for number in range(6):
        clock.advance(60)
        inference.add(filled.event(clock.stamp(), f"e{number}"))
    first = read_older(inference, ALL, None, 3)
    long = replace(began, utc=began.utc + timedelta(seconds=150))
    inference.add(filled.event(long, "long"))
    rest = read_older(inference, ALL, first[-1].place)
    assert [one.event.event_id for one in first + rest] == [
        "e5",
        "e4",
        "e3",
        "e2",
        "long",
        "e1",
        "e0",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "17",
        "2026-04-15T02:00:00.000Z",
        "2026-04-15T02:00:00.000Z_0",
        "x_1",
        "2026-04-15T02:00:00Z_1",
        "2026-04-15T02:00:00.000Z_" + "9" * 30,
        "\uff12026-04-15T02:00:00.000Z_1",
    ],
)
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert parse_place(text) is None
    place = EventPlace("2026-04-15T02:00:00.000Z", 17)
    assert parse_place(str(place)) == place
