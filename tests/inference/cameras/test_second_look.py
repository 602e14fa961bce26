"""A second look where something large moves and nothing was found: when, at what cost, and what."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.media.frames import I420, Picture
from appliance.model import EnergyLevel
from appliance.model_cameras import Box, CameraUsage, Detection, Event
from appliance.sections.cameras import LabelSettings
from inference.cameras.second_look import LONGEST_WAIT_S, REASON, SecondLook
from inference.detection.detector import OnnxDetector, PictureDetections
from inference.detection.frame_result import FrameResult
from inference.detection.mosaic import make_mosaic, map_mosaic_back
from inference.tracking.state import Tracks
from tests.conftest import MODEL
from tests.scenes.near_people import make_views
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.inference_unit import InferenceUnit

LARGE, SMALL = Box(0.2, 0.1, 0.6, 1.0), Box(0.4, 0.4, 0.5, 0.5)
NEAR = Detection("person", 0.8, Box(0.25, 0.1, 0.55, 1.0))
IN_MOSAIC = Detection("person", 0.8, Box(0.16, 0.05, 0.34, 0.45))  # NEAR, in the larger copy


def as_picture(bgr: Any, at_s: float = 0.0) -> Picture:
    data = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).tobytes()
    high, wide = bgr.shape[:2]
    return Picture("gate", FakeClock().stamp(), 1, 0, at_s, wide, high, I420, data, region=LARGE)


# --- what it finds -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def detector() -> OnnxDetector:
    return OnnxDetector(MODEL, threads=1, floor=0.25, labels=("person",))


@pytest.mark.parametrize("view", ["whole", "without legs", "only legs", "head and shoulders"])
def test_near_and_cut_off_people_are_found_by_the_second_look(
    detector: OnnxDetector, view: str
) -> None:
    found = []
    for near in make_views(view, every=50):
        mosaic = make_mosaic(as_picture(near.bgr), detector.size)
        (seen,) = detector.analyse([mosaic.picture])
        people = [one for one in map_mosaic_back(seen.detections, mosaic) if one.confidence > 0.45]
        middle = (near.box.left + near.box.right) / 2
        found.append(any(one.box.left < middle < one.box.right for one in people))
    assert sum(found) >= 0.85 * len(found)


def test_a_mosaic_holds_the_picture_twice_in_its_shape_and_gives_places_back() -> None:
    bgr = np.zeros((480, 640, 3), np.uint8)
    bgr[:, 320:] = 255
    mosaic = make_mosaic(as_picture(bgr), 416)
    larger, smaller = mosaic.places
    assert larger.right == 260 / 416
    assert larger.bottom == pytest.approx(0.75 * 260 / 416, abs=0.005)
    assert smaller.left == larger.right
    assert smaller.right == pytest.approx(1.0)
    (back,) = map_mosaic_back([IN_MOSAIC, replace(IN_MOSAIC, confidence=0.5)], mosaic)
    assert back.box.left == pytest.approx(0.16 * 416 / 260)
    assert map_mosaic_back([Detection("person", 0.9, Box(0.1, 0.8, 0.3, 1.0))], mosaic) == []
    luma = np.frombuffer(mosaic.picture.data, np.uint8)[: 416 * 416].reshape(416, 416)
    assert luma[10, 10] < 30 < 200 < luma[10, 250]
    assert luma[400, 10] == 114


# --- when --------------------------------------------------------------------------------------


def result(
    *seen: Detection, region: Box | None = LARGE, at_s: float = 100.0, size: int = 2
) -> FrameResult:
    picture = Picture("gate", FakeClock().stamp(), 1, 0, at_s, size, size, I420, b"", region=region)
    return FrameResult(picture, seen)


def make_second_look() -> SecondLook:
    return SecondLook(("person",), lambda _: 0.45, known_after=3)


def test_a_second_look_is_for_something_large_of_which_nothing_was_found() -> None:
    look, nobody = make_second_look(), Tracks()
    assert look.find_reason(result(), nobody) == REASON
    assert look.find_reason(result(replace(NEAR, confidence=0.4)), nobody) == REASON
    assert look.find_reason(result(Detection("dog", 0.9, LARGE)), nobody) == REASON
    assert look.find_reason(result(NEAR), nobody) == ""
    assert look.find_reason(result(region=SMALL), nobody) == ""
    assert look.find_reason(result(region=None), nobody) == "", "nobody knows where it moves"


def test_what_a_second_look_does_not_know_either_is_looked_at_less_and_less() -> None:
    look, looks = make_second_look(), []
    for count in range(600 * 5):
        if look.find_reason(result(at_s=count / 5), Tracks()):
            looks.append(count / 5)
            look.note(found=False, now_s=count / 5)
    assert 20 <= len(looks) <= 30, "a flag in the wind for ten minutes, not 3000"
    assert looks[-1] - looks[-2] == pytest.approx(LONGEST_WAIT_S)
    look.note(found=True, now_s=700.0)
    assert look.find_reason(result(at_s=700.2), Tracks()), "somebody came: at once again"


# --- in the cycle ------------------------------------------------------------------------------


class NearUnit:
    """A unit before which somebody near moves, whom only a second look finds."""

    def __init__(self, unit: InferenceUnit) -> None:
        self.unit, self.seconds = unit, 0
        unit.camera.region = LARGE
        analyse = unit.detector.analyse

        def look(pictures: Sequence[Picture], parts: Any = None) -> list[PictureDetections]:
            found = analyse(pictures, parts)
            if pictures[0].width != unit.detector.size:
                return found
            self.seconds += 1
            return [PictureDetections((IN_MOSAIC,) if self.is_there else (), None)]

        unit.detector.analyse = look  # type: ignore[method-assign]
        self.is_there = True


def test_somebody_near_makes_an_event_that_says_how_he_was_found(make_unit: Any) -> None:
    near = NearUnit(make_unit())
    near.unit.grant(EnergyLevel.FULL)
    near.unit.run_for(3)
    assert near.seconds == 3 + 2, "until he is known, then once a second"
    near.unit.service.finish(near.unit.cycle.finish)
    (event,) = near.unit.store.rows(Event)
    assert event.label == "person"
    assert "found by a second look at the picture, smaller" in event.reason


def test_both_looks_are_paid_for_and_none_is_made_where_the_energy_is_for_one(
    make_unit: Any,
) -> None:
    near = NearUnit(make_unit())
    near.is_there = False
    near.unit.grant(EnergyLevel.FULL)
    near.unit.run_for(61)
    usage = near.unit.store.rows(CameraUsage)[-1]
    assert near.seconds >= 6
    assert usage.energy_wh * 3600 == pytest.approx(0.5 * near.unit.detector.analysed, rel=0.03)
    poor = NearUnit(make_unit())
    poor.unit.grant(EnergyLevel.FULL, power_w=0.1)
    poor.unit.run_for(30)
    assert poor.seconds == 0
    assert poor.unit.detector.analysed >= 6


def test_the_owner_may_switch_the_second_look_off(make_unit: Any) -> None:
    near = NearUnit(make_unit(second_look=False))
    near.unit.grant(EnergyLevel.FULL)
    near.unit.run_for(3)
    assert near.seconds == 0


def test_a_label_may_have_a_limit_of_its_own(make_unit: Any) -> None:
    limits = {"person": LabelSettings(threshold=0.3), "traffic-light": LabelSettings(threshold=0.9)}
    unit = make_unit(labels=("person", "traffic light", "car"), label=limits, second_look=False)
    unit.detector.scene = [
        Detection("person", 0.35, Box(0.1, 0.1, 0.2, 0.4)),
        Detection("traffic light", 0.8, Box(0.4, 0.1, 0.5, 0.4)),
        Detection("car", 0.4, Box(0.6, 0.1, 0.9, 0.4)),
    ]
    unit.grant(EnergyLevel.FULL)
    unit.run_for(3)
    unit.service.finish(unit.cycle.finish)
    assert [(event.label, event.threshold) for event in unit.store.rows(Event)] == [("person", 0.3)]
