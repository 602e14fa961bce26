"""What leaves the unit's settings leaves Home Assistant."""

from tests.home_assistant.broker import Listener
from tests.home_assistant.house import House
from tests.home_assistant.unit import CAMERAS

GONE = CAMERAS[1]


def list_of_camera(house: House, camera: str) -> list[str]:
    entities = [one["entity_id"] for one in house.home.read_entities()]
    devices = [one["name"] for one in house.home.read_devices()]
    return [name for name in (*entities, *devices) if camera in name]


def list_retained(house: House, word: str) -> list[str]:
    """The topics with `word` that the broker would give to a new listener."""
    listener = Listener(house.broker.port)
    try:
        house.wait_for(lambda: bool(listener.received), "the retained messages")
        return [one.topic for one in listener.received if one.retained and word in one.topic]
    finally:
        listener.close()


def test_a_camera_that_leaves_the_settings_leaves_home_assistant_and_the_broker(
    house: House,
) -> None:
    assert list_of_camera(house, GONE)
    house.unit.remove_camera(GONE)
    house.unit.kill_mqtt()
    house.wait_for(lambda: not list_of_camera(house, GONE), "the end of the camera")
    assert list_retained(house, GONE) == []
    assert house.is_available()


def test_a_unit_with_another_name_is_one_device_still(house: House) -> None:
    before = {one["unique_id"] for one in house.home.read_entities()}
    count = len(house.home.read_devices())
    house.unit.rename("сад")
    house.unit.kill_mqtt()

    def is_renamed() -> bool:
        names = [one["name"] for one in house.home.read_devices()]
        return any("сад" in name for name in names) and house.is_available()

    house.wait_for(is_renamed, "the unit's new name")
    assert len(house.home.read_devices()) == count
    assert {one["unique_id"] for one in house.home.read_entities()} == before


def test_home_assistant_has_nothing_to_complain_of(house: House) -> None:
    assert house.list_complaints() == []
