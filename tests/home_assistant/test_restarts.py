"""Each side is killed, and comes back: the states are there again, and every event was told.

In real time: how soon Home Assistant listens again does not depend on the unit's clock.
"""

from collections.abc import Iterator

import pytest

from provisioning.laptop import DAY_S
from tests.home_assistant.house import House, open_house
from tests.home_assistant.unit import CAMERAS

CAMERA = CAMERAS[0]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house"), day_s=DAY_S) as opened:
        yield opened


def is_told(house: House, *event_ids: str) -> bool:
    return set(event_ids) <= set(house.read_told_ids(CAMERA))


def test_the_unit_is_unavailable_when_its_service_is_killed_and_back_when_it_runs(
    house: House,
) -> None:
    house.unit.stop_mqtt()
    house.wait_for(lambda: not house.is_available(), "the unit to be unavailable")
    house.unit.start_mqtt()
    house.wait_for(house.is_available, "the unit in Home Assistant")


def test_events_from_while_the_mqtt_service_was_down_are_told(house: House) -> None:
    before = house.unit.see(CAMERA)
    house.unit.kill_mqtt()
    at_once = house.unit.see(CAMERA)
    house.unit.stop_mqtt()
    meanwhile = [house.unit.see(CAMERA) for _ in range(3)]
    house.unit.start_mqtt()
    house.wait_for(lambda: is_told(house, before, at_once, *meanwhile), "all events")


def test_a_broker_that_has_forgotten_everything_gets_the_states_and_the_events(
    house: House,
) -> None:
    before = set(house.read_states())
    house.broker.kill()
    event_id = house.unit.see(CAMERA)
    house.wait_for(lambda: not house.is_available(), "the unit to be unavailable")
    house.broker.start()
    house.wait_for(house.is_available, "the unit in Home Assistant")
    house.wait_for(lambda: is_told(house, event_id), "the event")
    assert set(house.read_states()) == before


def test_home_assistant_killed_has_the_states_and_all_events_when_it_is_back(house: House) -> None:
    before = set(house.read_states())
    house.home.kill()
    event_ids = [house.unit.see(CAMERA) for _ in range(3)]
    house.home.start()
    house.wait_for(house.is_available, "the unit in Home Assistant")
    house.wait_for(lambda: is_told(house, *event_ids), "the events")
    assert set(house.read_states()) == before


def test_the_broker_and_the_service_killed_together_lose_nothing(house: House) -> None:
    house.broker.kill()
    house.unit.kill_mqtt()
    event_id = house.unit.see(CAMERA)
    house.unit.kill_mqtt()
    house.broker.start()
    house.wait_for(lambda: is_told(house, event_id), "the event")


def test_after_all_of_this_home_assistant_has_nothing_to_complain_of(house: House) -> None:
    assert house.list_complaints() == []
