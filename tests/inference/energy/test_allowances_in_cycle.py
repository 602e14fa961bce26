"""Energy allowances in the running service: who waits, who shares, what is paid for."""

from typing import Any

import pytest

from appliance.model import EnergyLevel
from appliance.model_cameras import Event
from tests.stand_ins.fake_inference import (
    SOMEBODY,
)
from tests.stand_ins.inference_unit import GPU, InferenceUnit


def test_an_empty_allowance_keeps_a_camera_waiting_and_the_status_says_for_what(
    make_unit: Any,
) -> None:
    unit = make_unit(energy_per_frame_j=0.5)
    unit.grant(EnergyLevel.FULL, power_w=0.1)
    unit.run_for(1)
    sentence = unit.cycle.run()
    assert unit.detector.analysed == 1
    assert "gate waits for energy: 0." in sentence
    assert sentence.endswith("of 0.5 J needed")
    unit.run_for(100)
    assert unit.detector.analysed == pytest.approx(1 + 102 * 0.1 / 0.5, abs=1)
    assert unit.list_faults() == []


def test_a_thing_is_one_event_although_the_allowance_pays_for_few_frames(
    unit: InferenceUnit,
) -> None:
    unit.grant(EnergyLevel.FULL, power_w=0.1)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(60)
    unit.detector.scene = []
    unit.run_for(60)
    events = unit.store.rows(Event)
    assert [event.frames for event in events] == [pytest.approx(12, abs=1)]


def test_one_rare_frame_that_misses_a_thing_does_not_end_its_event(unit: InferenceUnit) -> None:
    unit.grant(EnergyLevel.FULL, power_w=0.1)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(31)
    unit.detector.scene = []
    unit.run_for(5)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(20)
    unit.service.finish(unit.cycle.finish)
    assert len(unit.store.rows(Event)) == 1


def test_what_quiet_cameras_do_not_need_goes_to_the_busy_one(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard", "shed", "barn"))
    for name in ("yard", "shed", "barn"):
        unit.cameras[name].moving = False
    unit.grant(EnergyLevel.FULL, power_w=1.0)
    unit.run_for(170)
    at_first = unit.count_frames("gate")
    assert at_first < 170 * 5
    unit.grant(EnergyLevel.FULL, power_w=1.0)
    unit.run_for(60)
    assert unit.count_frames("gate") - at_first == pytest.approx(120, abs=5), "1 W at 0.5 J"


def test_who_shares_a_model_shares_what_loading_it_costs(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"))
    unit.detector.wanted = unit.detector.got = GPU
    unit.choice.load_j = 6.0
    unit.cameras["yard"].moving = False
    unit.grant(EnergyLevel.FULL, power_w=0.01)
    unit.run_for(1)
    assert unit.detector.analysed == 1
    assert unit.cycle._allowances["gate"].owed_j == pytest.approx(0, abs=0.01)
    assert unit.cycle._allowances["yard"].held_j == pytest.approx(0.5, abs=0.01)


def test_a_model_is_not_loaded_before_the_allowance_covers_it(unit: InferenceUnit) -> None:
    unit.cycle._allowances._has_begun = True  # without the free first run
    unit.choice.load_j = 4.0
    unit.grant(EnergyLevel.FULL, power_w=0.5)
    unit.run_for(8)
    assert (unit.detector.loads, unit.detector.analysed) == (0, 0)
    unit.run_for(3)
    assert unit.detector.loads == 1
    assert unit.detector.analysed > 0
