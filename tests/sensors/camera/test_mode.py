"""The mode of a camera, by its energy budget."""

import pytest

from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_cameras import CameraMode
from sensors.camera.mode import choose_mode
from tests.sensors.camera.camera_bench import LISTEN, OFF, WATCH
from tests.stand_ins.fakes import FakeClock


@pytest.mark.parametrize(
    ("level", "mode"),
    [
        (EnergyLevel.OFF, OFF),
        (EnergyLevel.HIBERNATE, OFF),
        (EnergyLevel.SENTINEL, LISTEN),
        (EnergyLevel.ECO, WATCH),
        (EnergyLevel.FULL, WATCH),
    ],
)
def test_the_energy_level_decides_what_a_camera_may_spend(
    clock: FakeClock, level: EnergyLevel, mode: CameraMode
) -> None:
    now = clock.stamp()
    choice = choose_mode(EnergyBudget(now, level, 5.0, now.utc, 0.0, "the battery holds 41 %"))
    assert choice.mode is mode
    assert choice.reason.endswith(": the battery holds 41 %")


def test_without_a_budget_a_camera_is_off() -> None:
    choice = choose_mode(None)
    assert choice.mode is OFF
    assert "no fresh energy budget" in choice.reason
