"""An action of a DDI server, from its deployment to its end, as the server sees it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from appliance.model_updates import UpdateStep
from ota.files import replace as replace_file
from ota.machine.journal import Journal
from ota.manifest import LayerKind
from tests.ota.ddi.conftest import MakeUnit
from tests.stand_ins.ddi_server import DdiServer
from tests.stand_ins.ddi_unit import DdiUnit
from tests.stand_ins.update_unit import HOME


def find_manifest(unit: DdiUnit, release: str) -> str:
    """The hash of a release's manifest, as an operator uploads it."""
    start, end = f"image/targets/releases/{release}/", ".manifest.json"
    (path,) = [one for one in unit.need_world().trees["3"] if one.startswith(start)]
    return path.removeprefix(start).removesuffix(end)


def find_step(unit: DdiUnit) -> UpdateStep:
    return unit.progress.step


def test_what_the_director_assigns_waits_for_the_server(unit: DdiUnit, server: DdiServer) -> None:
    said = unit.check_in()
    assert f"the server {server.address} has not deployed release 2" in said
    assert (unit.app, unit.progress.step) == ("", UpdateStep.IDLE)
    number = server.deploy("2")
    assert unit.check_in() == "release 2 is committed"
    assert unit.app == "2"
    action = server.actions[number]
    assert action.state == "finished"
    assert action.executions == [
        *("proceeding", "download", "downloaded", "proceeding", "proceeding", "closed")
    ]
    assert "release 2 is committed" in action.details


def test_success_is_told_only_after_the_commit(unit: DdiUnit, server: DdiServer) -> None:
    seen: list[list[UpdateStep]] = []

    def look(status: dict[str, Any]) -> None:
        if status.get("execution") == "closed":
            records = Journal(unit.files, HOME / "journal.jsonl").read()
            seen.append([record.step for record in records])

    server.on_feedback = look
    server.deploy("2")
    unit.check_in()
    (steps,) = seen
    assert steps[-3:] == [UpdateStep.COMMIT, UpdateStep.REPORT, UpdateStep.IDLE]


def test_a_release_that_is_taken_back_is_told_with_its_reason_and_not_tried_again_by_itself(
    unit: DdiUnit, server: DdiServer
) -> None:
    unit.sick = frozenset(("2",))
    number = server.deploy("2")
    unit.check_in()
    action = server.actions[number]
    assert (action.state, action.executions[-1]) == ("error", "closed")
    assert "appliance-power.service does not report" in action.details
    assert "has not deployed" in unit.check_in()
    assert unit.progress.failures[find_manifest(unit, "2")].count == 1
    again = server.deploy("2")
    unit.check_in()
    assert server.actions[again].state == "error"
    last = server.deploy("2")
    unit.check_in()
    assert server.actions[last].executions == ["closed"]
    assert "unitctl update retry 2" in server.actions[last].details


def test_too_little_charge_is_told_once_and_the_action_stays_open(
    unit: DdiUnit, server: DdiServer
) -> None:
    full, low = unit.facts, replace(unit.facts, soc_pct=31.0)
    unit.facts = low
    number = server.deploy("2")
    for _ in range(3):
        unit.check_in()
        unit.pass_time(hours=2)
    action = server.actions[number]
    assert action.state == "running"
    assert action.executions == ["proceeding", "download", "downloaded", "rejected"]
    assert "31 % charge, needs 40 %\nreason code: energy" in action.details
    unit.facts = full
    unit.check_in()
    assert (unit.app, action.state) == ("2", "finished")


def test_what_changes_for_months_does_not_fill_the_servers_history(
    unit: DdiUnit, server: DdiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ota.ddi.telling.MOST_TOLD", 10)
    good, unit.facts = unit.facts, replace(unit.facts, soc_pct=31.0)
    number = server.deploy("2")
    for day in range(15):
        unit.hold = "by Ada" if day % 2 else ""
        unit.check_in()
    action = server.actions[number]
    assert (action.state, len(action.told)) == ("running", 10)
    unit.facts, unit.hold = good, ""
    unit.check_in()
    assert (action.state, len(action.told)) == ("finished", 11)


@pytest.mark.parametrize(
    ("release", "why"),
    [("3", "The director means release 2"), ("9", "The server deploys 9.")],
)
def test_the_server_cannot_choose_another_release_than_the_director(
    unit: DdiUnit, server: DdiServer, release: str, why: str
) -> None:
    number = server.deploy(release)
    unit.check_in()
    action = server.actions[number]
    assert (unit.app, action.state, action.executions) == ("", "error", ["closed"])
    assert why in action.details
    assert "reason code: other-release" in action.details


def test_a_manifest_at_the_server_must_be_the_signed_one(unit: DdiUnit, server: DdiServer) -> None:
    wrong = server.deploy("2", manifest_sha256="ef" * 32)
    unit.check_in()
    assert "reason code: manifest-differs" in server.actions[wrong].details
    assert (unit.app, server.actions[wrong].state) == ("", "error")
    right = server.deploy("2", manifest_sha256=find_manifest(unit, "2").upper())
    unit.check_in()
    assert (unit.app, server.actions[right].state) == ("2", "finished")


def test_a_release_that_runs_already_is_a_success(unit: DdiUnit, server: DdiServer) -> None:
    server.deploy("2")
    unit.check_in()
    number = server.deploy("2")
    unit.check_in()
    assert server.actions[number].executions == ["closed"]
    assert server.actions[number].state == "finished"


def test_below_the_ratchet_is_refused_for_good(unit: DdiUnit, server: DdiServer) -> None:
    unit.assigned = "3"
    server.deploy("3")
    unit.check_in()
    world = unit.need_world()
    unit.world = replace(world, trees={**world.trees})
    newer = dict(world.trees["3"])
    assert unit.app == "3"
    unit.assigned = "2"  # an old tree: the floors of trust refuse it, which no new action mends
    number = server.deploy("2")
    unit.check_in()
    action = server.actions[number]
    assert (action.state, action.executions) == ("running", ["rejected"])
    assert "rollback" in action.details
    unit.need_world().trees["2"] = newer
    unit.check_in()
    assert action.state == "error"
    assert "reason code: other-release" in action.details


def test_a_mirror_that_does_not_answer_closes_no_action(unit: DdiUnit, server: DdiServer) -> None:
    unit.linked = False
    number = server.deploy("2")
    unit.check_in()
    action = server.actions[number]
    assert (action.state, action.executions) == ("running", ["rejected"])
    unit.linked = True
    unit.check_in()
    assert action.state == "finished"


# --- cancel ---------------------------------------------------------------------------------------


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


# --- what the server wants later ------------------------------------------------------------------


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


# --- what the server knows of the unit ------------------------------------------------------------


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
