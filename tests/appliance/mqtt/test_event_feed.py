"""Events at least once: over restarts, kills, a broker that is away, and a listener that is."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from appliance.model_cameras import HoldKind
from appliance.mqtt.event_feed import MOST_AGAIN, REBOOT_S, UNNOTICED_S, EventFeed
from appliance.mqtt.topics import Topics
from appliance.settings import Settings
from appliance.store import camera_holds
from appliance.store.camera_holds import Order
from appliance.store.event_rows import EventFilter, EventKey, delete_events
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.mosquitto import event


class FakeBroker:
    """Numbers what it gets; acknowledges when told. `is_there`: there is a connection."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.acknowledged: set[int] = set()
        self.is_there = self.acknowledges = True
        self.connections = 1

    def publish_event(self, topic: str, text: str) -> int | None:
        if not self.is_there:
            return None
        self.got.append(json.loads(text))
        number = len(self.got)
        if self.acknowledges:
            self.acknowledged.add(number)
        return number

    def has_acknowledged(self, number: int) -> bool:
        return number in self.acknowledged

    def list_ids(self) -> list[str]:
        return [one["event_id"] for one in self.got]


MakeFeed = Callable[[], EventFeed]


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
def make_feed(settings: Settings, open_store: OpenStore, broker: FakeBroker) -> MakeFeed:
    """A feed as after a start of the service, that has looked once."""
    site = replace(settings, unit=replace(settings.unit, id="test"))

    def make() -> EventFeed:
        feed = EventFeed(open_store("mqtt"), Topics(site, "test"), broker)
        feed.follow()
        return feed

    return make


def add(open_store: OpenStore, clock: FakeClock, *numbers: int) -> None:
    open_store("inference").add(*(event(clock, number) for number in numbers))


def test_what_was_there_before_the_first_start_is_not_told(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    add(open_store, clock, 1)
    make_feed().follow()
    assert broker.got == []


def test_events_of_while_the_service_was_away_are_told_once_it_is_back(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    make_feed()
    add(open_store, clock, *range(5))
    feed = make_feed()
    feed.follow()
    assert broker.list_ids() == ["e0", "e1", "e2", "e3", "e4"]
    make_feed()
    assert len(broker.got) == 5, "what was acknowledged is not told again"


def test_what_a_kill_left_unacknowledged_is_told_again(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    feed = make_feed()
    add(open_store, clock, 1, 2)
    broker.acknowledges = False
    feed.follow()
    broker.acknowledged.add(1)
    feed.follow()
    broker.acknowledges = True
    make_feed()  # the one before was killed
    assert broker.list_ids() == ["e1", "e2", "e2"]


def test_without_a_connection_nothing_is_taken_and_nothing_lost(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    feed = make_feed()
    broker.is_there = False
    add(open_store, clock, *range(700))
    feed.follow()
    assert not feed._told
    broker.is_there = True
    for _ in range(5):
        feed.follow()
    assert broker.list_ids() == [f"e{number}" for number in range(700)]


def test_a_number_that_is_given_once_more_after_an_erasing_is_told(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    """SQLite gives the number of a deleted newest row to the next one."""
    feed = make_feed()
    add(open_store, clock, 1, 2)
    feed.follow()
    feed.follow()
    delete_events(open_store("inference"), EventFilter(EventKey.EVENT, "e2"), 99, "anna")
    add(open_store, clock, 3)
    make_feed()
    feed.follow()
    assert broker.list_ids()[:2] == ["e1", "e2"]
    assert "e3" in broker.list_ids()


def test_an_event_of_a_mute_is_told_neither_then_nor_later(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    make_feed()
    clock.synchronized = True
    order = Order(who="anna", via="unitctl", reason="", span=timedelta(hours=1))
    hold = camera_holds.make_hold("demo", HoldKind.MUTE, order, clock.stamp())
    camera_holds.add_holds(open_store("camera"), hold)
    clock.advance(60)
    add(open_store, clock, 1)
    clock.advance(2 * 3600)
    add(open_store, clock, 2)
    make_feed()
    assert broker.list_ids() == ["e2"]


def test_events_of_a_week_ago_are_not_told(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    make_feed()
    add(open_store, clock, 1)
    clock.advance(8 * 86_400)
    add(open_store, clock, 2)
    make_feed()
    assert broker.list_ids() == ["e2"]


def test_what_home_assistant_was_not_there_for_is_told_again_once_it_is_back(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    feed = make_feed()
    add(open_store, clock, 1)
    feed.follow()
    clock.advance(UNNOTICED_S + 1)
    add(open_store, clock, 2)  # while it was gone, but nobody knew yet
    feed.follow()
    clock.advance(60)
    feed.note_listener(b"offline")
    feed.follow()
    add(open_store, clock, 3)
    feed.follow()
    feed.follow()
    feed = make_feed()  # a restart of the service in between
    feed.note_listener(b"online")
    feed.follow()
    assert broker.list_ids() == ["e1", "e2", "e3"], "not before it listens"
    clock.advance(10)
    feed.follow()
    assert broker.list_ids() == ["e1", "e2", "e3", "e2", "e3"]
    assert [one.get("again", False) for one in broker.got] == [False, False, False, True, True]
    clock.advance(10)
    feed.follow()
    make_feed().follow()
    assert len(broker.got) == 5


def tell_before_home_assistant_is_back(
    feed: EventFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    """The broker was away; the unit has found it again, Home Assistant not yet."""
    broker.connections += 1
    feed.follow()
    add(open_store, clock, 1)
    feed.follow()
    feed.follow()
    assert broker.list_ids() == ["e1"]


def come_back(feed: EventFeed, clock: FakeClock) -> None:
    feed.note_listener(b"online")
    feed.follow()
    clock.advance(10)
    feed.follow()


def test_a_kill_before_home_assistant_is_back_with_the_broker_loses_nothing(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    tell_before_home_assistant_is_back(make_feed(), open_store, clock, broker)
    clock.advance(5)
    make_feed()
    come_back(make_feed(), clock)
    assert broker.list_ids() == ["e1", "e1"]


def test_home_assistant_killed_before_it_is_back_with_the_broker_misses_nothing(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    tell_before_home_assistant_is_back(make_feed(), open_store, clock, broker)
    feed = make_feed()
    feed.note_listener(b"offline")
    feed.follow()
    add(open_store, clock, 2)
    feed.follow()
    come_back(feed, clock)
    assert broker.list_ids() == ["e1", "e2", "e1", "e2"]


def test_a_broker_away_twice_before_home_assistant_is_back_loses_nothing(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    feed = make_feed()
    tell_before_home_assistant_is_back(feed, open_store, clock, broker)
    broker.connections += 1
    feed.follow()
    come_back(feed, clock)
    assert broker.list_ids() == ["e1", "e1"]


def test_what_home_assistant_has_heard_is_not_told_again_after_a_restart_of_the_broker(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    feed = make_feed()
    come_back(feed, clock)
    add(open_store, clock, 1)
    feed.follow()
    feed.follow()
    broker.connections += 1
    feed.follow()
    come_back(make_feed(), clock)
    assert broker.list_ids() == ["e1"]


def test_what_was_heard_since_the_start_of_the_service_is_not_told_again(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    feed = make_feed()
    add(open_store, clock, 1)
    feed.follow()
    clock.advance(UNNOTICED_S + 1)
    feed.note_listener(b"offline")
    feed.follow()
    add(open_store, clock, 2)
    feed.follow()
    come_back(feed, clock)
    assert broker.list_ids() == ["e1", "e2", "e2"]


@pytest.mark.parametrize("restarts", [False, True])
def test_home_assistant_that_comes_long_after_the_broker_gets_nothing_again(
    make_feed: MakeFeed,
    open_store: OpenStore,
    clock: FakeClock,
    broker: FakeBroker,
    restarts: bool,
) -> None:
    feed = make_feed()
    tell_before_home_assistant_is_back(feed, open_store, clock, broker)
    clock.advance(REBOOT_S + 1)
    come_back(make_feed() if restarts else feed, clock)
    assert broker.list_ids() == ["e1"]


def test_a_listener_that_says_anything_and_often_costs_nothing(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, broker: FakeBroker
) -> None:
    feed = make_feed()
    add(open_store, clock, *range(MOST_AGAIN + 100))
    for _ in range(4):
        feed.follow()
    before = len(broker.got)
    for payload in (b"online", b"online", b"", b"\xff" * 9000, b"offline", b"offline", b"online"):
        feed.note_listener(payload)
    clock.advance(10)
    feed.follow()
    clock.advance(10)
    feed.follow()
    assert len(broker.got) <= before + MOST_AGAIN
