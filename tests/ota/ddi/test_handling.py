"""What a DDI server wants later, asks first, and is told of the unit itself."""

import json
from dataclasses import replace

from appliance.model_updates import UpdateStep
from ota.files import replace as replace_file
from tests.stand_ins.ddi_server import DdiServer
from tests.stand_ins.ddi_unit import DdiUnit
from tests.stand_ins.update_unit import HOME


def test_download_only_is_downloaded_and_not_installed(unit: DdiUnit, server: DdiServer) -> None:
    number = server.deploy("2", update="skip")
    unit.check_in()
    action = server.actions[number]
    assert (unit.app, unit.progress.step) == ("", UpdateStep.GATE)
    assert action.executions == ["proceeding", "download", "downloaded", "rejected"]
    assert "to be downloaded, not installed yet" in action.details
    action.deployment["update"], server.mark = "forced", "?c=77"
    unit.check_in()
    assert (unit.app, action.state) == ("2", "finished")


def test_what_is_not_to_be_downloaded_yet_is_not(unit: DdiUnit, server: DdiServer) -> None:
    number = server.deploy("2", download="skip", update="skip")
    unit.check_in()
    assert unit.progress.step is UpdateStep.IDLE
    assert server.actions[number].executions == ["rejected"]


def test_the_server_asks_first_and_a_hold_at_the_unit_is_a_no(
    unit: DdiUnit, server: DdiServer
) -> None:
    unit.hold = "by Ada: harvest"
    number = server.deploy("2", asks=True)
    unit.check_in()
    unit.check_in()
    action = server.actions[number]
    assert (action.state, action.executions) == ("confirm", ["denied"])
    assert "by Ada: harvest" in action.details
    unit.hold = ""
    unit.check_in()
    assert (unit.app, action.state) == ("2", "finished")
    assert action.executions[:3] == ["denied", "confirmed", "proceeding"]


def test_what_is_not_meant_for_the_unit_gets_no_yes(unit: DdiUnit, server: DdiServer) -> None:
    number = server.deploy("9", asks=True)
    unit.check_in()
    assert (server.actions[number].executions, unit.app) == (["denied"], "")
    unit.check_in()
    assert server.actions[number].executions == ["denied"]


def test_the_server_is_told_what_the_unit_is_and_asked_again_at_once(
    unit: DdiUnit, server: DdiServer
) -> None:
    server.wants_attributes = True
    unit.check_in()
    assert server.attributes == {
        "hw_boardname": "unit-x86-64",
        "hw_revision": "default",
        "sw_version": "",
    }
    assert server.count("GET") == 2


def test_a_release_from_a_stick_needs_no_server_and_is_told_as_installed(
    unit: DdiUnit, server: DdiServer
) -> None:
    unit.stick = "web"  # the mirror that a technician has brought
    unit.check_in()
    assert unit.app == "2"
    assert server.installed == [("unit", "2")]
    assert server.attributes["sw_version"] == "2"
    unit.check_in()
    assert server.installed == [("unit", "2")]


def test_a_release_from_a_stick_that_failed_is_the_servers_again_without_it(
    unit: DdiUnit, server: DdiServer
) -> None:
    unit.sick, unit.stick = frozenset(("2",)), "web"
    unit.check_in()
    unit.stick = ""
    assert "has not deployed release 2" in unit.check_in()
    assert [one.count for one in unit.progress.failures.values()] == [1]


def test_a_server_that_knows_no_such_distribution_is_told_once(
    unit: DdiUnit, server: DdiServer
) -> None:
    server.knows_distributions = False
    unit.stick = "web"
    unit.check_in()
    asked = server.count("PUT")
    unit.check_in()
    assert server.count("PUT") == asked
    assert unit.kept.installed == "2"


def test_what_an_action_installed_is_not_told_a_second_time(
    unit: DdiUnit, server: DdiServer
) -> None:
    server.deploy("2")
    unit.check_in()
    unit.check_in()
    assert server.installed == []


def test_a_damaged_file_costs_only_what_was_told(unit: DdiUnit, server: DdiServer) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    number = server.deploy("2")
    unit.check_in()
    for data in (b"", b"[]", b"\xff", b"{}", json.dumps({"action": 5}).encode()):
        replace_file(unit.files, HOME / "ddi.json", data)
        unit.check_in()
        assert unit.progress.step is UpdateStep.GATE
    unit.facts = replace(unit.facts, soc_pct=90.0)
    unit.check_in()
    assert server.actions[number].state == "finished"
