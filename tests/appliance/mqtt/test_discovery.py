"""What Home Assistant is told: each template finds its value, and each key is one that it knows."""

import json
from dataclasses import replace
from typing import Any

import pytest
from jinja2.nativetypes import NativeEnvironment

from appliance.mqtt.camera_discovery import build_camera_discovery
from appliance.mqtt.camera_state import build_camera_states
from appliance.mqtt.cycle import find_page
from appliance.mqtt.presence import Presence
from appliance.mqtt.topics import Topics, to_json
from appliance.mqtt.unit_discovery import build_unit_discovery
from appliance.mqtt.unit_state import STATE_LENGTH, build_state, build_unit_states, build_update
from appliance.sections.cameras import ZoneSettings
from appliance.sections.network import MqttSettings
from appliance.settings import Settings
from appliance.status import status_document
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.scenes.filled import fill
from tests.stand_ins.fakes import FakeClock

# Keys of https://www.home-assistant.io/integrations/mqtt (device discovery and each platform).
DEVICE = {"identifiers", "name", "manufacturer", "model", "serial_number", "sw_version"}
DEVICE |= {"configuration_url", "via_device"}
COMMON = {"platform", "unique_id", "name", "state_topic", "value_template", "device_class"}
COMMON |= {"entity_category", "json_attributes_topic", "json_attributes_template"}
PLATFORM = {
    "sensor": {"unit_of_measurement", "state_class", "suggested_display_precision", "options"},
    "binary_sensor": set(),
    "event": {"event_types"},
    "switch": {"command_topic", "payload_on", "payload_off"},
    "select": {"command_topic", "options"},
    "button": {"command_topic", "payload_press"},
    "update": {"title"},
    "image": {"image_topic", "image_encoding", "content_type"},
}
UNITS = {"battery": "%", "power": "W", "energy": "kWh", "voltage": "V", "current": "A"}


@pytest.fixture
def site(settings: Settings) -> Settings:
    zones = {"drive \"'{{": ZoneSettings(labels=("person",)), "двор": ZoneSettings()}
    camera = replace(settings.camera["demo"], zone=zones)
    own = MqttSettings(host="127.0.0.1", controls=True, pictures=True)
    update = replace(settings.update, mirrors=("https://example.org",))
    unit = replace(settings.unit, id="test", name="Hütte")
    return replace(settings, unit=unit, camera={"demo": camera}, mqtt=own, update=update)


@pytest.fixture
def topics(site: Settings) -> Topics:
    return Topics(site, "test")


@pytest.fixture
def devices(site: Settings, topics: Topics) -> list[dict[str, Any]]:
    page = find_page(site)
    texts = [build_unit_discovery(topics, site, page)]
    texts += [build_camera_discovery(topics, site, name, page) for name in site.camera]
    return [json.loads(text) for text in texts]


@pytest.fixture
def document(site: Settings, clock: FakeClock, open_store: OpenStore) -> dict[str, Any]:
    """The status document of a unit at work."""
    fill(open_store)
    return status_document.build(open_store(), site)


@pytest.fixture
def states(
    site: Settings, topics: Topics, document: dict[str, Any], open_store: OpenStore
) -> dict[str, str]:
    presence = Presence(open_store(), site)
    presence.follow()
    found = build_unit_states(topics, document, open_store())
    found |= build_camera_states(topics, document, presence, {"demo": 1234.5678})
    return {topic: to_json(state) for topic, state in found.items()}


def list_parts(devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [part for device in devices for part in device["components"].values()]


def render(template: str, text: str) -> str:
    found = NativeEnvironment().from_string(template).render(value_json=json.loads(text))
    return str(found)


def test_each_key_is_one_that_home_assistant_knows(devices: list[dict[str, Any]]) -> None:
    for device in devices:
        assert set(device) == {"device", "origin", "availability_topic", "qos", "components"}
        assert set(device["device"]) <= DEVICE
    for part in list_parts(devices):
        assert set(part) <= COMMON | PLATFORM[part["platform"]], part
        assert all(value is not None for value in part.values())
        if part["platform"] == "sensor" and part.get("device_class") in UNITS:
            assert part["unit_of_measurement"] == UNITS[part["device_class"]]
    ids = [part["unique_id"] for part in list_parts(devices)]
    assert len(set(ids)) == len(ids)


def test_each_template_finds_its_value(
    devices: list[dict[str, Any]], states: dict[str, str]
) -> None:
    for part in list_parts(devices):
        if part["platform"] not in ("sensor", "binary_sensor") or "alarm" in part["state_topic"]:
            continue
        found = render(part["value_template"], states[part["state_topic"]])
        assert len(found) <= STATE_LENGTH
        if part["platform"] == "binary_sensor":
            assert found in ("ON", "OFF", "None"), part
        assert found != "", part
        if "json_attributes_template" in part:
            assert render(part["json_attributes_template"], states[part["state_topic"]])


def test_cameras_hang_on_the_unit_and_names_are_only_for_people(
    devices: list[dict[str, Any]],
) -> None:
    unit, camera = devices
    assert unit["device"]["identifiers"] == ["test"]
    assert camera["device"]["via_device"] == "test"
    assert camera["device"]["identifiers"] == ["test-camera-demo"]
    assert unit["device"]["name"] == "Hütte"
    named = str({key: value for key, value in unit["device"].items() if key != "name"})
    assert "H-tte" not in named + str([part["unique_id"] for part in list_parts(devices)])


def test_the_energy_dashboard_finds_what_it_takes(devices: list[dict[str, Any]]) -> None:
    rising = [part for part in list_parts(devices) if part.get("device_class") == "energy"]
    assert len(rising) == 5, "sun, in, out, load, one camera"
    for part in rising:
        assert (part["state_class"], part["unit_of_measurement"]) == ("total_increasing", "kWh")


def test_numbers_have_the_digits_that_mean_something(document: dict[str, Any]) -> None:
    document["battery"] |= {"state_of_charge_pct": 63.48291, "current_a": 1.23456}
    document["sun"] |= {"pv_power_w": 97.6543}
    state = build_state(document)
    assert (state["charge_pct"], state["battery_current_a"]) == (63, 1.2)
    assert state["pv_power_w"] == 98


def test_a_long_reason_is_cut_for_the_state_and_whole_as_attribute(
    document: dict[str, Any],
) -> None:
    document["energy"]["reason"] = "the battery " * 100
    state = build_state(document)
    assert len(state["reason"]) <= STATE_LENGTH
    assert state["reason_whole"] == "the battery " * 100


@pytest.mark.parametrize("part", ["battery", "energy"])
def test_unknown_charge_or_level_is_a_problem(document: dict[str, Any], part: str) -> None:
    document["faults"] = []
    assert build_state(document)["problem"] is False
    document[part]["fresh"] = False
    state = build_state(document)
    assert state["problem"] is True
    assert "unknown" in state["fault"]
    document[part] = None
    assert build_state(document)["problem"] is True


def test_what_is_old_is_reported_as_unknown(document: dict[str, Any]) -> None:
    document["battery"]["fresh"] = document["energy"]["fresh"] = False
    state = build_state(document)
    assert (state["charge_pct"], state["level"], state["reason"]) == (None, None, None)


def test_an_update_that_is_fetched_is_in_progress_and_one_that_waits_is_not() -> None:
    update = {
        "step": "download", "release": "2", "running_release": "1", "sentence": "is fetched",
        "waits_for": "", "progress_pct": 41.7,
    }  # fmt: skip
    found = build_update(update)
    assert (found["installed_version"], found["latest_version"]) == ("1", "2")
    assert (found["in_progress"], found["update_percentage"]) == (True, 42)
    waiting = build_update(update | {"step": "gate", "waits_for": "energy"})
    assert (waiting["in_progress"], "update_percentage" in waiting) == (False, False)
    none = build_update(update | {"step": "idle", "release": "", "running_release": ""})
    assert none["installed_version"] == none["latest_version"] == "unknown"
    assert None not in none.values()


def test_nothing_is_ordered_or_pictured_where_the_settings_give_none(site: Settings) -> None:
    plain = replace(site, mqtt=MqttSettings(host="127.0.0.1"))
    topics = Topics(plain, "test")
    unit = json.loads(build_unit_discovery(topics, plain, ""))
    camera = json.loads(build_camera_discovery(topics, plain, "demo", ""))
    platforms = {part["platform"] for part in list_parts([unit, camera])}
    assert platforms == {"sensor", "binary_sensor", "event", "update"}
    assert "configuration_url" not in unit["device"]


def test_the_store_of_a_new_unit_gives_states_as_well(
    site: Settings, topics: Topics, open_store: OpenStore
) -> None:
    store: Store = open_store()
    document = status_document.build(store, site)
    presence = Presence(store, site)
    presence.follow()
    found = build_unit_states(topics, document, store)
    found |= build_camera_states(topics, document, presence, {})
    assert found[topics.state]["sun_kwh"] is None
    assert found[topics.camera("demo")]["labels"]["person"]["present"] is None
