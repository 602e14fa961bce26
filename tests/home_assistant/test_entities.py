"""What a real Home Assistant makes of the unit, and what it complains of."""

from collections import Counter
from typing import Any

import pytest

from appliance.settings import Settings
from appliance.status.status_document import build
from tests.home_assistant.house import House
from tests.home_assistant.unit import CAMERAS

# Device class, unit, state class of what every house wants to know.
WANTED = {
    ("battery", "%", "measurement"),
    ("voltage", "V", "measurement"),
    ("current", "A", "measurement"),
    ("power", "W", "measurement"),
    ("energy", "kWh", "total_increasing"),
    ("timestamp", None, None),
    ("enum", None, None),
}
LONGEST_STATE = 255  # characters, homeassistant/const.py
CONTROLS = {"switch", "select", "button", "number", "text"}
DETAILS = ("reason", "uncertainty", "fault")


def find_kind(state: dict[str, Any]) -> tuple[Any, ...]:
    names = ("device_class", "unit_of_measurement", "state_class")
    return tuple(state["attributes"].get(name) for name in names)


def find_unit_device(house: House) -> dict[str, Any]:
    found = [one for one in house.home.read_devices() if one["via_device_id"] is None]
    assert len(found) == 1, found
    return dict(found[0])


def test_home_assistant_finds_nothing_to_complain_of(house: House) -> None:
    assert house.list_complaints() == []


def test_the_values_come_with_device_class_unit_and_state_class(house: House) -> None:
    there = {find_kind(one) for one in house.read_states().values()}
    assert WANTED - there == set()


def test_no_two_entities_have_one_name_and_no_id_was_made_unlike_by_a_number(house: House) -> None:
    names = Counter(one["attributes"]["friendly_name"] for one in house.read_states().values())
    numbered = [name for name in house.read_states() if name.rpartition("_")[2].isdecimal()]
    assert [name for name, count in names.items() if count > 1] == []
    assert numbered == []


def test_the_unit_is_a_device_that_says_what_it_is_and_where_its_page_is(house: House) -> None:
    unit = find_unit_device(house)
    for name in ("name", "manufacturer", "model", "sw_version", "serial_number"):
        assert unit[name], name
    assert unit["configuration_url"].startswith("http")


def test_each_camera_is_a_device_behind_the_unit(house: House) -> None:
    unit = find_unit_device(house)
    behind = [one for one in house.home.read_devices() if one["via_device_id"] == unit["id"]]
    assert len(behind) == len(CAMERAS)
    for camera in CAMERAS:
        assert any(camera in one["name"] for one in behind), camera


def test_an_entity_is_not_named_after_its_device_twice(house: House) -> None:
    devices = {one["id"]: one["name"] for one in house.home.read_devices()}
    twice = [
        one["original_name"]
        for one in house.home.read_entities()
        if (one["original_name"] or "").lower().startswith(devices[one["device_id"]].lower())
    ]
    assert twice == []


def test_what_is_for_a_technician_is_a_diagnostic_entity(house: House) -> None:
    wrong = [
        one["entity_id"]
        for one in house.home.read_entities()
        if one["entity_id"].endswith(DETAILS) and one["entity_category"] != "diagnostic"
    ]
    assert wrong == []


def test_nothing_can_be_controlled_that_the_owner_has_not_allowed(house: House) -> None:
    domains = {name.partition(".")[0] for name in house.read_states()}
    assert domains & CONTROLS == set()


def test_every_entity_has_a_state_that_home_assistant_takes(house: House) -> None:
    states = house.read_states()
    assert [name for name, one in states.items() if one["state"] == "unavailable"] == []
    assert max(len(one["state"]) for one in states.values()) <= LONGEST_STATE


def test_numbers_are_rounded_to_what_is_meant(house: House) -> None:
    long = {
        name: one["state"]
        for name, one in house.read_states().items()
        if len(one["state"].partition(".")[2]) > 3 and find_kind(one)[1]
    }
    assert long == {}


def test_the_states_follow_the_unit(house: House) -> None:
    """Held against the unit's own status document, while it goes on."""

    def agree() -> bool:
        charge, level = read_charge_and_level(house)
        states = {one["state"] for one in house.read_states().values()}
        return level in states and any(is_near(state, charge) for state in states)

    for _ in range(3):
        house.wait_for(agree, "charge and level in Home Assistant")


def read_charge_and_level(house: House) -> tuple[float, str]:
    settings: Settings = house.unit.settings
    document = build(house.unit.laptop.open_store(), settings)
    return document["battery"]["state_of_charge_pct"], document["energy"]["level"]


def is_near(state: str, charge_pct: float) -> bool:
    try:
        return abs(float(state) - charge_pct) <= 1.0
    except ValueError:
        return False


@pytest.mark.parametrize("camera", CAMERAS)
def test_an_event_reaches_the_entity_of_its_camera(house: House, camera: str) -> None:
    event_id = house.unit.see(camera)
    house.wait_for(lambda: event_id in house.read_told_ids(camera), "the event in Home Assistant")
    entity = house.find_event_entity(camera)
    attributes = house.read_states()[entity]["attributes"]
    assert attributes["label"] == "person"
    assert attributes["camera"] == camera


def test_a_minute_later_there_is_still_nothing_to_complain_of(house: House) -> None:
    assert house.list_complaints() == []
