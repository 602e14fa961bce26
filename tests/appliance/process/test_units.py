"""The names of units agree with the files in systemd/."""

from dataclasses import replace
from pathlib import Path

from appliance.model import EnergyLevel
from appliance.process.units import find_unit, format_unit, list_camera_units
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from appliance.status.status_document import list_expected_services
from appliance.store.tables import PLAN

UNITS = Path(__file__).parents[3] / "systemd"


def test_every_service_has_a_unit_file_of_its_name(settings: Settings) -> None:
    two = replace(settings, camera={name: CameraSettings(source="a.mp4") for name in ("a", "b")})
    for service in (*list_expected_services(two), "hints", "mqtt", "web"):
        unit = format_unit(service)
        template = unit.partition("@")[0] + "@.service" if "@" in unit else unit
        assert (UNITS / template).is_file(), unit


def test_a_camera_among_others_of_its_level_is_found_in_their_unit(settings: Settings) -> None:
    several = {name: CameraSettings(source="a.mp4") for name in ("a", "b")}
    alone = several | {"c": CameraSettings(runs_from=EnergyLevel.FULL)}
    assert find_unit("camera@b", alone) == "appliance-cameras@sentinel.service"
    assert find_unit("camera@c", alone) == "appliance-camera@c.service"
    assert find_unit("power", alone) == "appliance-power.service"
    for unit in list_camera_units(alone):
        assert (UNITS / f"{unit.partition('@')[0]}@.service").is_file()


def test_the_plan_is_a_service_too() -> None:
    assert format_unit(PLAN) == "appliance-plan.service"
