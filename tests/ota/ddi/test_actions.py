"""An action of a DDI server, from its deployment to its end, as the server sees it."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.model_updates import UpdateStep
from ota.machine.journal import Journal
from tests.stand_ins.ddi_server import DdiServer
from tests.stand_ins.ddi_unit import DdiUnit
from tests.stand_ins.update_unit import HOME


def find_manifest(unit: DdiUnit, release: str) -> str:
    """The hash of a release's manifest, as an operator uploads it."""
    start, end = f"image/targets/releases/{release}/", ".manifest.json"
    (path,) = [one for one in unit.need_world().trees["3"] if one.startswith(start)]
    return path.removeprefix(start).removesuffix(end)


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
