"""The events over HTTP: pages, filters, one event, and what is refused."""

from dataclasses import replace
from datetime import timedelta

from flask.testing import FlaskClient

from appliance.settings import Settings
from appliance.status.event_timeline import MOST_DAYS
from appliance.web.app import create_app
from tests.appliance.web.test_web import client, event
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock

__all__ = ["client"]  # a fixture


def test_events_are_paged_from_the_newest_back(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    store = open_store("inference")
    for number in range(5):
        store.add(event(clock.stamp(), number))
        clock.advance(60)
    first = client.get("/api/events?limit=2").json
    assert [one["event_id"] for one in first] == ["event-4", "event-3"]  # type: ignore[union-attr]
    for place in ("cursor", "at"):
        asked = {"limit": 9, "before": first[-1][place]}  # type: ignore[index]
        older = client.get("/api/events", query_string=asked).json
        assert [one["event_id"] for one in older] == ["event-2", "event-1", "event-0"]  # type: ignore[union-attr]
    newer = client.get("/api/events", query_string={"after": first[-1]["cursor"]}).json  # type: ignore[index]
    assert [one["event_id"] for one in newer] == ["event-4"]  # type: ignore[union-attr]


def test_events_can_be_filtered_by_camera_label_and_time_of_the_site(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    site = replace(settings.site, timezone="Pacific/Auckland")
    client = create_app(replace(settings, site=site), clock).test_client()
    store = open_store("inference")
    for number in range(3):
        store.add(event(clock.stamp(), number))
        clock.advance(12 * 3600)
    store.add(replace(event(clock.stamp(), 3), camera="gate", label="car"))
    assert client.get("/api/event-filters").json == {
        "camera": ["demo", "gate"],
        "label": ["car", "person"],
        "zone": [],
    }
    for asked, wanted in (
        ("camera=gate", [3]),
        ("label=person&limit=2", [2, 1]),
        ("since=2026-04-16", [3, 2, 1]),  # 14:00 of the 15th is the first, at the site
        ("until=2026-04-16T00:00", [0]),
        ("since=2026-04-15T14:00:00Z&until=2026-04-16T02:00:00Z&camera=", [1]),
    ):
        found = client.get(f"/api/events?{asked}").json
        assert [one["event_id"] for one in found] == [f"event-{one}" for one in wanted], asked  # type: ignore[union-attr]


def test_one_event_comes_with_the_next_newer_and_older_one_of_the_filter(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    store = open_store("inference")
    for number in range(5):
        store.add(replace(event(clock.stamp(), number), camera=("demo", "gate")[number % 2]))
    for asked, newer, older in (("", 3, 1), ("?camera=demo", 4, 0)):
        found = client.get(f"/api/events/event-2{asked}").json
        assert found is not None
        assert found["event"]["event_id"] == "event-2"
        assert (found["newer"], found["older"]) == (f"event-{newer}", f"event-{older}")
    assert client.get("/api/events/event-0").json["older"] is None  # type: ignore[index]
    assert client.get("/api/events/none").status_code == 404


def test_a_question_that_makes_no_sense_is_refused_in_words(client: FlaskClient) -> None:
    for asked, words in (
        *((f"limit={one}", "from 1 to 200") for one in ("0", "201", "-1", "x", "1" * 99, "012")),
        *((f"since={one}", "is no time") for one in ("yesterday", "2026-13-01", "+1")),
        ("before=0001-01-01T00:00:00%2B14:00", "is no time"),
        ("before=9999-12-31T23:59:59-14:00", "is no time"),
        ("after=2026-04-15", "is not the cursor of an event"),
        ("after=2026-04-15T02:00:00.000Z_1&before=2026-04-15", "not both"),
        ("since=2026-04-16&until=2026-04-15", "nothing lies between"),
        ("since=2026-04-16&before=2026-04-16", "nothing lies between"),
        ("camra=gate", "there is no argument 'camra'"),
        (f"camera={'x' * 201}", "is no name"),
        ("label=%00", "is no name"),
    ):
        answer = client.get(f"/api/events?{asked}")
        assert answer.status_code == 400, asked
        assert words in answer.json["reason"], asked  # type: ignore[index]


def test_events_of_one_zone_or_line_are_found(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    store = open_store("inference")
    for number, zone in enumerate(("yard", "", "gate", "yard")):
        store.add(replace(event(clock.stamp(), number), zone=zone))
    assert client.get("/api/event-filters").json["zone"] == ["gate", "yard"]  # type: ignore[index]
    found = client.get("/api/events?zone=yard&label=person&camera=demo").json
    assert [one["event_id"] for one in found] == ["event-3", "event-0"]  # type: ignore[union-attr]
    assert client.get("/api/events?zone=yard&camera=gate").json == []


def test_the_timeline_counts_by_day_of_the_site_and_of_one_day_by_hour(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    site = replace(settings.site, timezone="Asia/Kathmandu")  # 5 h 45 min ahead of UTC
    client = create_app(replace(settings, site=site), clock).test_client()
    store, now = open_store("inference"), clock.stamp()
    for number, ago_h in enumerate((0, 1, 24, 30 * 24)):
        began = replace(now, utc=now.utc - timedelta(hours=ago_h))
        store.add(replace(event(began, number), label=("person", "car")[number % 2]))
    days = client.get("/api/event-timeline").json
    assert days is not None
    assert (days["step"], days["events"], len(days["steps"])) == ("day", 4, 31)
    assert [one["events"] for one in days["steps"]] == [1, *28 * [0], 1, 2]
    assert days["steps"][-1]["since"].endswith("T18:15:00.000Z")
    assert client.get("/api/event-timeline?label=car").json["events"] == 2  # type: ignore[index]
    hours = client.get("/api/event-timeline?since=2026-04-15T07:00&until=2026-04-15T08:00").json
    assert hours is not None
    assert (hours["step"], hours["events"], len(hours["steps"])) == ("hour", 1, 24)
    assert sum(one["events"] for one in hours["steps"]) == 2, "also what is before and after"
    assert client.get("/api/event-timeline?limit=3").status_code == 400


def test_a_timeline_of_years_has_a_bounded_number_of_days(
    client: FlaskClient, open_store: OpenStore
) -> None:
    open_store()
    found = client.get("/api/event-timeline?since=2001-01-01").json
    assert len(found["steps"]) == MOST_DAYS  # type: ignore[index]
    for asked in ("until=2001-01-01", "since=2101-01-01", "since=2101-01-01&until=2101-01-02"):
        answer = client.get(f"/api/event-timeline?{asked}")
        assert (answer.status_code, answer.json["events"]) == (200, 0), asked  # type: ignore[index]
