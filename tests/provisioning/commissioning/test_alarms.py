"""The step "alarms": settings in one change, addresses in files, a test that arrives."""

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import ApplianceError
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.step import Outcome, Status
from provisioning.commissioning.steps.alarms import AlarmsStep
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import make_systemctl, make_unit
from tests.stand_ins.alarm_process import AlarmProcess
from tests.stand_ins.mail_server import run_mail_server

ADDRESS = "mailto://unit:secret@127.0.0.1:{port}?from=unit@box.example&to={to}&mode=insecure"


def give(*rows: dict[str, Any]) -> Answers:
    return Answers("alarms", rows=tuple(Answers("alarms", row) for row in rows))


def check(unit: Unit, *rows: dict[str, Any]) -> Outcome:
    return AlarmsStep().check(unit, give(*rows))


def test_recipients_become_settings_and_addresses_files_beside_them(tmp_path: Path) -> None:
    unit, step = make_unit(tmp_path), AlarmsStep()
    answers = give(
        {"recipient": "owner", "address": "mailtos://a:b@mail.example?to=o@mail.example"},
        {"recipient": "guard", "number": "+40711222333", "told_of": ["people"]},
    )

    assert step.check(unit, answers).status is Status.TO_DO
    step.apply(unit, answers)

    settings = unit.settings()
    assert settings.alarm["people"].to == ("owner", "guard")
    assert settings.alarm["faults"].to == ("owner",)
    assert settings.channel["guard"].number == "+40711222333"
    file = tmp_path / "owner.address"
    assert file.read_text() == "mailtos://a:b@mail.example?to=o@mail.example\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "a:b" not in unit.settings_path.read_text()
    assert step.check(unit, answers).status is Status.DONE


def test_who_is_told_already_stays_so(tmp_path: Path) -> None:
    unit, step = make_unit(tmp_path), AlarmsStep()
    step.apply(unit, give({"recipient": "owner", "address": "json://a.example"}))

    step.apply(unit, give({"recipient": "guard", "number": "+40711222333"}))

    assert unit.settings().alarm["faults"].to == ("owner", "guard")


def test_nobody_is_an_answer(tmp_path: Path) -> None:
    assert check(make_unit(tmp_path), {"recipient": "nobody"}).status is Status.SKIPPED


def test_a_new_unit_asks_who_is_told_and_where(tmp_path: Path) -> None:
    asked = AlarmsStep().check(make_unit(tmp_path), Answers("alarms"))

    assert asked.status is Status.NEEDS_ANSWER
    assert [one.key for one in asked.questions] == ["alarms.recipient", "alarms.address"]
    without = check(make_unit(tmp_path), {"recipient": "owner"})
    assert [one.key for one in without.questions] == ["alarms.address"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"recipient": "The Owner"}, "lower-case letters"),
        ({"recipient": "owner", "told_of": ["weather"]}, "it is a list of people, faults"),
        ({"recipient": "owner", "told_of": [{"people": 1}]}, "it is a list of people, faults"),
        ({"recipient": "owner", "address": "json://a", "number": "+40"}, "give one of them"),
        ({"recipient": "owner", "address_file": "nowhere"}, "cannot be read"),
    ],
)
def test_answers_that_cannot_be_used_are_refused(
    tmp_path: Path, row: dict[str, Any], said: str
) -> None:
    with pytest.raises(AnswerError, match=said):
        check(make_unit(tmp_path), row)


def make_alarm_unit(tmp_path: Path, port: int) -> tuple[AlarmProcess, Unit]:
    """A unit with the real alarm service; its owner is told already."""
    owner = ADDRESS.format(port=port, to="owner@box.example")
    host = f'[host]\nsystemctl = "{make_systemctl(tmp_path)}"\n'
    process = AlarmProcess(tmp_path, owner, extra=host)
    return process, replace(make_unit(tmp_path), settings_path=process.path)


@pytest.mark.processes
def test_a_test_alarm_arrives_at_everybody(tmp_path: Path) -> None:
    with run_mail_server() as server:
        process, unit = make_alarm_unit(tmp_path, server.port)
        address = ADDRESS.format(port=server.port, to="guard@box.example")
        answers = give({"recipient": "guard", "address": address, "allow_local": True})
        AlarmsStep().apply(unit, answers)
        with process:
            outcome = AlarmsStep().verify(unit, answers)

    assert outcome.status is Status.DONE, outcome.reason
    assert "guard by guard, owner by mail" in outcome.reason
    to = sorted(one for mail in server.recipients for one in mail)
    assert to == ["guard@box.example", "owner@box.example"]
    assert "secret" not in str(outcome)


@pytest.mark.processes
def test_a_test_that_does_not_arrive_says_why(tmp_path: Path) -> None:
    with run_mail_server(refused=frozenset({"owner@box.example"})) as server:
        process, unit = make_alarm_unit(tmp_path, server.port)
        with process:
            outcome = AlarmsStep().verify(unit, Answers("alarms"))

    assert outcome.status is Status.BLOCKED
    assert "the test to owner by mail did not arrive" in outcome.reason


def test_an_alarm_service_that_does_not_run_is_named(tmp_path: Path) -> None:
    _, unit = make_alarm_unit(tmp_path, 9)

    outcome = AlarmsStep(test_within_s=0.0).verify(unit, Answers("alarms"))

    assert outcome.status is Status.BLOCKED
    assert "systemctl status appliance-alarm" in outcome.reason


def test_an_address_of_settings_that_are_refused_leaves_that_of_before(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    file = tmp_path / "owner.address"
    for before in (None, b"json://a.example/\n"):
        if before is not None:
            file.write_bytes(before)
        row = {"recipient": "owner", "address": "json://b.example/", "quiet": "late"}
        with pytest.raises(ApplianceError, match="quiet"):
            AlarmsStep().apply(unit, Answers("alarms", row))
        assert (file.read_bytes() if file.exists() else None) == before


def test_a_pipe_in_the_place_of_an_address_is_not_waited_for(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    os.mkfifo(tmp_path / "owner.address")
    row = {"recipient": "owner", "address": "json://b.example/"}
    assert check(unit, row).status is Status.TO_DO
    AlarmsStep().apply(unit, Answers("alarms", row))
    assert (tmp_path / "owner.address").read_text() == "json://b.example/\n"


def test_an_address_that_cannot_be_written_down_is_refused_without_being_repeated(
    tmp_path: Path,
) -> None:
    with pytest.raises(AnswerError, match="cannot be typed") as refused:
        check(make_unit(tmp_path), {"recipient": "owner", "address": "json://secret\udc80"})
    assert "secret" not in str(refused.value)
