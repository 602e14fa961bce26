"""Events at least once: over restarts, kills, and a broker that is away."""

from datetime import timedelta

from appliance.model_cameras import HoldKind
from appliance.store import camera_holds
from appliance.store.camera_holds import Order
from appliance.store.event_rows import EventFilter, EventKey, delete_events
from tests.appliance.mqtt.conftest import MakeFeed
from tests.conftest import OpenStore
from tests.stand_ins.event_listener import EventHouse
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.mosquitto import event


def add(open_store: OpenStore, clock: FakeClock, *numbers: int) -> None:
    open_store("inference").add(*(event(clock, number) for number in numbers))


def test_what_was_there_before_the_first_start_is_not_told(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, house: EventHouse
) -> None:
    add(open_store, clock, 1)
    make_feed().follow()
    assert house.got == []


def test_events_of_while_the_service_was_away_are_told_once_it_is_back(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, house: EventHouse
) -> None:
    make_feed()
    add(open_store, clock, *range(5))
    feed = make_feed()
    feed.follow()
    assert house.list_ids() == ["e0", "e1", "e2", "e3", "e4"]
    make_feed()
    assert len(house.got) == 5, "what was acknowledged is not told again"


def test_what_a_kill_left_unacknowledged_is_told_again(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, house: EventHouse
) -> None:
    feed = make_feed()
    add(open_store, clock, 1, 2)
    house.acknowledges = False
    feed.follow()
    house.acknowledged.add(1)
    feed.follow()
    house.acknowledges = True
    make_feed()  # the one before was killed
    assert house.list_ids() == ["e1", "e2", "e2"]


def test_without_a_connection_nothing_is_taken_and_nothing_lost(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, house: EventHouse
) -> None:
    feed = make_feed()
    house.trouble = "away"
    add(open_store, clock, *range(700))
    feed.follow()
    assert not feed._told
    house.trouble = ""
    for _ in range(5):
        feed.follow()
    assert house.list_ids() == [f"e{number}" for number in range(700)]


def test_a_number_that_is_given_once_more_after_an_erasing_is_told(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, house: EventHouse
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
    assert house.list_ids()[:2] == ["e1", "e2"]
    assert "e3" in house.list_ids()


def test_an_event_of_a_mute_is_told_neither_then_nor_later(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, house: EventHouse
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
    assert house.list_ids() == ["e2"]


def test_events_of_a_week_ago_are_not_told(
    make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, house: EventHouse
) -> None:
    make_feed()
    add(open_store, clock, 1)
    clock.advance(8 * 86_400)
    add(open_store, clock, 2)
    make_feed()
    assert house.list_ids() == ["e2"]
