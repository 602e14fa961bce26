"""Another charge controller: it takes the section of the old one, also as another model."""

from pathlib import Path

import pytest

from appliance.model import BatteryAge, BatteryState, EnergyTotal
from appliance.model_set_points import DeviceState, SetPoints
from appliance.wording.sentence import say
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.replacing.changes import Changes
from provisioning.commissioning.replacing.charger import ChargerWalk
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.steps.power_devices import PowerDevicesStep
from provisioning.commissioning.terminal import Terminal, take_asking
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.charger import port, search
from tests.provisioning.commissioning.fakes import make_unit
from tests.provisioning.commissioning.replacing.learned import (
    LEARNED_AH,
    answer,
    list_rows,
    make_worked_unit,
    read,
)

__all__ = ["port"]  # a fixture

NEW = {"on": "2026-12-01", "confirmed": ["forget"]}


def make_walk(*ports: str) -> ChargerWalk:
    return ChargerWalk(PowerDevicesStep(list_ports=lambda: ports, search=search, answers_in_s=0.0))


def take(unit: Unit, walk: ChargerWalk, **more: object) -> Result:
    with Engine(unit, (walk,), {walk.table: Answers(walk.table, NEW | more)}) as engine:
        return engine.take(walk)


def test_what_the_old_one_was_is_forgotten_and_the_battery_stays(tmp_path: Path) -> None:
    unit = make_worked_unit(tmp_path)
    energy, before = list_rows(unit, EnergyTotal), read(unit, BatteryState)

    take(unit, make_walk())

    state = read(unit, BatteryState)
    assert state.resistance_ohm is None
    assert (state.state_of_charge_pct, state.full_at) == (71.0, before.full_at)
    assert state.stamp == before.stamp  # what flowed since then is unknown, and counts as such
    assert read(unit, BatteryAge).capacity_ah == LEARNED_AH
    assert list_rows(unit, EnergyTotal) == energy
    assert [one.device for one in list_rows(unit, SetPoints)] == ["bms main"]


def test_one_of_the_same_model_at_the_same_port_is_done_when_it_answers(tmp_path: Path) -> None:
    unit = make_worked_unit(tmp_path)

    waits = take(unit, make_walk())
    assert waits.outcome.status is Status.BLOCKED  # nothing is found on no port
    answer(unit, "charger main")
    answer(unit, "bms main", "jbd")
    done = take(unit, make_walk())

    assert done.outcome.status is Status.DONE
    assert "resistance of the wires" in done.outcome.reason
    assert unit.settings().charger["main"].model == "epever-tracer"
    assert not take(unit, make_walk()).has_changed


@pytest.mark.parametrize("old", ["renogy-rover", "epever-tracer"])
def test_another_model_or_port_takes_the_name_of_the_old_one(
    tmp_path: Path, port: str, old: str
) -> None:
    at = port if old == "renogy-rover" else "/dev/appliance/gone"
    text = f'[charger.roof]\nmodel = "{old}"\nport = "{at}"\nloads_on_battery = true\n'
    unit = make_unit(tmp_path, text=text)

    waits = take(unit, make_walk(port))

    assert "no answer of charger roof yet" in waits.outcome.reason
    roof = unit.settings().charger["roof"]
    assert (roof.model, roof.port, roof.loads_on_battery) == ("epever-tracer", port, True)
    assert list(unit.settings().charger) == ["roof"]


def test_several_are_asked_about_and_one_that_is_not_there_is_refused(tmp_path: Path) -> None:
    text = "".join(
        f'[charger.{one}]\nmodel = "epever-tracer"\nport = "/dev/{one}"\n' for one in ("a", "b")
    )
    unit = make_unit(tmp_path, text=text)

    asked = take(unit, make_walk()).outcome
    assert asked.questions[0].choices == ("a", "b")
    with pytest.raises(AnswerError, match=r"'c' is no such part.*the settings have: a, b"):
        take(unit, make_walk(), section="c")

    assert take(unit, make_walk(), section="charger.b").outcome.status is Status.BLOCKED
    begun = Changes(unit).find_begun("charger")
    assert begun is not None
    assert begun.section == "b"


def test_a_unit_without_a_charger_is_led_to_the_steps(tmp_path: Path) -> None:
    found = take(make_unit(tmp_path), make_walk()).outcome

    assert found.status is Status.BLOCKED
    assert "take `unitctl provision` and its steps" in found.reason


def test_one_with_the_number_that_the_unit_knows_must_be_confirmed(tmp_path: Path) -> None:
    unit = make_worked_unit(tmp_path)
    answer(unit, "charger main", serial_number="HQ1")

    asked = take(unit, make_walk()).outcome

    assert asked.status is Status.NEEDS_ANSWER
    assert "is the one that the unit knows (serial number HQ1)" in asked.questions[0].text
    assert read(unit, BatteryState).resistance_ohm is not None
    take(unit, make_walk(), confirmed=["forget", "same"])
    assert read(unit, BatteryState).resistance_ohm is None


def test_both_serial_numbers_are_evidence(tmp_path: Path) -> None:
    unit = make_worked_unit(tmp_path)
    answer(unit, "charger main", serial_number="HQ2", known_serial_number="HQ1")

    take(unit, make_walk())
    assert not [one for one in list_rows(unit, DeviceState) if one.device == "charger main"]
    answer(unit, "charger main", serial_number="HQ2")
    answer(unit, "bms main", "jbd")
    done = take(unit, make_walk())

    assert done.outcome.facts["old"] == ["HQ1"]
    assert done.outcome.facts["serial_number"] == "HQ2"
    assert [(one.old, one.new) for one in Changes(unit).list_done()] == [(("HQ1",), ("HQ2",))]


class UnsureStep(PowerDevicesStep):
    """What answers may be one of two models until a person has read the label."""

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        if answers.find("models") == "b":
            return Outcome(Status.BLOCKED, say("as model b"))
        text = say("Which model is on the label?")
        asked = Question("power_devices.models", Kind.CHOICE, text, choices=("a", "b"))
        return Outcome(Status.NEEDS_ANSWER, say("it may be a or b"), (asked,))


def test_a_model_that_only_the_label_tells_is_asked_for_after_the_search(tmp_path: Path) -> None:
    unit, said = make_worked_unit(tmp_path), list[str]()
    typed = iter(["", "yes", "b"])
    terminal = Terminal(lambda _: next(typed), said.append)
    walk = ChargerWalk(UnsureStep())

    with Engine(unit, (walk,)) as engine:
        result = take_asking(engine, walk, terminal)

    assert "it may be a or b" in said
    assert result.outcome.reason == "as model b"
