"""The energy dashboard of a real Home Assistant takes the unit's kilowatt-hours."""

from tests.home_assistant.energy import (
    fill_dashboard,
    find_energy_entities,
    list_remarks,
    wait_for_statistics,
)
from tests.home_assistant.house import UNUSABLE, House


def test_the_energy_dashboard_takes_sun_battery_and_each_load(house: House) -> None:
    preferences = fill_dashboard(house)
    kinds = [one["type"] for one in preferences["energy_sources"]]
    assert {"solar", "battery"} <= set(kinds)
    assert preferences["device_consumption"]
    wait_for_statistics(house)
    assert list_remarks(house) == []


def test_statistics_find_nothing_wrong_with_the_units_values(house: House) -> None:
    own = set(house.read_states())
    problems = house.home.call("recorder/validate_statistics")
    assert {name: found for name, found in problems.items() if name in own} == {}


def read_kilowatt_hours(house: House) -> dict[str, float]:
    states = {name: house.read_states()[name]["state"] for name in find_energy_entities(house)}
    return {name: float(state) for name, state in states.items() if state not in UNUSABLE}


def test_kilowatt_hours_only_rise_also_when_the_service_is_killed(house: House) -> None:
    before = read_kilowatt_hours(house)
    assert set(before) == set(find_energy_entities(house))
    house.unit.kill_mqtt()
    house.wait_for(lambda: set(read_kilowatt_hours(house)) == set(before), "the kilowatt-hours")
    after = read_kilowatt_hours(house)
    assert [name for name in before if after[name] < before[name]] == []


def test_home_assistant_has_nothing_to_complain_of(house: House) -> None:
    assert house.list_complaints() == []
