"""The settings on the page: what they are, what a change would do, and a change that is made."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance import settings_file
from appliance.access.roles import Role
from appliance.clock import SystemClock
from appliance.log import SentenceLog
from appliance.settings import Settings
from appliance.settings_change import __main__ as settings_change
from appliance.web.app import create_app
from tests.appliance.settings_change.rig import Rig, make_rig
from tests.conftest import ROOT
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.technician import Visitor, enter_pin, log_in

CAMERA = """
[camera.gate]
source = "rtsp://admin:s3cret@10.0.0.6/1"

[camera.gate.zone.yard]
polygon = [[0.1, 0.2], [0.9, 0.2], [0.5, 0.9]]
labels = ["person", "dog"]
"""
APPLY = """#!{python}
import os, subprocess, sys
words = [word for word in sys.argv[1:] if not word.startswith("-")]
with open({log!r}, "a") as log:
    log.write(" ".join(words) + "\\n")
if words == ["start", "appliance-settings-apply.service"]:
    here = dict(os.environ, PYTHONPATH={root!r})
    own = [{python!r}, "-m", "appliance.settings_change", "--settings", {settings!r}]
    sys.exit(subprocess.run(own, env=here).returncode)
"""


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Its `systemctl` runs the oneshot, as PID 1 does."""
    rig = make_rig(tmp_path, FakeClock())
    rig.path.write_text(rig.text + CAMERA)
    program = tmp_path / "systemctl"
    program.write_text(
        APPLY.format(
            python=sys.executable, log=str(rig.log), root=str(ROOT), settings=str(rig.path)
        )
    )
    return rig


@pytest.fixture
def own(rig: Rig) -> Settings:
    return settings_file.load_settings(rig.path)


@pytest.fixture
def technician(own: Settings) -> Visitor:
    return enter_pin(create_app(own, SystemClock()), own)


def read(visitor: Visitor, path: str = "/api/settings") -> dict[str, Any]:
    found = visitor.get(path)
    assert found.status_code == 200, found.get_data(as_text=True)
    document: dict[str, Any] = found.get_json()
    return document


def ask(visitor: Visitor, way: str, **body: Any) -> Any:
    return visitor.post(f"/api/settings/{way}", json={"base": read(visitor)["version"], **body})


def test_every_setting_is_shown_with_its_help_its_range_and_its_origin(technician: Visitor) -> None:
    found = {one["name"]: one for one in read(technician)["sections"]}
    battery = {key["name"]: key for key in found["battery"]["keys"]}
    assert battery["capacity_wh"]["help"].startswith("Rated energy")
    assert (battery["capacity_wh"]["low"], battery["capacity_wh"]["high"]) == (10, 1_000_000)
    assert found["battery"]["entries"][0]["values"]["capacity_wh"]["from"] == "default"
    assert found["unit"]["entries"][0]["values"]["name"] == {"value": "barn", "from": "file"}
    (gate,) = found["camera"]["entries"]
    assert gate["values"]["source"]["value"] is None
    assert gate["values"]["source"]["is_secret"]
    assert gate["entries"]["zone"][0]["values"]["labels"]["value"] == ["person", "dog"]
    assert "s3cret" not in json.dumps(read(technician))


def test_a_change_is_previewed_applied_and_told(rig: Rig, technician: Visitor) -> None:
    changes = {"battery.capacity_wh": 1280, "unit.name": None}
    preview = ask(technician, "preview", changes=changes)
    assert preview.status_code == 200
    assert [one["key"] for one in preview.get_json()["keys"]] == [
        "unit.name",
        "battery.capacity_wh",
    ]
    assert "capacity_wh" not in rig.text
    applied = ask(technician, "apply", changes=changes, why="new battery")
    assert applied.status_code == 200
    name = applied.get_json()["proposal"]
    answer = read(technician, f"/api/settings/result/{name}")
    assert answer["state"] == "answered"
    assert answer["result"]["ok"]
    assert "capacity_wh = 1280" in rig.text
    (entry,) = read(technician, "/api/settings/history")["entries"]
    assert (entry["why"], entry["who"]) == ("new battery", "touchscreen")
    assert not list(rig.proposals.glob("*.json"))
    assert rig.list_orders()[-1] == "try-restart appliance-web.service"


def test_one_tap_goes_back(rig: Rig, technician: Visitor) -> None:
    before = rig.text
    ask(technician, "apply", changes={"unit.name": "stable"})
    assert ask(technician, "preview", back=1).status_code == 200
    ask(technician, "apply", back=1)
    assert rig.text == before


def test_a_change_that_could_lock_out_is_confirmed_on_the_page_or_taken_back(
    rig: Rig, technician: Visitor
) -> None:
    before = rig.text
    hosts = {"web.hosts": ["barn.example"]}
    assert ask(technician, "preview", changes=hosts).get_json()["to_confirm"] == ["web.hosts"]
    ask(technician, "apply", changes=hosts)
    (entry,) = read(technician, "/api/settings/history")["entries"]
    assert entry["confirmation"] == "waiting"
    assert 200 < entry["left_s"] <= 300
    refused = read(technician, _apply(technician, {"unit.name": "x"}))["result"]
    assert refused["kind"] == "unconfirmed"
    technician.post("/api/settings/take-back", json={"number": 1})
    assert rig.text == before
    ask(technician, "apply", changes=hosts)
    technician.post("/api/settings/confirm", json={"number": 3})
    entries = read(technician, "/api/settings/history")["entries"]
    assert [one["confirmation"] for one in entries] == ["confirmed", "none", "taken-back"]


def _apply(visitor: Visitor, changes: dict[str, Any]) -> str:
    name = ask(visitor, "apply", changes=changes).get_json()["proposal"]
    return f"/api/settings/result/{name}"


def test_of_two_people_the_second_is_told_and_keeps_what_was_typed(
    rig: Rig, technician: Visitor
) -> None:
    old = read(technician)["version"]
    ask(technician, "apply", changes={"unit.name": "stable"})
    late = technician.post(
        "/api/settings/preview", json={"base": old, "changes": {"unit.name": "shed"}}
    )
    assert late.status_code == 409
    assert "your own changes stay in the form" in late.get_json()["reason"]


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"", 400, "body"),
        (b"[]", 400, "no object"),
        (b"{}", 400, "base"),
        (b'{"base": 5}', 400, "base"),
        (b'{"base": "BASE"}', 400, "changes"),
        (b'{"base": "BASE", "changes": {}}', 400, "changes"),
        (b'{"base": "BASE", "changes": {"a.b": 1}}', 422, "a is not a known section"),
        (b'{"base": "BASE", "changes": {"web.port": 1e400}}', 400, "too large"),
        (b'{"base": "BASE", "changes": {"web.port": ' + b"[" * 3000 + b"1", 400, "nested"),
        (b'{"base": "BASE", "changes": {"unit.name": "' + b"x" * 10_000_000, 413, "262144 bytes"),
        (b'{"base": "BASE", "changes": {"unit.name": "\\ud800"}}', 400, "Unicode"),
        (b'{"base": "BASE", "back": "1"}', 400, "back"),
        (b'{"base": "BASE", "back": 9}', 422, "no change 9"),
        (b'{"base": "BASE", "changes": {"host.systemctl": "/bin/sh"}}', 422, "as root"),
    ],
)
def test_a_hostile_request_is_refused_in_words_and_nothing_changes(
    rig: Rig, technician: Visitor, body: bytes, code: int, said: str
) -> None:
    before = rig.text
    body = body.replace(b"BASE", read(technician)["version"].encode())
    headers = {"X-CSRF-Token": technician.find_token()}
    for way in ("preview", "apply"):
        answer = technician.post_bare(
            f"/api/settings/{way}", data=body, headers=headers, content_type="application/json"
        )
        assert answer.status_code == code, answer.get_data(as_text=True)[:300]
        assert said in answer.get_json()["reason"]
        assert len(answer.get_json()["reason"]) < 500
    assert rig.text == before
    assert rig.list_orders() == []


@pytest.mark.parametrize("name", ["x", "0" * 32, "..%2f..%2funit", "A" * 32])
def test_a_proposal_that_there_is_not_is_404(technician: Visitor, name: str) -> None:
    assert technician.get(f"/api/settings/result/{name}").status_code == 404


def test_nobody_but_a_technician_changes_anything(rig: Rig, own: Settings) -> None:
    before, app = rig.text, create_app(own, SystemClock())
    viewer = log_in(app, own, Role.VIEWER)
    for visitor in (viewer, Visitor(app)):
        body = {"base": read(viewer)["version"], "changes": {"unit.name": "x"}}
        for way in ("preview", "apply", "confirm", "take-back"):
            answer = visitor.post(f"/api/settings/{way}", json=body)
            assert answer.status_code in (401, 403), way
    assert rig.text == before
    assert not rig.proposals.exists()


def test_a_lost_order_is_given_again_while_somebody_waits_for_the_result(
    rig: Rig, own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = replace(own, host=replace(own.host, systemctl="/bin/true"))
    technician = enter_pin(create_app(lost, SystemClock()), lost)
    path = _apply(technician, {"unit.name": "stable"})
    assert read(technician, path)["state"] == "waiting"
    monkeypatch.setattr("appliance.web.views.settings.AGAIN_S", -1.0)
    again = enter_pin(create_app(own, SystemClock()), own)
    read(again, path)
    assert read(again, path)["result"]["ok"]


def test_where_pid_1_refuses_it_is_said_and_nothing_changes(rig: Rig, own: Settings) -> None:
    before = rig.text
    deaf = replace(own, host=replace(own.host, systemctl="/bin/false"))
    technician = enter_pin(create_app(deaf, SystemClock()), deaf)
    answer = ask(technician, "apply", changes={"unit.name": "stable"})
    assert answer.status_code == 503
    assert "polkit" in answer.get_json()["reason"]
    assert rig.text == before


def test_the_shapes_of_a_camera_are_told_with_what_a_form_needs(technician: Visitor) -> None:
    found = read(technician, "/api/cameras/gate/shapes")
    assert found["zones"][0]["name"] == "yard"
    assert found["zones"][0]["values"]["labels"] == ["person", "dog"]
    assert found["labels"] == ["person", "dog"]
    assert [key["name"] for key in found["line_keys"]][:2] == ["start", "end"]
    assert technician.get("/api/cameras/nosuch/shapes").status_code == 404
    assert technician.get("/cameras/nosuch/zones").status_code == 404
    assert technician.get("/cameras/gate/zones").status_code == 200


def test_the_page_reads_no_more_than_the_oneshot_writes(rig: Rig, technician: Visitor) -> None:
    """A damaged entry of the history keeps nobody from the others."""
    ask(technician, "apply", changes={"unit.name": "stable"})
    (rig.keeper.history.directory / "000002.json").write_text("{")
    assert len(read(technician, "/api/settings/history")["entries"]) == 1


def test_the_oneshot_starts_without_what_it_does_not_need() -> None:
    code = "import sys, appliance.settings_change.__main__; print('flask' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "False"


def test_a_change_that_pid_1_does_not_take_is_not_made_later_either(
    technician: Visitor, rig: Rig, own: Settings
) -> None:
    before = rig.path.read_bytes()
    (rig.path.parent / "systemctl").write_text("#!/bin/sh\necho busy >&2\nexit 1\n")
    answer = ask(technician, "apply", changes={"unit.name": "stable"})
    assert (answer.status_code, "busy" in answer.get_json()["reason"]) == (503, True)
    settings_change.run(rig.path, SystemClock(), SentenceLog("settings-apply"))
    assert rig.path.read_bytes() == before
