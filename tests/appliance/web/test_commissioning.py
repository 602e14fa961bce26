"""The set-up on the page: what root has written is shown, what is ordered is left for root."""

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance import settings_file
from appliance.access.acts import list_acts
from appliance.clock import SystemClock
from appliance.process.commissioning_order import FILE, LONGEST_AGE_S, take_order
from appliance.process.commissioning_state import ANSWER, DIRECTORY, LOCK, STATE
from appliance.settings import Settings
from appliance.store.file_locks import hold_lock
from appliance.strict_json import InputError
from appliance.web.app import create_app
from appliance.web.views.commissioning import AGAIN_S
from appliance.wording.sentence import say
from appliance.wording.sentence_data import encode_sentence
from tests.appliance.settings_change.rig import Rig, make_rig
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.technician import Visitor, enter_pin, open_access

PIN = "904417"
SYSTEMCTL = """#!{python}
import sys
with open({log!r}, "a") as log:
    log.write(" ".join(word for word in sys.argv[1:] if not word.startswith("-")) + "\\n")
"""


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    rig = make_rig(tmp_path, FakeClock())
    run_dir = f'[unit]\nrun_dir = "{tmp_path / "run"}"'
    rig.path.write_text(rig.text.replace("[unit]", run_dir, 1))
    (tmp_path / "systemctl").write_text(SYSTEMCTL.format(python=sys.executable, log=str(rig.log)))
    return rig


@pytest.fixture
def own(rig: Rig) -> Settings:
    own = settings_file.load_settings(rig.path)
    own.unit.run_dir.mkdir(parents=True, exist_ok=True)
    return own


@pytest.fixture
def technician(own: Settings) -> Visitor:
    return enter_pin(create_app(own, SystemClock()), own)


def put_state(own: Settings, **more: Any) -> Path:
    """As root's oneshot writes it."""
    step = {
        "name": "link",
        "title": encode_sentence(say("Mobile link")),
        "status": "blocked",
        "reason": encode_sentence(say("the battery has {celsius:.0f} C", celsius=51.2)),
        "questions": [],
        "facts": {"modem": "EC25"},
        "warnings": [],
    }
    path = own.unit.data_dir / DIRECTORY / STATE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": 1, "steps": [step], "running": None} | more))
    path.chmod(0o640)
    return path


def order(visitor: Visitor, **body: Any) -> Any:
    return visitor.post("/api/commissioning/order", json=body)


def test_the_steps_are_shown_as_root_wrote_them_with_their_sentences(
    own: Settings, technician: Visitor
) -> None:
    put_state(own)
    found = technician.get("/api/commissioning").get_json()
    (step,) = found["steps"]
    assert step["reason"] == "the battery has 51 C"
    assert (step["status"], found["waits"], found["trouble"]) == ("blocked", False, "")


def test_what_is_not_known_of_a_step_yet_is_empty(own: Settings, technician: Visitor) -> None:
    put_state(own, steps=[{"name": "site", "title": "Site", "status": None}])
    (step,) = technician.get("/api/commissioning").get_json()["steps"]
    assert (step["status"], step["questions"], step["facts"]) == ("to_do", [], {})


def test_what_became_of_the_last_order_is_shown(own: Settings, technician: Visitor) -> None:
    path = put_state(own).with_name(ANSWER)
    path.write_text(json.dumps({"order": "ab", "said": encode_sentence(say("done"))}))
    path.chmod(0o640)
    found = technician.get("/api/commissioning").get_json()
    assert (found["order"], found["said"]) == ("ab", "done")


def test_before_the_first_step_it_says_how_to_begin(technician: Visitor) -> None:
    found = technician.get("/api/commissioning").get_json()
    assert found["steps"] == []
    assert "Begin with a look" in found["trouble"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 1}',
        b'{"version": 9, "steps": []}',
        b'{"version": 1, "steps": [5]}',
        b"\xff" * 2000,
    ],
)
def test_a_damaged_state_is_a_sentence(own: Settings, technician: Visitor, data: bytes) -> None:
    put_state(own).write_bytes(data)
    found = technician.get("/api/commissioning").get_json()
    assert found["steps"] == []
    assert "cannot be read" in found["trouble"]


@pytest.mark.parametrize("mode", [0o660, 0o646])
def test_a_state_that_others_could_have_written_is_not_shown(
    own: Settings, technician: Visitor, mode: int
) -> None:
    put_state(own).chmod(mode)
    assert technician.get("/api/commissioning").get_json()["steps"] == []


def test_an_order_is_left_for_root_alone_who_is_started(
    rig: Rig, own: Settings, technician: Visitor
) -> None:
    answer = order(technician, step="access", answers={"pin": PIN})
    assert answer.status_code == 200, answer.get_json()
    path = own.unit.run_dir / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "start appliance-provision.service" in rig.log.read_text()
    found = take_order(own.unit.run_dir, SystemClock())
    assert found is not None
    assert (found.id, found.step, found.answers) == (
        answer.get_json()["order"],
        "access",
        {"pin": PIN},
    )
    assert take_order(own.unit.run_dir, SystemClock()) is None


def test_the_journal_of_acts_names_the_keys_and_never_an_answer(
    own: Settings, technician: Visitor
) -> None:
    order(technician, step="access", answers={"pin": PIN})
    acts = list_acts(open_access(technician.client.application), 10)
    assert any("pin" in one.detail and one.target == "access" for one in acts)
    assert PIN not in repr(acts)


def test_a_second_order_waits_for_the_first(technician: Visitor) -> None:
    assert order(technician, step="site", answers={}).status_code == 200
    answer = order(technician, step="clock", answers={})
    assert answer.status_code == 409
    assert technician.get("/api/commissioning").get_json()["waits"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"step": 5},
        {"step": "site", "answers": []},
        {"step": "x" * 99},
        {"step": "", "who": "x"},
    ],
)
def test_an_order_of_another_form_is_refused_and_nothing_is_left(
    own: Settings, technician: Visitor, body: dict[str, Any]
) -> None:
    assert order(technician, **body).status_code == 400
    assert not (own.unit.run_dir / FILE).exists()


def test_nobody_unknown_orders_anything(own: Settings) -> None:
    visitor = Visitor(create_app(own, SystemClock()))
    assert order(visitor, step="site", answers={}).status_code in (401, 403)
    assert not (own.unit.run_dir / FILE).exists()


def test_an_old_order_or_one_of_another_boot_is_not_taken(own: Settings) -> None:
    now = SystemClock().stamp()
    for boot_id, uptime_s in ((now.boot_id, now.uptime_s - LONGEST_AGE_S - 1), ("x", now.uptime_s)):
        tree = {"id": "1", "who": "x", "step": "", "answers": {}}
        path = own.unit.run_dir / FILE
        path.write_text(json.dumps(tree | {"boot_id": boot_id, "uptime_s": uptime_s}))
        path.chmod(0o600)
        with pytest.raises(InputError, match="too old"):
            take_order(own.unit.run_dir, SystemClock())
        assert not path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")
def test_an_order_that_another_user_left_is_not_taken(own: Settings, technician: Visitor) -> None:
    order(technician, step="site", answers={})
    os.chown(own.unit.run_dir / FILE, 12_345, -1)
    with pytest.raises(InputError, match="not of whom it should be"):
        take_order(own.unit.run_dir, SystemClock())


def test_an_order_by_a_link_is_not_taken(own: Settings, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("{}")
    (own.unit.run_dir / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        take_order(own.unit.run_dir, SystemClock())
    assert (tmp_path / "elsewhere").exists()


def test_a_step_is_worked_at_only_while_somebody_does_it(
    own: Settings, technician: Visitor
) -> None:
    """One that was killed in mid-step may be ordered again."""
    lock = put_state(own, running="link").with_name(LOCK)
    assert technician.get("/api/commissioning").get_json()["running"] is None
    with hold_lock(lock, limit_s=0.0):
        found = technician.get("/api/commissioning").get_json()
        assert (found["running"], found["busy"]) == ("link", True)
    assert technician.get("/api/commissioning").get_json()["running"] is None


def test_an_order_that_was_left_as_the_oneshot_ended_is_given_again(
    rig: Rig, own: Settings, technician: Visitor
) -> None:
    order(technician, step="site", answers={})
    technician.get("/api/commissioning")
    assert rig.log.read_text().count("start appliance-provision.service") == 1
    path = own.unit.run_dir / FILE
    os.utime(path, (0, path.stat().st_mtime - 2 * AGAIN_S))
    technician.get("/api/commissioning")
    assert rig.log.read_text().count("start appliance-provision.service") == 2
