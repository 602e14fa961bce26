"""Which model analyses which camera, and what happens when one is missing or fails."""

from typing import Any

import pytest

from appliance.model import EnergyLevel
from appliance.model_cameras import Box, Event, InferencePlan, Tier
from appliance.process.service import Leave
from appliance.sections.cameras import CameraSettings
from inference.detection.detector import CPU, NOT_LOADED
from inference.detection.frame_result import FrameResult
from tests.stand_ins.fake_inference import (
    SOMEBODY,
    FakeDetector,
)
from tests.stand_ins.inference_unit import GPU, InferenceUnit


def test_when_the_sun_is_free_the_exact_model_is_used(make_unit: Any) -> None:
    unit = make_unit(sun_model="exact")
    unit.detectors["exact"] = FakeDetector("exact", tier=Tier.FP32)
    unit.grant(EnergyLevel.FULL)
    unit.run_for(2)
    assert "exact" not in [name for name, one in unit.detectors.items() if one.analysed]
    unit.grant(EnergyLevel.FULL, sun_is_free=True)
    unit.run_for(1)
    wait_for_swap(unit)
    assert unit.detectors["exact"].analysed > 0
    assert unit.detector.provider == NOT_LOADED, "only one of the two is in memory"
    assert unit.store.rows(InferencePlan)[-1].tier is Tier.FP32
    unit.grant(EnergyLevel.FULL)
    unit.run_for(1)
    wait_for_swap(unit)
    assert unit.detectors["exact"].provider == NOT_LOADED


def wait_for_swap(unit: InferenceUnit) -> None:
    """The model is loaded in a thread: let it end, then let a cycle pass."""
    loading = unit.cycle._models._swap._loading
    if loading:
        loading.join()
    unit.run_for(1)


def test_another_model_is_chosen_without_a_failed_run(unit: InferenceUnit) -> None:
    unit.detectors["new"] = FakeDetector("new")
    unit.grant(EnergyLevel.FULL)
    unit.run_for(2)
    unit.choice.choose("new")
    unit.run_for(1)
    wait_for_swap(unit)
    unit.run_for(1)
    analysed = unit.detector.analysed + unit.detectors["new"].analysed
    assert analysed == pytest.approx(25, abs=1)
    assert unit.detectors["new"].analysed > 0
    assert unit.list_faults() == []
    assert unit.detector.provider == NOT_LOADED


def test_a_chosen_model_that_is_missing_is_a_fault_and_the_old_one_works_on(
    unit: InferenceUnit,
) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.run_for(1)
    unit.missing.add("gone")
    unit.choice.choose("gone")
    unit.run_for(1)
    wait_for_swap(unit)
    before = unit.detector.analysed
    unit.run_for(1)
    assert unit.list_faults() == ["model"]
    assert unit.detector.analysed == before + 5
    unit.choice.choose("usual")
    unit.run_for(2)
    assert unit.list_faults() == []


def test_a_camera_with_its_own_model_is_analysed_with_that(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"), camera={"yard": CameraSettings(model="birds")})
    unit.detectors["birds"] = FakeDetector("birds", tier=Tier.FP32, scene=[SOMEBODY])
    unit.grant(EnergyLevel.ECO)
    unit.run_for(3)
    assert {name for batch in unit.detectors["birds"].batches for name in batch} == {"yard"}
    assert {name for batch in unit.detector.batches for name in batch} == {"gate"}
    unit.service.finish(unit.cycle.finish)
    (event,) = unit.store.rows(Event)
    assert (event.tier, event.model_digest) == (Tier.USER, "birds")
    assert not unit.detectors["birds"].loaded


@pytest.mark.parametrize("how", ["missing", "broken"])
def test_where_a_cameras_own_model_fails_the_units_model_is_used(make_unit: Any, how: str) -> None:
    unit = make_unit(camera={"gate": CameraSettings(model="birds")})
    if how == "missing":
        unit.missing.add("birds")
    else:
        unit.detectors["birds"] = FakeDetector("birds", broken=True)
    unit.grant(EnergyLevel.ECO)
    unit.run_for(3)
    assert unit.detector.analysed == 6
    assert unit.list_faults() == ["model"]


def test_only_the_moving_part_is_analysed_but_the_whole_picture_every_two_seconds(
    make_unit: Any,
) -> None:
    unit = make_unit(regions=True)
    unit.camera.region = Box(0.1, 0.1, 0.2, 0.2)
    unit.grant(EnergyLevel.FULL)
    seen: list[Tier] = []
    take = unit.cycle._handle_result

    def noted(camera: Any, result: FrameResult, *rest: Any) -> None:
        seen.append(result.tier)
        take(camera, result, *rest)

    unit.cycle._handle_result = noted
    unit.run_for(4)
    assert seen.count(Tier.INT8) == 2
    assert seen.count(Tier.REGION) == len(seen) - 2


def test_the_model_is_freed_half_a_minute_after_its_last_picture(unit: InferenceUnit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.run_for(3)
    unit.grant(EnergyLevel.SENTINEL)
    unit.run_for(25)
    assert unit.detector.provider == CPU
    unit.run_for(10)
    assert unit.detector.provider == NOT_LOADED
    with pytest.raises(Leave, match="the energy level is SENTINEL"):
        unit.run_for(60)


def test_while_nothing_moves_a_model_stays_on_the_cpu_and_leaves_a_gpu(make_unit: Any) -> None:
    for provider, stays in ((CPU, True), (GPU, False)):
        unit = make_unit()
        unit.detector.wanted = unit.detector.got = provider
        unit.choice.load_j = 80.0
        unit.grant(EnergyLevel.FULL, power_w=100)
        unit.run_for(2)
        unit.camera.moving = False
        unit.run_for(15)
        assert unit.detector.loaded, "waiting has cost less than loading would"
        unit.run_for(15)
        assert unit.detector.loaded is stays, provider
        unit.store.close()


def test_a_silent_fall_back_to_the_cpu_is_a_fault_and_fewer_frames_are_planned(
    unit: InferenceUnit,
) -> None:
    unit.detector.wanted = GPU
    unit.detector.degraded = "the model runs on the CPU, although CUDA was to be used: check it"
    unit.grant(EnergyLevel.FULL)
    unit.run_for(1)
    (fault,) = unit.store.list_open_faults()
    assert fault.code == "model"
    assert "although CUDA was to be used" in fault.text
    unit.run_for(2)
    plan = unit.store.rows(InferencePlan)[-1]
    assert plan.frames_per_s == pytest.approx(2.5)
    assert "but the model runs on the CPU, although CUDA was to be used: 2.5 a second" in (
        plan.reason
    )


def test_a_model_that_fails_is_a_fault_and_is_tried_again_only_after_a_minute(
    unit: InferenceUnit,
) -> None:
    unit.detector.broken = True
    unit.grant(EnergyLevel.FULL)
    unit.run_for(50)
    assert unit.detector.loads == 1
    assert unit.list_faults() == ["model"]
    unit.detector.broken = False
    unit.run_for(15)
    assert unit.detector.analysed > 1
    assert unit.list_faults() == []


@pytest.mark.parametrize("name", ["active.json", "bench.json"])
@pytest.mark.parametrize("damage", ["[" * 50_000, "{", '{"a": NaN}', "null"])
def test_a_damaged_file_of_the_model_store_is_a_fault_until_it_is_mended(
    unit: InferenceUnit, name: str, damage: str
) -> None:
    file = unit.settings.unit.data_dir / "models" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(damage)
    unit.grant(EnergyLevel.FULL)
    unit.run_for(2)
    assert unit.list_faults() == ["model-file"]
    assert unit.detector.analysed > 0
    file.unlink()
    unit.run_for(2)
    assert unit.list_faults() == []
