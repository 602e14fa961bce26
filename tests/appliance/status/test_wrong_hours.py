"""Rows of an hour that was wrong, two years ahead: they are not "the newest" until then."""

import json
from datetime import timedelta

import pytest

from appliance.model_cameras import CameraMotion, Event
from appliance.mqtt.unit_state import build_state
from appliance.settings import Settings
from appliance.status import status_document
from appliance.store.pages import BACK_ROWS, read_back
from appliance.store.store import Store
from appliance.web.app import create_app
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

AHEAD = timedelta(days=730)
DAY = timedelta(days=1)


@pytest.fixture
def inference(open_store: OpenStore, clock: FakeClock) -> Store:
    """A unit whose clock was two years ahead for one event, and has been right for another."""
    store, camera, right = open_store("inference"), open_store("camera"), clock.utc
    clock.set_wall_clock(right + AHEAD)
    store.add(filled.event(clock.stamp(), "ahead"))
    camera.add(filled.motion(clock.stamp()))
    clock.set_wall_clock(right)
    clock.advance(3600)
    store.add(filled.event(clock.stamp(), "right"))
    camera.add(filled.motion(clock.stamp()))
    clock.advance(60)
    return store


def test_the_newest_event_is_the_one_that_was_stored_last(
    inference: Store, settings: Settings
) -> None:
    document = status_document.build(inference, settings)
    assert document["events"]["newest"]["event_id"] == "right"
    assert document["cameras"][0]["last_event"]["event_id"] == "right"
    last = inference.last(Event)
    assert last
    assert last.event_id == "right"
    assert build_state(document)["last_event_at"] == document["events"]["newest"]["at"]


def test_events_of_a_day_that_is_yet_to_come_are_not_counted(
    inference: Store, settings: Settings, clock: FakeClock
) -> None:
    document = status_document.build(inference, settings)
    assert build_state(document)["events_24_h"] == 1
    text = create_app(settings, clock).test_client().get("/metrics").text
    shown = dict(line.rsplit(" ", 1) for line in text.splitlines() if "camera_last_" in line)
    moved = [float(number) for name, number in shown.items() if "day_motions{" in name]
    assert sum(moved) == 1
    begun = [float(number) for name, number in shown.items() if "event_timestamp_seconds{" in name]
    assert begun == [pytest.approx((clock.utc - timedelta(seconds=60)).timestamp())]


def test_rows_of_an_hour_long_ago_do_not_end_the_count_of_a_day(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera, right = open_store("camera"), clock.utc
    camera.add(*(filled.motion(clock.stamp()) for _ in range(BACK_ROWS)))
    clock.set_wall_clock(right - AHEAD)
    camera.add(filled.motion(clock.stamp()))
    clock.set_wall_clock(right)
    camera.add(*(filled.motion(clock.stamp()) for _ in range(BACK_ROWS - 1)))
    found = read_back(camera, CameraMotion, ("camera",), right - DAY, clock.utc)
    assert len(list(found)) == 2 * BACK_ROWS - 1


def test_the_last_event_of_a_camera_is_found_without_a_walk_through_all(inference: Store) -> None:
    sql = "EXPLAIN QUERY PLAN SELECT * FROM event WHERE camera = ? ORDER BY id DESC LIMIT 1"
    plan = [row["detail"] for row in inference.query(sql, ("demo",))]
    assert len(plan) == 1, plan
    assert "USING INDEX event_of_camera" in plan[0], json.dumps(plan)
