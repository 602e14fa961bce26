"""Time-lapse: a picture each some minutes while surplus is available, hidden as snapshots are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.media import files
from appliance.model import EnergyLevel
from appliance.model_cameras import Event
from appliance.sections.cameras import CameraSettings
from inference.detection import head_blur
from inference.events import timelapse
from tests.stand_ins.fake_inference import SOMEBODY
from tests.stand_ins.inference_unit import InferenceUnit


@pytest.fixture
def unit(make_unit: Any) -> InferenceUnit:
    made: InferenceUnit = make_unit(camera={"gate": CameraSettings(timelapse_min=10)})
    made.camera.moving = False
    return made


def pass_minutes(unit: InferenceUnit, minutes: int, *, sun_is_free: bool) -> None:
    for _ in range(minutes):
        unit.grant(EnergyLevel.FULL, sun_is_free=sun_is_free)
        unit.run_for(1)
        unit.clock.advance(59)


def list_pictures(unit: InferenceUnit) -> list[Path]:
    return sorted(one.path for one in files.list_files(unit.settings.timelapse_dir))


def test_one_is_taken_each_ten_minutes_of_surplus_though_nothing_moves(
    unit: InferenceUnit,
) -> None:
    pass_minutes(unit, 20, sun_is_free=False)
    assert list_pictures(unit) == []
    pass_minutes(unit, 30, sun_is_free=True)
    found = list_pictures(unit)
    assert len(found) == 3
    assert unit.detector.analysed == 3, "nothing else was looked at"
    [one, *_] = files.list_files(unit.settings.timelapse_dir)
    assert (one.camera, one.kind) == ("gate", ".jpg")
    assert unit.store.rows(Event) == []


def test_heads_are_hidden_as_in_a_snapshot(
    unit: InferenceUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[bool] = []
    encode = head_blur.encode_snapshot

    def note(result: Any, *, blur_heads: bool) -> bytes:
        hidden.append(blur_heads and bool(result.detections))
        return encode(result, blur_heads=blur_heads)

    monkeypatch.setattr(timelapse, "encode_snapshot", note)
    unit.detector.scene = [SOMEBODY]
    pass_minutes(unit, 1, sun_is_free=True)
    assert hidden == [True]
    [path] = list_pictures(unit)
    assert cv2.imread(str(path), cv2.IMREAD_COLOR) is not None
    assert np.fromfile(path, np.uint8)[:2].tolist() == [0xFF, 0xD8]


def test_a_camera_without_it_gives_none(make_unit: Any) -> None:
    unit = make_unit(camera={"gate": CameraSettings()})
    unit.camera.moving = False
    pass_minutes(unit, 30, sun_is_free=True)
    assert list_pictures(unit) == []


def test_a_disk_that_takes_no_picture_is_a_fault_and_stops_nothing(unit: InferenceUnit) -> None:
    unit.settings.timelapse_dir.parent.mkdir(parents=True, exist_ok=True)
    unit.settings.timelapse_dir.write_text("in the way")
    unit.grant(EnergyLevel.FULL, sun_is_free=True)
    unit.run_for(1)
    assert "store" in unit.list_faults()
    unit.run_for(3)
    assert unit.detector.analysed == 1


def test_a_part_of_a_picture_waits_for_a_whole_one(
    unit: InferenceUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def note(result: Any, **_: Any) -> bytes:
        seen.append(result)
        return b"picture"

    monkeypatch.setattr(timelapse, "encode_snapshot", note)
    pass_minutes(unit, 1, sun_is_free=True)
    lapse = unit.cycle._timelapse
    assert lapse is not None
    assert not lapse.take("gate", replace(seen[0], part=SOMEBODY.box))
    assert len(seen) == 1
