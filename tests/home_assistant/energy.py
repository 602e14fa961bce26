"""The energy dashboard of a house: filled with what the unit measures, as a person does it.

Reads: the unit's entities in Home Assistant. Writes: the dashboard's preferences.
Never: chooses an entity by its id, which a person may change: by what it says that it is.
"""

from typing import Any

from tests.home_assistant.house import UNUSABLE, House

STATISTICS_S = 330.0  # Home Assistant makes them each five minutes
NOT_YET = "statistics_not_defined"
Json = Any


def find_energy_entities(house: House) -> dict[str, str]:
    """Entity id -> name of all that counts kilowatt-hours and only rises."""
    return {
        name: one["attributes"]["friendly_name"].lower()
        for name, one in house.read_states().items()
        if one["attributes"].get("device_class") == "energy"
        and one["attributes"].get("state_class") == "total_increasing"
    }


def wait_for_numbers(house: House) -> None:
    """Until all kilowatt-hours are known."""

    def are_known() -> bool:
        states = house.read_states()
        found = [states[name]["state"] for name in find_energy_entities(house)]
        return bool(found) and not set(found) & set(UNUSABLE)

    house.wait_for(are_known, "the kilowatt-hours")


def fill_dashboard(house: House) -> Json:
    """Sun, battery in and out, and all else as loads; returns the preferences."""
    left = find_energy_entities(house)

    def take(words: str) -> str:
        found = [entity for entity, name in left.items() if words in name]
        assert found, f"no kilowatt-hours named {words} among {left}"
        left.pop(found[0])
        return found[0]

    sun = take("solar")
    charged = take("energy in")
    discharged = take("energy out")
    preferences = {
        "energy_sources": [
            {"type": "solar", "stat_energy_from": sun, "config_entry_solar_forecast": None},
            {"type": "battery", "stat_energy_from": discharged, "stat_energy_to": charged},
        ],
        "device_consumption": [{"stat_consumption": entity} for entity in left],
    }
    return house.home.call("energy/save_prefs", **preferences)


def list_remarks(house: House) -> list[Json]:
    """What the dashboard finds wrong with what it was filled with."""
    found = house.home.call("energy/validate")
    return [remark for part in found.values() for one in part for remark in one]


def wait_for_statistics(house: House) -> None:
    """Until Home Assistant has made statistics of all that the dashboard was filled with."""

    def are_there() -> bool:
        return all(one["type"] != NOT_YET for one in list_remarks(house))

    house.wait_for(are_there, "the statistics", STATISTICS_S)
