"""The feed of events, beside a broker and a Home Assistant that come and go."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from appliance.mqtt.event_feed import EventFeed
from appliance.mqtt.topics import Topics
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.event_listener import EventHouse, Scene
from tests.stand_ins.fakes import FakeClock

MakeFeed = Callable[[], EventFeed]


@pytest.fixture
def house() -> EventHouse:
    return EventHouse()


@pytest.fixture
def make_feed(settings: Settings, open_store: OpenStore, house: EventHouse) -> MakeFeed:
    """A feed as after a start of the service, that has looked once."""
    site = replace(settings, unit=replace(settings.unit, id="test"))

    def make() -> EventFeed:
        feed = EventFeed(open_store("mqtt"), Topics(site, "test"), house)
        feed.follow()
        return feed

    return make


@pytest.fixture
def scene(make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, house: EventHouse) -> Scene:
    return Scene(make_feed, open_store, clock, house)
