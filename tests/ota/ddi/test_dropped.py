"""What a DDI server cancels, takes back or replaces: dropped before its trial, ended after it."""

from dataclasses import replace
from typing import Any

from appliance.model_updates import UpdateStep
from ota.files import replace as replace_file
from ota.manifest import LayerKind
from tests.ota.ddi.conftest import MakeUnit
from tests.stand_ins.ddi_server import DdiServer
from tests.stand_ins.ddi_unit import DdiUnit
from tests.stand_ins.update_unit import HOME


def find_step(unit: DdiUnit) -> UpdateStep:
    return unit.progress.step


def test_what_is_cancelled_before_its_trial_is_dropped(unit: DdiUnit, server: DdiServer) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    number = server.deploy("2")
    unit.check_in()
    assert find_step(unit) is UpdateStep.GATE
    server.cancel(number)
    unit.check_in()
    assert find_step(unit) is UpdateStep.IDLE
    assert server.actions[number].state == "canceled"
    unit.facts = replace(unit.facts, soc_pct=90.0)
    assert "has not deployed release 2" in unit.check_in()
    assert unit.app == ""


def test_what_is_cancelled_is_dropped_also_where_no_mirror_answers(
    unit: DdiUnit, server: DdiServer
) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    number = server.deploy("2")
    unit.check_in()
    server.cancel(number)
    unit.linked, unit.facts = False, replace(unit.facts, soc_pct=90.0)
    unit.check_in()
    assert (unit.app, unit.progress.step) == ("", UpdateStep.IDLE)
    assert server.actions[number].state == "canceled"


def test_an_action_that_the_server_takes_back_without_a_word_is_dropped(
    unit: DdiUnit, server: DdiServer
) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    number = server.deploy("2")
    unit.check_in()
    server.actions[number].state = "paused"
    unit.check_in()
    assert unit.progress.step is UpdateStep.IDLE
    server.actions[number].state = "running"
    unit.facts = replace(unit.facts, soc_pct=90.0)
    unit.check_in()
    assert (unit.app, server.actions[number].state) == ("2", "finished")


def test_what_is_on_trial_is_not_stopped_and_its_end_is_told(
    make_unit: MakeUnit, server: DdiServer
) -> None:
    unit = make_unit((LayerKind.OS, LayerKind.APP))

    def cancel(status: dict[str, Any]) -> None:
        if "starts release 2" in "".join(status.get("details", ())):
            server.cancel(number)

    server.on_feedback = cancel
    number = server.deploy("2")
    unit.check_in()
    assert (unit.app, unit.system) == ("2", "2")
    action = server.actions[number]
    assert action.state == "finished"
    assert action.executions[-2:] == ["rejected", "closed"]
    assert "release 2 is on trial" in action.details


def test_a_new_deployment_does_not_hide_the_end_of_one_on_trial(
    make_unit: MakeUnit, server: DdiServer
) -> None:
    unit = make_unit((LayerKind.OS, LayerKind.APP))

    def replace_it(status: dict[str, Any]) -> None:
        if "starts release 2" in "".join(status.get("details", ())):
            server.actions[old].state = "replaced"
            server.deploy("3")

    server.on_feedback = replace_it
    old = server.deploy("2")
    unit.check_in()
    assert (unit.app, unit.system) == ("2", "2")
    assert unit.kept.action is not None
    assert (unit.kept.action.number, unit.kept.installed) == (str(old), "2")
    unit.assigned = "3"
    unit.check_in()
    assert unit.app == "3"
    assert server.actions[old + 1].state == "finished"


def test_an_end_that_a_cut_kept_from_being_told_is_told_by_the_journal(
    unit: DdiUnit, server: DdiServer
) -> None:
    before: list[bytes] = []

    def look(_: dict[str, Any]) -> None:
        before.append(unit.files.read(HOME / "ddi.json", most_bytes=10**6))

    server.on_feedback = look
    unit.sick = frozenset(("2",))
    number = server.deploy("2")
    unit.check_in()
    replace_file(unit.files, HOME / "ddi.json", before[-2])
    server.actions[number].state = "running"
    unit.check_in()
    assert server.actions[number].state == "error"
    assert [one.count for one in unit.progress.failures.values()] == [1]


def test_a_new_deployment_takes_the_place_of_one_that_waits(
    unit: DdiUnit, server: DdiServer
) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    old = server.deploy("2")
    unit.check_in()
    unit.assigned = "3"
    new = server.deploy("3")
    unit.check_in()
    assert server.actions[old].state == "canceled"
    unit.facts = replace(unit.facts, soc_pct=90.0)
    unit.check_in()
    assert (unit.app, server.actions[new].state) == ("3", "finished")
