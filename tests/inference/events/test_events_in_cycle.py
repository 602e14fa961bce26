"""Events of the running service: rows, snapshots and clips."""

from typing import Any

import cv2
import pytest

from appliance.media.frames import JPEG, MP4, PictureRequest, Refusal
from appliance.model import EnergyLevel, Fault
from appliance.model_cameras import Event, EventBegun, Tier
from appliance.sections.cameras import CameraSettings
from inference.detection.detector import CPU
from tests.stand_ins.fake_inference import (
    SOMEBODY,
)
from tests.stand_ins.inference_unit import InferenceUnit


def test_a_passer_by_becomes_one_event_with_a_snapshot_on_disk(unit: InferenceUnit) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.run_for(3)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(4)
    [begun] = unit.store.rows(EventBegun)
    assert (begun.camera, begun.label) == (unit.camera.name, "person"), "a siren does not wait"
    assert unit.store.rows(Event) == [], "an event is told when it is over"
    unit.detector.scene = []
    unit.run_for(4)
    (event,) = unit.store.rows(Event)
    assert [one.event_id for one in unit.store.rows(EventBegun)] == [event.event_id]
    assert (event.camera, event.label, event.frames) == ("gate", "person", 20)
    assert (event.energy_level, event.tier, event.provider) == (EnergyLevel.FULL, Tier.INT8, CPU)
    assert event.energy_j >= 10
    assert event.reason.startswith("analysed because FULL allows 5 frames a second")
    assert event.snapshot is not None
    assert event.clip is None
    picture = cv2.imread(str(unit.settings.unit.data_dir / event.snapshot))
    assert picture is not None
    assert picture.shape == (60, 80, 3)


@pytest.mark.parametrize("how", ["stop", "lower level", "camera gone", "camera off"])
def test_an_event_in_progress_is_stored_when_the_analysis_ends(
    unit: InferenceUnit, how: str
) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(5)
    if how == "stop":
        unit.service.finish(unit.cycle.finish)
    elif how == "lower level":
        unit.grant(EnergyLevel.SENTINEL)
        unit.run_for(1)
    elif how == "camera gone":
        unit.camera.gone = True
        unit.run_for(4)
    else:
        unit.camera.refusal = "the camera is off"
        unit.run_for(4)
    (event,) = unit.store.rows(Event)
    assert event.frames == 10
    assert event.energy_level is EnergyLevel.ECO


def test_the_budget_going_away_ends_all_of_it_in_one_cycle(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard", "shed"), camera={"gate": CameraSettings(clip_s=20)})
    unit.cameras["shed"].hung = True
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(5)
    pulls = [camera.pulls for camera in unit.cameras.values()]
    unit.grant(EnergyLevel.SENTINEL)
    unit.run_for(1)
    assert len(unit.store.rows(Event)) == 2
    assert all(camera.is_idle for camera in unit.cameras.values()), "nobody is left on the line"
    unit.run_for(20)
    assert [camera.pulls for camera in unit.cameras.values()] == pulls
    assert isinstance(unit.view.answer(PictureRequest(JPEG)), Refusal)


def test_a_stop_in_the_middle_of_a_second_ends_the_cycle(unit: InferenceUnit) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.service.stop.set()
    unit.run_for(1)
    assert unit.detector.analysed == 0


def test_the_clip_of_an_event_is_requested_once_when_the_event_is_over(make_unit: Any) -> None:
    unit = make_unit(camera={"gate": CameraSettings(clip_s=20)}, event_ends_after_s=0.5)
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(4)
    unit.detector.scene = []
    unit.run_for(5)
    asked_s = next(at_s for at_s, ask in unit.camera.asks if ask.encoding == MP4)
    (event,) = unit.store.rows(Event)
    assert event.clip is not None
    assert (unit.settings.unit.data_dir / event.clip).read_bytes() == b"clip"
    (clip,) = [ask for _, ask in unit.camera.asks if ask.encoding == MP4]
    began_s = unit.camera.asks[0][0]
    assert (clip.since_s, clip.until_s) == (
        pytest.approx(began_s - 3, abs=0.01),
        pytest.approx(began_s + 3.5 + 3, abs=0.01),
    )
    assert asked_s == pytest.approx(clip.until_s, abs=0.01), "when there is all of it, not before"


def test_the_clip_of_a_long_event_is_requested_when_its_time_is_over(make_unit: Any) -> None:
    unit = make_unit(camera={"gate": CameraSettings(clip_s=4)})
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(10)
    assert [ask.encoding for _, ask in unit.camera.asks].count(MP4) == 1
    assert unit.store.rows(Event) == []
    unit.service.finish(unit.cycle.finish)
    (event,) = unit.store.rows(Event)
    assert event.clip is not None


def test_of_a_long_event_only_the_first_part_has_a_clip(make_unit: Any) -> None:
    unit = make_unit(camera={"gate": CameraSettings(clip_s=4)})
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(75)
    unit.service.finish(unit.cycle.finish)
    assert [event.clip is None for event in unit.store.rows(Event)] == [False, True]
    assert [ask.encoding for _, ask in unit.camera.asks].count(MP4) == 1


@pytest.mark.parametrize("how", ["refused", "hung"])
def test_an_event_whose_clip_does_not_come_is_stored_without_it(make_unit: Any, how: str) -> None:
    unit = make_unit(camera={"gate": CameraSettings(clip_s=8)})
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(4)
    unit.detector.scene = []
    unit.camera.clip = None
    unit.camera.hung = how == "hung"
    unit.run_for(18)
    (event,) = unit.store.rows(Event)
    assert event.clip is None
    assert event.snapshot is not None


def test_with_a_broken_directory_the_event_is_kept_without_its_snapshot(
    unit: InferenceUnit,
) -> None:
    unit.settings.snapshots_dir.write_text("a file where a directory should be")
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(3)
    unit.detector.scene = []
    unit.run_for(4)
    (event,) = unit.store.rows(Event)
    assert event.snapshot is None
    faults = [fault.text for fault in unit.store.rows(Fault)]
    assert any("the event is kept without it" in text for text in faults)


def test_events_wait_in_memory_while_the_database_cannot_be_written(unit: InferenceUnit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(3)
    unit.detector.scene = []
    unit.store.full = True
    unit.run_for(5)
    assert unit.store.rows(Event) == []
    unit.store.full = False
    unit.run_for(1)
    assert len(unit.store.rows(Event)) == 1


def test_a_rate_below_one_a_second_still_makes_events(make_unit: Any) -> None:
    unit = make_unit(eco_frames_per_s=0.25)
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(20)
    unit.detector.scene = []
    unit.run_for(20)
    assert unit.detector.analysed == 10
    assert [event.frames for event in unit.store.rows(Event)] == [5]
