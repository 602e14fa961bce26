"""What stands still costs nothing: when a parked car is looked at, and how its event goes on."""

from typing import Any

import pytest

from appliance.model import EnergyLevel
from appliance.model_cameras import Box, Detection, Event
from inference.detection.frame_result import FrameResult
from inference.tracking.attention import Cause
from tests.stand_ins.fake_inference import SOMEBODY
from tests.stand_ins.inference_unit import InferenceUnit

CAR = Detection("car", 0.7, Box(0.05, 0.1, 0.25, 0.2))
ELSEWHERE = Box(0.6, 0.6, 0.7, 0.8)


class ParkedUnit:
    """A unit that has just seen a car come and stop; notes each look."""

    def __init__(self, unit: InferenceUnit) -> None:
        self.unit, self.camera, self.detector = unit, unit.camera, unit.detector
        self.looks: list[FrameResult] = []
        handle = unit.cycle._handle_result

        def note(camera: Any, result: FrameResult, *rest: Any) -> None:
            self.looks.append(result)
            handle(camera, result, *rest)

        unit.cycle._handle_result = note  # type: ignore[assignment,method-assign]
        unit.detector.scene = [CAR]
        self.run_for(13)
        unit.camera.moving = False
        self.looks.clear()

    def run_for(self, seconds: int) -> None:
        for first in range(0, seconds, 60):
            self.unit.grant(EnergyLevel.FULL)
            self.unit.run_for(min(60, seconds - first))

    def count(self, cause: Cause) -> int:
        return sum(look.cause is cause for look in self.looks)

    def list_numbers(self) -> set[int]:
        return {one.number for one in self.unit.cycle._cameras[0].tracks.live}

    def list_events(self) -> list[Event]:
        return self.unit.store.rows(Event)

    def finish(self) -> list[Event]:
        self.unit.service.finish(self.unit.cycle.finish)
        return self.list_events()


@pytest.fixture
def parked(make_unit: Any) -> ParkedUnit:
    return ParkedUnit(make_unit(labels=("person", "car"), regions=True))


def test_a_parked_car_alone_is_looked_at_once_a_minute_and_stays_one_thing(
    parked: ParkedUnit,
) -> None:
    parked.run_for(600)
    assert 8 <= len(parked.looks) <= 11, "not 3000"
    assert {look.cause for look in parked.looks} == {Cause.STANDING}
    events = parked.finish()
    assert len({event.event_id.partition(".")[0].rpartition("-")[2] for event in events}) == 1
    assert (events[-1].last_seen - events[0].stamp.utc).total_seconds() > 540


def test_while_something_moves_elsewhere_the_looks_are_at_that(parked: ParkedUnit) -> None:
    parked.camera.moving, parked.camera.region = True, ELSEWHERE
    parked.run_for(120)
    assert parked.count(Cause.STANDING) == 0
    parts = [look.part for look in parked.looks if look.part is not None]
    showing = [part for part in parts if part.left < CAR.box.right]
    assert len(parts) > 8 * len(showing), "whole pictures come every 2 seconds, as ever"
    assert parked.list_numbers() == {1}, "nothing ended, nothing began"


def test_movement_elsewhere_that_ends_leaves_no_looks_behind(parked: ParkedUnit) -> None:
    parked.camera.moving, parked.camera.region = True, ELSEWHERE
    parked.detector.scene = [CAR, Detection("person", 0.8, ELSEWHERE)]
    parked.run_for(5)
    parked.camera.moving, parked.detector.scene = False, [CAR]
    parked.run_for(10)
    parked.looks.clear()
    parked.run_for(120)
    assert len(parked.looks) <= 4, "two a minute at most"
    assert [event.label for event in parked.list_events() if event.label == "person"] == ["person"]


def test_something_that_moves_at_the_car_is_looked_at_with_the_car(parked: ParkedUnit) -> None:
    parked.camera.moving, parked.camera.region = True, Box(0.2, 0.1, 0.3, 0.3)
    parked.run_for(4)
    assert len(parked.looks) >= 19
    assert all(look.detections for look in parked.looks), "the car is whole in each part"


def test_a_car_that_drives_off_is_noticed_at_once_and_its_event_ends(parked: ParkedUnit) -> None:
    parked.run_for(30)
    parked.looks.clear()
    parked.camera.moving = True
    for step in range(5):
        left = 0.05 + 0.03 * step
        parked.detector.scene = [Detection("car", 0.7, Box(left, 0.1, left + 0.2, 0.2))]
        parked.run_for(1)
    assert len(parked.looks) == 25
    left_at = parked.looks[-1].picture.stamp.utc
    parked.detector.scene = []
    parked.run_for(4)
    assert [(one.label, one.last_seen) for one in parked.list_events()] == [("car", left_at)]


def test_a_car_that_one_look_misses_is_looked_for_again_and_its_event_goes_on(
    parked: ParkedUnit,
) -> None:
    parked.run_for(30)
    parked.detector.scene = []
    while not parked.looks:
        parked.run_for(1)
    parked.run_for(2)
    assert 2 <= len(parked.looks) <= 4, "once a second while it is in doubt"
    parked.detector.scene = [CAR]
    parked.run_for(70)
    assert parked.list_numbers() == {1}
    parked.detector.scene = []
    parked.run_for(70)
    assert parked.list_events()[-1].label == "car", "gone for good: told"
    parked.looks.clear()
    parked.run_for(70)
    assert parked.looks == []


def test_a_camera_that_dies_before_a_parked_car_ends_its_event_as_before(
    parked: ParkedUnit,
) -> None:
    parked.camera.gone = True
    parked.run_for(8)
    assert [event.label for event in parked.list_events()] == ["car"]


def test_who_is_followed_is_looked_at_in_each_frame_beside_a_parked_car(parked: ParkedUnit) -> None:
    parked.camera.moving = True
    parked.detector.scene = [CAR, SOMEBODY]
    parked.run_for(2)
    parked.camera.moving = False
    parked.looks.clear()
    parked.run_for(4)
    assert len(parked.looks) == 20
    assert {look.cause for look in parked.looks} == {Cause.FOLLOWED}
    assert all(look.reason for look in parked.looks)


def test_what_is_gone_is_searched_less_often_than_what_is_there_is_followed(
    make_unit: Any,
) -> None:
    parked = ParkedUnit(make_unit(labels=("person", "car"), regions=True))
    parked.camera.moving, parked.camera.region = True, ELSEWHERE
    parked.detector.scene = [Detection("person", 0.8, ELSEWHERE)]
    parked.run_for(5)
    parked.camera.moving, parked.camera.region, parked.detector.scene = False, None, []
    parked.looks.clear()
    parked.run_for(10)
    assert 2 <= len(parked.looks) <= 5, "not ten: two seconds at five a second"
    assert parked.list_numbers() == set()
