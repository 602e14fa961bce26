"""Which rules an occurrence meets."""

from datetime import time

import pytest

from appliance.alarms.occurrences import Occurrence
from appliance.alarms.rules import find_rules, is_met
from appliance.model import EnergyLevel
from appliance.model_alarms import AlarmKind
from appliance.sections.alarms import AlarmSettings
from tests.appliance.alarms.occurrences import fault, person

NIGHT = time(3, 10)


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        (AlarmSettings(), True),
        (AlarmSettings(cameras=("gate",), zones=("drive",), labels=("person",)), True),
        (AlarmSettings(cameras=("yard",)), False),
        (AlarmSettings(zones=("fence",)), False),
        (AlarmSettings(labels=("car",)), False),
        (AlarmSettings(hours="22:00-05:00"), True),
        (AlarmSettings(hours="05:00-22:00"), False),
        (AlarmSettings(runs_from=EnergyLevel.SENTINEL), True),
        (AlarmSettings(runs_from=EnergyLevel.ECO), False),
        (AlarmSettings(on=AlarmKind.FAULT), False),
    ],
)
def test_an_event_meets_what_names_it(rule: AlarmSettings, met: bool) -> None:
    assert is_met(rule, person(), NIGHT) is met


@pytest.mark.parametrize(("codes", "met"), [((), True), (("charger",), True), (("disk",), False)])
def test_a_fault_is_met_by_its_code_and_no_camera(codes: tuple[str, ...], met: bool) -> None:
    rule = AlarmSettings(on=AlarmKind.FAULT, faults=codes, cameras=("gate",))
    assert is_met(rule, fault("charger"), NIGHT) is met


def test_each_rule_that_is_met_makes_an_alarm() -> None:
    rules = {"people": AlarmSettings(labels=("person",)), "cars": AlarmSettings(labels=("car",))}
    occurrence: Occurrence = person()
    assert [name for name, _ in find_rules(rules, occurrence, NIGHT)] == ["people"]
