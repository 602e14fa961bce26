"""However many events there are, each question about them goes by an index."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from appliance.store.event_pages import (
    NEWEST_FIRST,
    OLDEST_FIRST,
    EventQuery,
    format_counting,
    make_condition,
)
from appliance.store.store import Store
from tests.conftest import OpenStore

SINCE = datetime(2026, 4, 1, tzinfo=UTC)
PLACE = ("2026-04-15T02:00:00.000Z", 17)


def list_queries() -> Iterator[EventQuery]:
    """Every choice of filters, with times and without."""
    for camera, label, zone in product((None, "gate"), (None, "person"), (None, "yard")):
        query = EventQuery(camera, label, zone=zone)
        yield query
        yield replace(query, since=SINCE, until=SINCE + timedelta(days=9))


def explain(store: Store, sql: str, values: tuple[object, ...]) -> str:
    return "; ".join(row["detail"] for row in store.query(f"EXPLAIN QUERY PLAN {sql}", values))


@pytest.mark.parametrize("query", [*list_queries()], ids=str)
def test_a_page_of_the_list_is_found_by_an_index_in_its_order(
    query: EventQuery, open_store: OpenStore
) -> None:
    condition, values = make_condition(query)
    for side, order in (("<", NEWEST_FIRST), (">", OLDEST_FIRST)):
        sql = f"SELECT * FROM event WHERE {condition} AND (at, id) {side} (?, ?) {order} LIMIT 24"
        plan = explain(open_store(), sql, (*values, *PLACE))
        assert "SEARCH event USING INDEX" in plan
        assert "TEMP B-TREE" not in plan, "nothing is sorted"
        assert f"{choose_index(query)} (" in plan


@pytest.mark.parametrize("query", [*list_queries()], ids=str)
def test_counts_read_an_index_alone(query: EventQuery, open_store: OpenStore) -> None:
    sql, values = format_counting(query)
    plan = explain(open_store(), sql, ("[]", *values))
    assert f"SEARCH event USING COVERING INDEX {choose_index(query)} (" in plan
    condition, values = make_condition(query)
    plan = explain(open_store(), f"SELECT count(*) FROM event WHERE {condition}", values)
    assert "COVERING INDEX" in plan


def choose_index(query: EventQuery) -> str:
    if query.zone:
        return "event_zone"
    if query.label:
        return "event_label"
    return "event_camera" if query.camera else "event_at"


def test_one_event_and_the_words_of_the_filters_are_found_by_an_index(
    open_store: OpenStore,
) -> None:
    sql = f"SELECT * FROM event WHERE event_id = ? {NEWEST_FIRST} LIMIT 1"
    assert "USING INDEX event_event_id" in explain(open_store(), sql, ("e1",))
    for column in ("camera", "label", "zone"):
        sql = f"SELECT DISTINCT {column} FROM event ORDER BY {column}"
        assert "USING COVERING INDEX" in explain(open_store(), sql, ())
