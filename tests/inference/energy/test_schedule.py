"""Energy becomes a rate, a tier and watts: never without a fresh budget, never more than it has."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_cameras import Tier
from appliance.sections.cameras import InferenceSettings
from inference.energy.schedule import AnalysisPlan, Resources, make_plan
from tests.stand_ins.fakes import FakeClock

NOW = FakeClock().stamp()
SETTINGS = InferenceSettings()
RESOURCES = Resources()
ON_CPU = "the model runs on the CPU, although CUDA was to be used"


def budget(level: EnergyLevel, power_w: float = 12.0, sun_is_free: bool = False) -> EnergyBudget:
    until = NOW.utc + timedelta(minutes=3)
    return EnergyBudget(NOW, level, power_w, until, 500.0, "test", sun_is_free)


def nothing(planned: AnalysisPlan) -> bool:
    return (planned.frames_per_s, planned.tier, planned.inference_w) == (0, Tier.NONE, 0)


def test_without_a_fresh_budget_nothing_is_planned() -> None:
    planned = make_plan(None, SETTINGS, RESOURCES)
    assert nothing(planned)
    assert planned.reason == "no fresh energy budget: doing nothing is the safe thing"


@pytest.mark.parametrize("level", [EnergyLevel.OFF, EnergyLevel.HIBERNATE, EnergyLevel.SENTINEL])
def test_below_eco_nothing_is_planned_and_the_level_is_named(level: EnergyLevel) -> None:
    planned = make_plan(budget(level, sun_is_free=True), SETTINGS, RESOURCES)
    assert nothing(planned)
    assert level.name in planned.reason


def test_eco_and_full_get_the_rates_of_the_settings_with_the_watts_in_the_reason() -> None:
    eco = make_plan(budget(EnergyLevel.ECO), SETTINGS, RESOURCES)
    full = make_plan(budget(EnergyLevel.FULL), SETTINGS, RESOURCES)
    assert (eco.frames_per_s, full.frames_per_s) == (2, 5)
    assert eco.tier is full.tier is Tier.INT8
    assert (eco.inference_w, eco.model) == (12, "")
    assert eco.reason == "ECO allows 2 frames a second, about 1 W of 12 W"


def test_a_small_budget_leaves_the_rate_and_says_what_it_pays_for() -> None:
    costly = replace(RESOURCES, nominal_j=4.0, cost_j=4.0)
    one = make_plan(budget(EnergyLevel.FULL, power_w=6.0), SETTINGS, costly)
    three = make_plan(budget(EnergyLevel.FULL, power_w=6.0), SETTINGS, replace(costly, cameras=3))
    assert (one.frames_per_s, one.inference_w) == (three.frames_per_s, three.inference_w) == (5, 6)
    assert "but 6 W are enough for 1.5 a second at 4 J each; more only while" in one.reason
    assert "of each of 3 cameras, but 6 W are enough for 0.5" in three.reason


def test_a_budget_of_nothing_buys_nothing() -> None:
    assert nothing(make_plan(budget(EnergyLevel.FULL, power_w=0.0), SETTINGS, RESOURCES))


def test_a_unit_without_cameras_has_nothing_to_analyse() -> None:
    assert nothing(make_plan(budget(EnergyLevel.FULL), SETTINGS, replace(RESOURCES, cameras=0)))


def test_the_exact_model_is_planned_only_while_the_sun_is_free_and_if_there_is_one() -> None:
    own = replace(SETTINGS, sun_model="exact")
    sunny = make_plan(budget(EnergyLevel.ECO, sun_is_free=True), own, RESOURCES)
    assert (sunny.tier, sunny.model) == (Tier.FP32, "exact")
    assert sunny.reason.endswith(", with the exact model since surplus is available")
    dull = make_plan(budget(EnergyLevel.FULL), own, RESOURCES)
    assert (dull.tier, dull.model) == (Tier.INT8, "")
    none = make_plan(budget(EnergyLevel.FULL, sun_is_free=True), SETTINGS, RESOURCES)
    assert (none.tier, none.model) == (Tier.INT8, "")


def test_on_the_cpu_in_place_of_the_gpu_fewer_frames_are_planned_and_the_reason_says_so() -> None:
    slow = replace(RESOURCES, cost_j=2.0, degraded=ON_CPU)
    planned = make_plan(budget(EnergyLevel.FULL), SETTINGS, slow)
    assert planned.frames_per_s == pytest.approx(1.25)
    assert planned.reason == (
        f"FULL would allow 5 frames a second, but {ON_CPU}: 1.2 a second cost as much, "
        "about 2.5 W of 12 W"
    )


def test_a_higher_cost_on_the_wanted_device_is_limited_by_the_allowance_not_by_the_plan() -> None:
    dear = replace(RESOURCES, cost_j=2.0)
    assert make_plan(budget(EnergyLevel.FULL), SETTINGS, dear).frames_per_s == 5


def test_a_degraded_device_that_costs_no_more_changes_nothing() -> None:
    cheap = replace(RESOURCES, cost_j=0.3, degraded="it runs on CUDA, although TensorRT was wanted")
    assert make_plan(budget(EnergyLevel.FULL), SETTINGS, cheap).frames_per_s == 5


@given(
    level=some.sampled_from(EnergyLevel),
    power_w=some.floats(-5, 500),
    cost_j=some.floats(0.001, 100),
    cameras=some.integers(0, 16),
    degraded=some.sampled_from(["", ON_CPU]),
    sun=some.booleans(),
)
def test_no_plan_has_more_watts_or_frames_than_it_may(
    level: EnergyLevel, power_w: float, cost_j: float, cameras: int, degraded: str, sun: bool
) -> None:
    resources = Resources(cameras=cameras, nominal_j=0.5, cost_j=cost_j, degraded=degraded)
    planned = make_plan(budget(level, power_w, sun), SETTINGS, resources)
    assert 0 <= planned.inference_w <= max(0.0, power_w)
    assert 0 <= planned.frames_per_s <= SETTINGS.full_frames_per_s
    assert (planned.frames_per_s == 0) == (planned.tier is Tier.NONE) == (planned.inference_w == 0)
    assert "\n" not in planned.reason
    assert planned.make_row(NOW).reason == planned.reason


def test_what_computer_and_cameras_take_is_not_there_for_inference() -> None:
    left = make_plan(budget(EnergyLevel.ECO), SETTINGS, replace(RESOURCES, base_w=9.0))
    assert left.inference_w == 3
    assert left.reason == "ECO allows 2 frames a second, about 1 W of 3 W"
    none = make_plan(budget(EnergyLevel.ECO), SETTINGS, replace(RESOURCES, base_w=17.0))
    assert nothing(none)
    assert none.reason == (
        "ECO, but of 12 W computer and cameras take 17: nothing is left for inference"
    )
