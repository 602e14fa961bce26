"""Rows as occurrences."""

from dataclasses import replace
from datetime import timedelta

from appliance.alarms.streams import (
    from_event,
    from_fault,
    from_fault_end,
    from_sleep,
)
from appliance.model import EnergyLevel, Fault, Sleep
from appliance.model_alarms import TAMPER_CODES, AlarmKind
from sensors.camera.tamper_checks.checks import TamperKind
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

NOW = FakeClock().stamp()
ECO = EnergyLevel.ECO


def test_the_codes_of_tampering_are_those_of_the_cameras() -> None:
    assert {kind.value for kind in TamperKind} == TAMPER_CODES


def test_a_covered_camera_is_a_tampering_at_that_camera_and_any_other_fault_a_fault() -> None:
    fault = Fault(NOW, "camera-covered", "camera@gate", "the camera gate seems covered", None)
    found = from_fault(fault, ECO)
    assert (found.kind, found.place) == (AlarmKind.TAMPER, "gate")
    other = from_fault(replace(fault, code="bus", source="power"), ECO)
    assert (other.kind, other.place, other.code) == (AlarmKind.FAULT, "power", "bus")


def test_the_end_of_a_fault_happened_when_it_ended() -> None:
    fault = Fault(NOW, "bus", "power", "silent", NOW.utc + timedelta(hours=1))
    found = from_fault_end(fault, ECO)
    assert (found.at - NOW.utc, found.text) == (timedelta(hours=1), "over: silent")


def test_an_event_has_its_zone_and_what_a_second_look_called_it() -> None:
    event = replace(filled.event(NOW), rule="zone yard: stayed 10 s", sub_label="postman")
    found = from_event(event, ECO)
    assert (found.zone, found.label) == ("yard", "person")
    assert found.text == "postman at demo, zone yard: stayed 10 s"


def test_a_huge_text_becomes_one_line_that_fits() -> None:
    fault = Fault(NOW, "bus", "power", "x" * 100_000, None)
    assert len(from_fault(fault, ECO).text) < 400


def test_a_sleep_without_a_wake_says_so() -> None:
    sleep = Sleep(NOW, EnergyLevel.OFF, None, "", None, 9.0, 2.0, "the battery is empty")
    text = from_sleep(sleep, EnergyLevel.OFF, "UTC").text
    assert text == "the unit goes to sleep (OFF), nothing is set to wake it: the battery is empty"
