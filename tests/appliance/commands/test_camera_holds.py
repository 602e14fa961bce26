"""`unitctl cameras pause|mute|off|resume`, as a technician types it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model_cameras import CameraCoverage, CameraHold, HoldKind, Watching
from tests.appliance.commands.typed_unit import Unit


@pytest.fixture
def unit(unit_of_eight: Unit, monkeypatch: pytest.MonkeyPatch) -> Unit:
    monkeypatch.setattr("appliance.commands.camera_holds.find_user_name", lambda: "anna")
    return unit_of_eight


def list_rows(unit: Unit) -> list[CameraHold]:
    return unit.open_as("camera").rows(CameraHold)


def test_a_camera_is_paused_for_two_hours_with_who_and_why(unit: Unit) -> None:
    code, out, err = unit.type(
        "cameras", "pause", "gate", "--for", "2h", "--reason", "visitors today"
    )
    assert (code, err) == (0, "")
    assert out.startswith("gate: paused by anna (unitctl) until ")
    assert out.endswith(": visitors today\n")
    [row] = list_rows(unit)
    assert (row.camera, row.kind, row.holds, row.lasts_s) == ("gate", HoldKind.PAUSE, True, 7200)
    assert (row.who, row.via, row.reason) == ("anna", "unitctl", "visitors today")


def test_the_list_json_and_why_show_the_hold(unit: Unit) -> None:
    unit.type("cameras", "mute", "--all")
    shown = unit.type("cameras")[1]
    assert "Muted (events are stored, nobody is told) by anna (unitctl) until further" in " ".join(
        shown.split()
    )
    found = json.loads(unit.type("cameras", "--json")[1])
    assert {camera["holds"][0]["kind"] for camera in found} == {"muted"}
    assert found[0]["holds"][0]["until"] is None


def test_until_names_the_next_such_time_of_day(unit: Unit) -> None:
    now = unit.open_as("camera").clock.stamp().utc
    soon = (now - timedelta(minutes=1)).strftime("%H:%M")
    assert unit.type("cameras", "off", "gate", "--until", soon)[0] == 0
    [row] = list_rows(unit)
    assert row.until is not None
    assert timedelta(hours=23) < row.until - now < timedelta(hours=24)


def test_resume_ends_all_three(unit: Unit) -> None:
    for word in ("pause", "mute", "off"):
        unit.type("cameras", word, "gate")
    code, out, _ = unit.type("cameras", "resume", "gate")
    assert (code, out) == (0, "gate: nothing is held: the energy budget decides\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("pause",), "needs the NAME of one camera, or --all"),
        (("pause", "gate", "--all"), "needs the NAME of one camera, or --all"),
        (("off", "gat"), "there is no camera 'gat'"),
        (("off", "gate", "--until", "2020-01-01"), "over already"),
        (("off", "gate", "--for", "soon"), "no span of time"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    unit: Unit, words: tuple[str, ...], says: str
) -> None:
    code, _, err = unit.type("cameras", *words)
    assert code == 2
    assert says in err
    assert list_rows(unit) == []


def test_the_coverage_says_how_long_each_camera_was_not_watched_and_why(unit: Unit) -> None:
    store = unit.open_as("camera")
    now = store.clock.stamp()
    row = CameraCoverage(now, "gate", Watching.DEAD, 600.0, "no route to host")
    store.add(replace(row, stamp=replace(now, utc=now.utc - timedelta(seconds=1))))
    code, out, err = unit.type("cameras", "coverage", "--days", "2")
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    assert "gate watched 0 min; not watched" in text
    assert "dead: no route to host" in text
    found = unit.json("cameras", "coverage")
    assert found[0]["camera"] == "gate"
    assert found[0]["gaps"]
