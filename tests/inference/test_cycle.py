"""The inference cycle: budget, plan and rows; what is wired together."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.errors import ModelError
from appliance.log import SentenceLog
from appliance.media.frame_socket import FrameClient
from appliance.media.frames import JPEG, PictureRequest, Refusal
from appliance.media.ordered_erasing import erase_events
from appliance.model import EnergyLevel
from appliance.model_cameras import CameraUsage, InferencePlan, InferenceRun, Tier
from appliance.process.service import Leave, Service
from appliance.settings import Settings
from inference.__main__ import assemble
from inference.detection.detector import CPU
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.inference_unit import InferenceUnit


def test_without_a_fresh_budget_no_camera_is_asked_and_the_service_leaves(
    unit: InferenceUnit,
) -> None:
    with pytest.raises(Leave, match="no fresh energy budget"):
        unit.run_for(100)
    assert (unit.camera.pulls, unit.detector.analysed, unit.detector.loads) == (0, 0, 0)
    assert unit.clock.media_s() - 1000 == pytest.approx(61, abs=1)
    (plan, *_) = unit.store.rows(InferencePlan)
    assert (plan.frames_per_s, plan.tier) == (0, Tier.NONE)
    refusal = unit.view.answer(PictureRequest(JPEG))
    assert refusal == Refusal("no fresh energy budget: doing nothing is the safe thing")


def test_the_planned_rate_is_kept_and_its_energy_reported_once_a_minute(
    unit: InferenceUnit,
) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.run_for(62)
    assert unit.detector.analysed == pytest.approx(124, abs=1)
    (run,) = unit.store.rows(InferenceRun)
    assert run.duration_s == pytest.approx(60, abs=1)
    assert run.power_w == pytest.approx(1.0, rel=0.02), "2 frames a second at 0.5 J"
    assert run.energy_wh == pytest.approx(run.power_w * run.duration_s / 3600, rel=1e-5)
    assert run.frames_skipped == pytest.approx(4 * run.frames, abs=5), "a camera of 10 a second"
    assert (run.provider, run.energy_measured) == (CPU, False)
    plans = unit.store.rows(InferencePlan)
    assert [plan.frames_per_s for plan in plans] == [2, 2], "at the change, and after a minute"


def test_each_camera_at_work_has_its_row_and_one_more_when_that_is_over(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard", "shed"))
    unit.cameras["yard"].moving = unit.cameras["shed"].moving = False
    unit.grant(EnergyLevel.ECO)
    unit.run_for(61)
    unit.camera.moving, unit.cameras["yard"].moving = False, True
    unit.grant(EnergyLevel.ECO)
    unit.run_for(60)
    unit.cameras["yard"].moving = False
    for _ in range(3):
        unit.grant(EnergyLevel.ECO)
        unit.run_for(60)
    unit.service.finish(unit.cycle.finish)
    rows = unit.store.rows(CameraUsage)
    frames = {name: [row.frames for row in rows if row.camera == name] for name in unit.cameras}
    assert frames == {
        "gate": [pytest.approx(120, abs=3), pytest.approx(2, abs=1), 0],
        "yard": [pytest.approx(118, abs=3), pytest.approx(2, abs=1), 0],
        "shed": [],
    }
    busy = rows[0]
    assert (busy.tier, busy.energy_measured) == (Tier.INT8, False)
    assert busy.power_w == pytest.approx(1.0, rel=0.05)
    assert busy.energy_wh == pytest.approx(busy.power_w * busy.duration_s / 3600, rel=1e-5)
    runs = unit.store.rows(InferenceRun)
    spent_wh = sum(run.energy_wh for run in runs)
    assert spent_wh == pytest.approx(sum(row.energy_wh for row in rows), rel=1e-4)


def test_a_measured_cost_is_reported_as_measured(unit: InferenceUnit) -> None:
    unit.choice.cost_j, unit.choice.measured = 0.2, True
    unit.grant(EnergyLevel.ECO)
    unit.run_for(62)
    (run,) = unit.store.rows(InferenceRun)
    assert run.energy_measured
    assert run.power_w == pytest.approx(0.4, rel=0.03)


def test_a_missing_model_is_found_before_the_first_cycle(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    missing = settings.unit.data_dir / "missing.onnx"
    wrong = replace(settings, inference=replace(settings.inference, model=str(missing)))
    log = SentenceLog("inference")
    service = Service("inference", wrong, clock, open_store("inference"), log)
    with pytest.raises(ModelError, match=r"missing\.onnx"):
        assemble(service)


def test_the_service_is_assembled_without_loading_the_model(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    log = SentenceLog("inference")
    loop = assemble(Service("inference", settings, clock, open_store("inference"), log))
    viewer = FrameClient(settings.view_socket)
    assert viewer.pull(PictureRequest(JPEG)) == Refusal("no frame has been analysed yet")
    assert loop.media
    assert loop.finish is not None
    loop.finish()
    assert not settings.view_socket.exists()


def test_what_an_erasure_has_left_goes_when_inference_starts(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    store, name = open_store("inference"), "20260415T020001Z-gate-beef-1"
    store.add(filled.event(clock.stamp(), name))
    picture = settings.snapshots_dir / f"2026-04-15/{name}.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a face")
    erase_events(store, settings, [name], who="anna", via="page")
    assert picture.exists()
    loop = assemble(Service("inference", settings, clock, store, SentenceLog("inference")))
    assert not picture.exists()
    assert loop.finish is not None
    loop.finish()


def test_a_computer_that_is_too_slow_for_passers_by_is_a_fault(
    unit: InferenceUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyse = unit.detector.analyse

    def analyse_slowly(*pictures: Any) -> Any:
        unit.clock.advance(4.0)
        return analyse(*pictures)

    monkeypatch.setattr(unit.detector, "analyse", analyse_slowly)
    unit.grant(EnergyLevel.FULL)
    unit.run_for(30)
    assert unit.list_faults() == ["inference-slow"]
    (fault,) = unit.store.list_open_faults()
    assert "a picture takes 4.0 s to analyse" in fault.text
