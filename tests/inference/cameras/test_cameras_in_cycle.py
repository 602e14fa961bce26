"""Asking several cameras for frames: who is asked when, and what one fault costs the others."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from appliance.media.frames import I420, JPEG, Answer, Picture, PictureRequest, Refusal
from appliance.model import EnergyLevel
from appliance.model_cameras import Event, InferenceRun
from tests.stand_ins.fake_inference import (
    SOMEBODY,
    FakeCamera,
)
from tests.stand_ins.inference_unit import InferenceUnit


def test_a_quiet_camera_costs_one_wake_up_a_wait_and_no_run(make_unit: Any) -> None:
    unit = make_unit(cameras=[f"camera{number}" for number in range(8)])
    for camera in unit.cameras.values():
        camera.moving = False
    unit.grant(EnergyLevel.FULL)
    unit.run_for(60)
    assert unit.detector.analysed == 0
    assert unit.detector.loads == 0
    for camera in unit.cameras.values():
        assert camera.pulls <= 62
        assert all(
            ask == PictureRequest(I420, -1, moved=True, wait_s=1.0) for _, ask in camera.asks
        )
    assert unit.waiter.wakes <= 60 * 4, "answers that come together are one wake-up"
    (run,) = unit.store.rows(InferenceRun)[-1:] or [None]
    assert run is None or run.power_w == 0


def test_what_is_followed_is_analysed_at_the_full_rate_until_it_is_gone(
    unit: InferenceUnit,
) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(2)
    unit.camera.moving = False  # he stands still: the camera would say nothing by itself
    before = unit.detector.analysed
    unit.run_for(7)
    assert unit.detector.analysed == before + 35
    assert all(not ask.moved for _, ask in unit.camera.asks[2:])
    unit.detector.scene = []
    unit.run_for(6)
    still = unit.detector.analysed
    assert still <= before + 35 + 11, "only until he counts as gone"
    unit.run_for(5)
    assert unit.detector.analysed == still
    assert unit.camera.asks[-1][1].moved
    assert len(unit.store.rows(Event)) == 1


def test_a_run_begins_at_the_moment_of_the_cameras_answer(unit: InferenceUnit) -> None:
    unit.camera.moving = False
    unit.grant(EnergyLevel.FULL)
    unit.run_for(2)
    moments: list[float] = []
    analyse = unit.detector.analyse

    def noted(pictures: Any, parts: Any = None) -> Any:
        moments.append(unit.clock.media_s())
        return analyse(pictures, parts)

    unit.detector.analyse = noted  # type: ignore[method-assign]
    waiter, passed_s = unit.waiter.wait, unit.clock.media_s() + 0.4

    def wait(asked: Sequence[Any], seconds: float, stop: Any) -> list[Any]:
        if unit.clock.media_s() >= passed_s - 1e-9:
            unit.camera.moving = True
        return waiter(asked, min(seconds, max(0.0, passed_s - unit.clock.media_s()) or 1), stop)

    unit.waiter.wait = wait  # type: ignore[method-assign]
    unit.run_for(1)
    assert moments[0] == pytest.approx(passed_s, abs=0.003)


def test_answers_of_one_moment_are_analysed_together_the_longest_waiting_first(
    make_unit: Any,
) -> None:
    unit = make_unit(cameras=("gate", "yard", "shed"))
    unit.cameras["shed"].moving = False
    unit.grant(EnergyLevel.ECO)
    unit.run_for(2)
    assert unit.detector.batches == [["gate", "yard"]] * 4
    unit.cameras["shed"].moving = True
    unit.run_for(2)
    together = [batch for batch in unit.detector.batches if "shed" in batch]
    assert together
    first = [batch for batch in together if len(batch) == 3]
    assert all(batch[0] == "shed" for batch in first[:1])


def test_a_hung_camera_delays_no_other_and_is_a_fault(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"))
    unit.cameras["gate"].hung = True
    unit.grant(EnergyLevel.FULL)
    unit.run_for(30)
    assert unit.count_frames("yard") == pytest.approx(150, abs=1)
    assert unit.count_frames("gate") == 0
    assert unit.list_faults() == ["camera"]
    (fault,) = unit.store.list_open_faults()
    assert "the camera gate gives no answer for 6 s" in fault.text
    assert unit.camera.pulls == pytest.approx(30 / 8, abs=1), "one question at a time, then a pause"
    unit.cameras["gate"].hung = False
    unit.run_for(10)
    assert unit.count_frames("gate") > 5
    assert unit.list_faults() == []


def test_a_camera_that_refuses_at_once_is_left_alone_for_a_while_and_is_no_fault(
    unit: InferenceUnit,
) -> None:
    unit.camera.refusal = "the camera listens: energy level SENTINEL"
    unit.grant(EnergyLevel.ECO)
    unit.run_for(70)
    assert unit.detector.analysed == 0
    assert unit.camera.pulls == pytest.approx(70, abs=2)
    assert unit.list_faults() == []
    (run,) = unit.store.rows(InferenceRun)
    assert (run.frames, run.power_w) == (0, 0)
    assert unit.view.answer(PictureRequest(JPEG)) == Refusal(
        "the camera listens: energy level SENTINEL"
    )
    unit.camera.refusal = None
    unit.run_for(2)
    assert unit.detector.analysed > 1


def test_a_camera_that_is_gone_is_a_fault_after_ten_seconds_until_it_is_back(
    unit: InferenceUnit,
) -> None:
    unit.camera.gone = True
    unit.grant(EnergyLevel.ECO)
    unit.run_for(10)
    assert unit.list_faults() == []
    unit.run_for(3)
    assert unit.list_faults() == ["camera"]
    unit.camera.restart()
    unit.run_for(3)
    assert unit.list_faults() == []
    assert unit.detector.analysed > 0


def test_a_camera_that_restarts_ends_what_was_followed_and_is_analysed_again(
    unit: InferenceUnit,
) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(5)
    unit.camera.restart()
    unit.run_for(5)
    unit.service.finish(unit.cycle.finish)
    assert [event.frames for event in unit.store.rows(Event)] == [10, 10]
    assert unit.list_faults() == []


def test_pictures_of_no_use_are_the_cameras_trouble_and_end_nothing_else(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"))
    unit.cameras["gate"]._picture = lambda encoding, data: replace(
        FakeCamera._picture(unit.cameras["gate"], encoding, data), width=99
    )
    unit.grant(EnergyLevel.ECO)
    unit.run_for(12)
    assert (unit.count_frames("gate"), unit.count_frames("yard")) == (0, 24)


def test_a_picture_of_another_camera_is_trouble_and_no_event_of_that_camera(
    unit: InferenceUnit,
) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.detector.scene = [SOMEBODY]
    take = unit.camera.take

    def take_wrong() -> Answer:
        answer = take()
        return replace(answer, camera="rear") if isinstance(answer, Picture) else answer

    unit.camera.take = take_wrong  # type: ignore[method-assign]
    unit.run_for(15)
    assert unit.list_faults() == ["camera"]
    assert unit.detector.analysed == 0
    assert unit.store.rows(Event) == []
