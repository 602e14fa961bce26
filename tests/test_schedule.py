"""Energy becomes frames a second: never without a fresh budget, never more than it pays for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model import EnergyBudget, EnergyLevel, Tier
from appliance.settings import InferenceSettings
from inference.schedule import plan
from tests.fakes import FakeClock

NOW = FakeClock().stamp()
SETTINGS = InferenceSettings()


def budget(level: EnergyLevel, power_w: float = 12.0) -> EnergyBudget:
    return EnergyBudget(NOW, level, power_w, NOW.utc + timedelta(minutes=3), 500.0, "test")


def test_without_a_fresh_budget_nothing_is_planned() -> None:
    planned = plan(None, SETTINGS, NOW)
    assert (planned.frames_per_s, planned.tier) == (0, Tier.NONE)
    assert planned.reason == "no fresh energy budget: doing nothing is the safe thing"


@pytest.mark.parametrize("level", [EnergyLevel.OFF, EnergyLevel.HIBERNATE, EnergyLevel.SENTINEL])
def test_below_eco_nothing_is_planned_and_the_level_is_named(level: EnergyLevel) -> None:
    planned = plan(budget(level), SETTINGS, NOW)
    assert (planned.frames_per_s, planned.tier) == (0, Tier.NONE)
    assert level.name in planned.reason


def test_eco_and_full_get_the_rates_of_the_settings_with_the_watts_in_the_reason() -> None:
    eco = plan(budget(EnergyLevel.ECO), SETTINGS, NOW)
    full = plan(budget(EnergyLevel.FULL), SETTINGS, NOW)
    assert (eco.frames_per_s, full.frames_per_s) == (2, 5)
    assert eco.tier is full.tier is Tier.INT8
    assert eco.reason == "ECO allows 2 frames a second, about 1 W of 12 W"


def test_a_small_budget_caps_the_rate_and_all_cameras_share_it() -> None:
    costly = replace(SETTINGS, energy_per_frame_j=4.0)
    capped = plan(budget(EnergyLevel.FULL, power_w=6.0), costly, NOW)
    shared = plan(budget(EnergyLevel.FULL, power_w=6.0), costly, NOW, cameras=3)
    assert capped.frames_per_s == pytest.approx(1.5)
    assert shared.frames_per_s == pytest.approx(0.5)
    assert "6 W pay for 1.5 at 4 J each" in capped.reason
    assert "3 cameras" in shared.reason


def test_a_budget_of_nothing_buys_nothing() -> None:
    assert plan(budget(EnergyLevel.FULL, power_w=0.0), SETTINGS, NOW).tier is Tier.NONE


def test_a_unit_without_cameras_has_nothing_to_look_at() -> None:
    planned = plan(budget(EnergyLevel.FULL), SETTINGS, NOW, cameras=0)
    assert (planned.frames_per_s, planned.tier) == (0, Tier.NONE)
