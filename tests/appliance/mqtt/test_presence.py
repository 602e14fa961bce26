"""Who is there now, how often in a day, and when that is not known."""

from dataclasses import replace

import pytest

from appliance.model_cameras import EventBegun, InferencePlan, Tier
from appliance.mqtt.presence import LONGEST_S, Presence, list_labels, list_zones
from appliance.sections.cameras import ZoneSettings
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.mosquitto import event


@pytest.fixture
def site(settings: Settings) -> Settings:
    zone = ZoneSettings(polygon=(), labels=("person", "dog"))
    camera = replace(settings.camera["demo"], zone={"drive": zone})
    return replace(settings, camera={"demo": camera})


def look(open_store: OpenStore, clock: FakeClock) -> None:
    open_store("inference").add(InferencePlan(clock.stamp(), 2.0, Tier.INT8, "ECO"))


def begin(open_store: OpenStore, clock: FakeClock, name: str, label: str = "person") -> None:
    open_store("inference").add(EventBegun(clock.stamp(), name, "demo", label, "zone drive"))


def find(presence: Presence, label: str) -> bool | None:
    presence.follow()
    found: bool | None = presence.describe("demo")["labels"][label]["present"]
    return found


def test_somebody_is_there_until_the_event_is_over(
    site: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    presence = Presence(open_store(), site)
    look(open_store, clock)
    assert find(presence, "person") is False
    begin(open_store, clock, "e1")
    assert (find(presence, "person"), find(presence, "dog")) == (True, False)
    open_store("inference").add(event(clock, 1))
    assert find(presence, "person") is False
    counts = presence.describe("demo")
    assert counts["labels"]["person"]["events_24_h"] == 1
    assert counts["zones"] == {"drive": {"events_24_h": 1}}
    assert find(Presence(open_store(), site), "person") is False, "also after a restart"


def test_where_nobody_looks_it_is_not_known(
    site: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    presence = Presence(open_store(), site)
    assert find(presence, "person") is None
    look(open_store, clock)
    begin(open_store, clock, "e1")
    assert find(presence, "person") is True
    clock.advance(200)
    assert find(presence, "person") is None


def test_what_inference_forgot_at_a_crash_does_not_stay_for_ever(
    site: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    presence = Presence(open_store(), site)
    begin(open_store, clock, "e1")
    clock.advance(LONGEST_S + 1)
    look(open_store, clock)
    assert find(presence, "person") is False
    begin(open_store, clock, "e2")
    assert find(presence, "person") is True
    clock.reboot(down_s=10)
    look(open_store, clock)
    assert find(presence, "person") is False


def test_a_day_is_counted_anew_when_events_leave_it(
    site: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    presence = Presence(open_store(), site)
    open_store("inference").add(event(clock, 1))
    presence.follow()
    assert presence.describe("demo")["labels"]["person"]["events_24_h"] == 1
    clock.advance(25 * 3600)
    presence.follow()
    assert presence.describe("demo")["labels"]["person"]["events_24_h"] == 0


def test_labels_are_those_of_zones_where_there_are_zones(
    settings: Settings, site: Settings
) -> None:
    assert list_labels(site, "demo") == ["dog", "person"]
    assert list_labels(settings, "demo") == sorted(settings.inference.labels)
    assert list_zones(site, "demo") == ["drive"]
