"""The live view: what it shows and what it refuses."""

from dataclasses import astuple, replace
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.media.frame_socket import FrameClient, FrameServer
from appliance.media.frames import JPEG, Picture, PictureRequest, Refusal
from appliance.model import EnergyLevel
from tests.stand_ins.fake_inference import (
    SOMEBODY,
)
from tests.stand_ins.inference_unit import InferenceUnit


def test_the_view_shows_analysed_frames_with_boxes_and_only_new_ones(
    unit: InferenceUnit,
) -> None:
    server = FrameServer(unit.settings.view_socket, unit.view.answer)
    viewer = FrameClient(unit.settings.view_socket)
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(1)
    shown = viewer.pull(PictureRequest(JPEG))
    assert isinstance(shown, Picture)
    (seen,) = shown.detections
    assert (seen.label, seen.confidence) == ("person", 0.8)
    assert astuple(seen.box) == pytest.approx(astuple(SOMEBODY.box))
    picture = cv2.imdecode(np.frombuffer(shown.data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (60, 80, 3)
    assert isinstance(viewer.pull(PictureRequest(JPEG, after=shown.sequence)), Refusal)
    unit.run_for(1)
    assert isinstance(viewer.pull(PictureRequest(JPEG, after=shown.sequence)), Picture)
    viewer.close()
    server.close()


def test_the_view_shows_no_box_of_what_is_only_faintly_seen(unit: InferenceUnit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(1)
    unit.detector.scene = [replace(SOMEBODY, confidence=0.3)]
    unit.run_for(1)
    shown = unit.view.answer(PictureRequest(JPEG))
    assert isinstance(shown, Picture)
    assert shown.detections == ()


def test_the_view_shows_the_camera_that_was_analysed_last(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"))
    unit.cameras["yard"].moving = False
    unit.grant(EnergyLevel.ECO)
    unit.run_for(2)
    assert shown_camera(unit) == "gate"
    unit.camera.moving, unit.cameras["yard"].moving = False, True
    unit.run_for(2)
    assert shown_camera(unit) == "yard"
    unit.cameras["yard"].refusal = "the camera is off"
    unit.run_for(5)
    assert shown_camera(unit) == "gate", "one that is off is shown no more"


def shown_camera(unit: InferenceUnit) -> str:
    shown = unit.view.answer(PictureRequest(JPEG))
    assert isinstance(shown, Picture)
    return shown.camera


def test_the_last_picture_of_each_camera_can_be_asked_for(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"))
    unit.cameras["yard"].moving = False
    unit.grant(EnergyLevel.ECO)
    unit.run_for(2)
    refused = unit.view.answer(PictureRequest(JPEG, camera="yard"))
    assert isinstance(refused, Refusal)
    assert "no picture of yard" in refused.reason
    unit.camera.moving, unit.cameras["yard"].moving = False, True
    unit.run_for(2)
    for name in ("gate", "yard"):
        shown = unit.view.answer(PictureRequest(JPEG, camera=name))
        assert isinstance(shown, Picture)
        assert shown.camera == name
