"""A technician at the page has the unit take an update from a USB stick."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.access.acts import list_acts
from appliance.clock import SystemClock
from appliance.model import Stamp
from appliance.model_updates import CheckIn
from appliance.process.stick_order import (
    ASKED,
    ENDED,
    LOOKS,
    TAKES,
    StickProgress,
    find_directory,
    find_place,
    take_order,
    write_progress,
)
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.web.app import create_app
from appliance.wording.sentence import say
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.technician import Visitor, enter_pin, log_in, open_access

PATH = "/api/updates/stick"
LOOKING = say("looks for a stick with releases")


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Its `systemctl` notes what it is asked, and obeys unless a file says that it refuses."""
    program = tmp_path / "systemctl"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/heard\n'
        f"[ ! -e {tmp_path}/refuses ] || {{ echo denied >&2; exit 4; }}\n"
    )
    program.chmod(0o755)
    found = replace(settings, host=replace(settings.host, systemctl=str(program)))
    find_directory(found.unit.run_dir).mkdir(parents=True)
    return found


@pytest.fixture
def technician(own: Settings, clock: FakeClock, open_store: OpenStore) -> Visitor:
    open_store("power")
    return enter_pin(create_app(own, clock), own)


def tell(own: Settings, phase: str, *, ok: bool = True, age_s: float = 0.0) -> StickProgress:
    now = SystemClock().stamp()
    stamp = Stamp(now.utc, now.boot_id, now.uptime_s - age_s)
    began = Stamp(now.utc, now.boot_id, now.uptime_s - age_s - 30)
    tree = str(find_place(own.unit.run_dir) / "updates")
    found = StickProgress("1", "anna", phase, LOOKING, began, stamp, ok=ok, stick=tree)
    write_progress(own.unit.run_dir, found)
    return found


def read(visitor: Visitor, language: str = "en") -> Any:
    return visitor.get(f"/api/updates?lang={language}").get_json()["stick"]


def test_the_order_is_left_for_root_and_pid_1_is_asked(
    own: Settings, technician: Visitor, tmp_path: Path
) -> None:
    assert technician.post(PATH, json={}).get_json() == {"ordered": True}
    assert (tmp_path / "heard").read_text() == "--no-block start appliance-stick.service\n"
    order = take_order(own.unit.run_dir, SystemClock())
    assert order is not None
    assert order.who == "touchscreen"


def test_it_is_recorded_who_ordered_it(
    own: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store("power")
    app = create_app(own, clock)
    visitor = log_in(app, own)
    assert visitor.post(PATH, json={}).status_code == 200
    order = take_order(own.unit.run_dir, SystemClock())
    assert order is not None
    assert order.who == "anna (network)"
    acts = [(one.name, one.what) for one in list_acts(open_access(app), 10)]
    assert ("anna", "updates: from a USB stick") in acts


def test_nobody_orders_it_without_a_login(
    own: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store("power")
    answer = create_app(own, clock).test_client().post(PATH, json={})
    assert answer.status_code in (401, 403)
    assert not (own.unit.run_dir / ASKED).exists()


@pytest.mark.parametrize("phase", [LOOKS, TAKES])
def test_a_second_press_while_one_is_under_way_is_refused(
    own: Settings, technician: Visitor, phase: str
) -> None:
    tell(own, phase)
    answer = technician.post(PATH, json={})
    assert answer.status_code == 409
    assert "ordered already" in answer.get_json()["reason"]
    assert not (own.unit.run_dir / ASKED).exists()


def test_a_second_press_before_root_has_looked_is_refused(technician: Visitor) -> None:
    assert technician.post(PATH, json={}).status_code == 200
    assert technician.post(PATH, json={}).status_code == 409


@pytest.mark.parametrize(("phase", "age_s"), [(ENDED, 0.0), (TAKES, 90.0)])
def test_one_that_has_ended_however_is_no_obstacle(
    own: Settings, technician: Visitor, phase: str, age_s: float
) -> None:
    tell(own, phase, age_s=age_s)
    assert technician.post(PATH, json={}).status_code == 200


def test_pid_1_that_refuses_leaves_no_order_behind(
    own: Settings, technician: Visitor, tmp_path: Path
) -> None:
    (tmp_path / "refuses").touch()
    answer = technician.post(PATH, json={})
    assert answer.status_code == 503
    assert "PID 1 refused the order" in answer.get_json()["reason"]
    assert not (own.unit.run_dir / ASKED).exists()


def test_what_becomes_of_it_is_shown_in_the_readers_language(
    own: Settings, technician: Visitor
) -> None:
    assert read(technician) is None
    tell(own, LOOKS)
    found = read(technician)
    assert (found["is_under_way"], found["ok"], found["result"]) == (True, True, None)
    assert found["text"] == LOOKING
    assert read(technician, "ro")["text"] != LOOKING


def test_root_that_is_silent_has_ended_badly(own: Settings, technician: Visitor) -> None:
    tell(own, TAKES, age_s=90.0)
    found = read(technician)
    assert (found["is_under_way"], found["ok"]) == (False, False)
    assert "journalctl -u appliance-stick" in found["text"]


@pytest.mark.parametrize(("mirror", "from_stick"), [("", True), ("https://m.test", False)])
def test_the_updaters_own_words_are_the_result(
    own: Settings, technician: Visitor, open_store: OpenStore, mirror: str, from_stick: bool
) -> None:
    progress = tell(own, ENDED)
    stamp = Stamp(progress.began.utc, progress.began.boot_id, progress.began.uptime_s + 5)
    before = replace(stamp, uptime_s=stamp.uptime_s - 60)
    store = open_store("checkin")
    store.add(CheckIn(before, "https://m.test", "an hour ago"))
    answered = mirror or f"file://{progress.stick}"
    store.add(CheckIn(stamp, answered, "the update waits: 31 % charge, needs 40 %"))
    found = read(technician)
    assert found["result"] == "the update waits: 31 % charge, needs 40 %"
    assert found["from_stick"] is from_stick


def test_a_damaged_file_of_progress_is_none(own: Settings, technician: Visitor) -> None:
    path = find_directory(own.unit.run_dir) / "progress.json"
    for text in ("", "{}", json.dumps({"order": 1}), "\x00" * 100):
        path.write_text(text)
        assert read(technician) is None


def test_an_end_while_the_page_is_being_answered_is_never_shown_without_its_result(
    own: Settings,
    clock: FakeClock,
    open_store: OpenStore,
    technician: Visitor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = tell(own, TAKES)
    checkin, read_rows = open_store("checkin"), Store.rows

    def end_after(store: Store, kind: type[Any], **asked: Any) -> list[Any]:
        rows: list[Any] = read_rows(store, kind, **asked)
        if kind is CheckIn:
            checkin.add(CheckIn(taken.stamp, f"file://{taken.stick}", "the update waits"))
            write_progress(own.unit.run_dir, replace(taken, phase=ENDED))
        return rows

    monkeypatch.setattr(Store, "rows", end_after)
    found = read(technician)
    assert found["is_under_way"] or found["result"]
