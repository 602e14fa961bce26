"""A technician erases events on the page: all of each is gone, whatever stops the unit then."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from appliance.access.acts import list_acts
from appliance.access.roles import Role
from appliance.media import files as media_files
from appliance.model_alarms import Alarm
from appliance.model_cameras import Event, EventErasure
from appliance.settings import Settings
from appliance.store.event_erasures import erase_listed
from appliance.store.store import Store
from appliance.web.app import create_app
from appliance.web.event_erasing import MOST_EVENTS, finish_at_start
from tests.conftest import ROOT, OpenStore
from tests.scenes import alarms, filled
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.technician import Visitor, enter_pin, log_in, open_access

DAY = "2026-04-15"


class Unit:
    """A unit with events, each with a picture and a clip, and its page."""

    def __init__(self, settings: Settings, clock: FakeClock, store: Store) -> None:
        self.settings, self.clock, self.store = settings, clock, store
        self.app: Flask = create_app(settings, clock)

    def add(self, number: int, camera: str = "gate") -> str:
        event_id = f"20260415T0200{number:02d}Z-{camera}-beef-{number}"
        day = self.settings.snapshots_dir / DAY
        day.mkdir(parents=True, exist_ok=True)
        for kind in (".jpg", ".mp4"):
            (day / f"{event_id}{kind}").write_bytes(b"a face")
        name = f"snapshots/{DAY}/{event_id}"
        event = filled.event(self.clock.stamp(), event_id)
        self.store.add(replace(event, camera=camera, snapshot=f"{name}.jpg", clip=f"{name}.mp4"))
        return event_id

    @property
    def ids(self) -> list[str]:
        return [event.event_id for event in self.store.rows(Event)]

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.settings.snapshots_dir.rglob("*.*"))

    @property
    def orders(self) -> list[EventErasure]:
        return self.store.rows(EventErasure)

    def read_disk(self) -> bytes:
        path = self.settings.database
        return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))


@pytest.fixture
def unit(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Unit:
    return Unit(settings, clock, open_store("inference"))


@pytest.fixture
def technician(unit: Unit) -> Visitor:
    return enter_pin(unit.app, unit.settings)


def test_chosen_events_go_with_pictures_and_clips_and_it_is_recorded_who_did_it(
    unit: Unit, technician: Visitor
) -> None:
    first, second, third = (unit.add(number) for number in range(3))
    answer = technician.post("/api/events/erase", json={"ids": [first, third, "never was"]})
    assert answer.get_json() == {"events": 2, "remaining": False}
    assert unit.ids == [second]
    assert unit.files == [f"{second}.jpg", f"{second}.mp4"]
    (order,) = unit.orders
    assert (order.who, order.via, order.events) == ("touchscreen", "page", 2)
    assert (order.remaining, order.ended) == (None, unit.clock.stamp().utc)
    act = list_acts(open_access(unit.app), 1)[0]
    assert (act.what, act.name, act.outcome) == ("events erased", "touchscreen", "done")
    assert first.encode() not in unit.read_disk(), "not on the disk either"
    assert technician.get(f"/api/events/{first}").status_code == 404
    assert technician.get(f"/snapshots/{DAY}/{first}.jpg").status_code == 404


def test_all_that_a_filter_finds_go_and_what_came_meanwhile_stays(
    unit: Unit, technician: Visitor
) -> None:
    for number in range(4):
        unit.add(number, ("gate", "yard")[number % 2])
    order = {"filter": "camera=gate", "last_row": 4, "events": 2}
    late = unit.add(4)
    assert technician.post("/api/events/erase", json={**order, "events": 3}).status_code == 409
    assert len(unit.ids) == 5
    assert technician.post("/api/events/erase", json=order).get_json()["events"] == 2
    assert [one for one in unit.ids if "-gate-" in one] == [late]
    assert len(unit.files) == 6


def test_only_a_technician_erases(unit: Unit) -> None:
    event_id = unit.add(1)
    order = {"ids": [event_id]}
    assert Visitor(unit.app).post("/api/events/erase", json=order).status_code == 403
    viewer = log_in(unit.app, unit.settings, Role.VIEWER, "otto")
    assert viewer.post("/api/events/erase", json=order).status_code == 403
    anna = log_in(unit.app, unit.settings)
    assert anna.post_bare("/api/events/erase", json=order).status_code == 403, "from another site"
    assert unit.ids == [event_id]
    assert anna.post("/api/events/erase", json=order).status_code == 200
    assert anna.post("/api/events/erase", json=order).status_code == 404, "a second time"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "filter"),
        ({"ids": []}, "give ids"),
        ({"ids": ["e1"], "events": 1}, "give ids"),
        ({"ids": [7]}, "ids"),
        ({"ids": ["e"] * (MOST_EVENTS + 1)}, "ids"),
        ({"filter": "camra=gate", "last_row": 9, "events": 1}, "no argument 'camra'"),
        ({"filter": "", "last_row": -1, "events": 1}, "last_row"),
        ({"filter": "", "last_row": 9, "events": 0}, "events"),
        ({"everything": True}, "everything"),
    ],
)
def test_an_order_that_makes_no_sense_erases_nothing(
    body: dict[str, object], words: str, unit: Unit, technician: Visitor
) -> None:
    unit.add(1)
    answer = technician.post("/api/events/erase", json=body)
    assert answer.status_code == 400
    assert words in answer.get_json()["reason"]
    assert len(unit.ids) == 1


def test_a_name_that_leads_elsewhere_deletes_no_file(unit: Unit, technician: Visitor) -> None:
    secret = unit.settings.unit.data_dir / "secret.jpg"
    secret.parent.mkdir(exist_ok=True)
    secret.write_bytes(b"mine")
    names = ("../secret", "20260415T020001Z-gate-beef-1/../../secret", "e'; --", "<b>")
    for name in names:
        unit.store.add(replace(filled.event(unit.clock.stamp(), name), snapshot="../secret.jpg"))
    answer = technician.post("/api/events/erase", json={"ids": list(names)})
    assert answer.get_json()["events"] == len(names)
    erase_listed(
        unit.store, [unit.add(2)], ["secret.jpg", "snapshots/../secret.jpg"], who="x", via="y"
    )
    finish_at_start(unit.settings, unit.clock)
    assert secret.read_bytes() == b"mine"
    assert all(one.ended for one in unit.orders)


def test_more_than_a_thousand_are_refused_with_the_command_that_takes_them(
    unit: Unit, technician: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.web.event_erasing.MOST_EVENTS", 2)
    for number in range(3):
        unit.add(number)
    answer = technician.post("/api/events/erase", json={"filter": "", "last_row": 9, "events": 3})
    assert answer.status_code == 400
    assert "unitctl events erase" in answer.get_json()["reason"]
    assert len(unit.ids) == 3


def test_files_that_cannot_be_deleted_now_go_at_the_next_start(
    unit: Unit, technician: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_id = unit.add(1)

    def refuse(_paths: object) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as broken:
        broken.setattr(media_files, "delete", refuse)
        answer = technician.post("/api/events/erase", json={"ids": [event_id]})
    assert answer.get_json() == {"events": 1, "remaining": True}
    assert (unit.ids, len(unit.files)) == ([], 2)
    finish_at_start(unit.settings, unit.clock)
    assert unit.files == []


KILLED = """
import os, signal, sys
from pathlib import Path
from appliance import settings_file
from appliance.clock import SystemClock
from appliance.media import files, ordered_erasing
from appliance.store.store import Store

settings = settings_file.load_settings(Path(sys.argv[1]))
store = Store(settings.database, SystemClock(), "inference")
kill = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
where = sys.argv[2]
if where == "before the files":
    files.delete = kill
if where == "between two files":
    unlink, gone = Path.unlink, []
    Path.unlink = lambda path, **how: kill() if gone else (gone.append(path), unlink(path, **how))
if where == "before its end is noted":
    ordered_erasing.end_erasure = kill
if where == "before its rows":
    ordered_erasing.erase_listed = kill
ordered_erasing.erase_events(store, settings, sys.argv[3:], who="anna", via="page")
ordered_erasing.finish_erasures(store, settings, lambda alarm_id: None)
"""


@pytest.mark.parametrize(
    ("where", "is_erased"),
    [
        ("before its rows", False),
        ("before the files", True),
        ("between two files", True),
        ("before its end is noted", True),
    ],
)
def test_a_kill_in_the_middle_leaves_no_half_of_an_event(
    where: str, is_erased: bool, unit: Unit, tmp_path: Path
) -> None:
    chosen, other = [unit.add(1), unit.add(2)], unit.add(3)
    file = tmp_path / "killed.toml"
    file.write_text(f'[unit]\ndata_dir = "{unit.settings.unit.data_dir}"\n')
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(file), where, *chosen],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -9
    assert unit.ids == ([other] if is_erased else [*chosen, other]), "all of its rows or none"
    if is_erased:
        assert unit.orders[0].ended is None
    finish_at_start(unit.settings, unit.clock)
    assert len(unit.files) == (2 if is_erased else 6)
    assert all(one.ended is not None and one.remaining is None for one in unit.orders)


def test_a_unit_whose_database_is_not_there_says_so(settings: Settings, clock: FakeClock) -> None:
    app = create_app(settings, clock)
    answer = enter_pin(app, settings).post("/api/events/erase", json={"ids": ["e1"]})
    assert answer.status_code == 503
    assert "cannot be opened" in answer.get_json()["reason"]
    assert not settings.database.exists()
    finish_at_start(settings, clock)  # quietly


def test_what_alarms_say_of_an_event_goes_with_it_and_so_does_a_picture_that_waits(
    unit: Unit, technician: Visitor, open_store: OpenStore
) -> None:
    event_id = unit.add(1)
    alarm, *messages = alarms.make_rows(unit.clock.stamp())
    open_store("alarm").add(replace(alarm, event_id=event_id), *messages)
    waiting = unit.settings.unit.run_dir / f"alarm-{alarm.alarm_id}.owner.mail.jpg"
    waiting.parent.mkdir(parents=True, exist_ok=True)
    waiting.write_bytes(b"a face")
    assert technician.post("/api/events/erase", json={"ids": [event_id]}).status_code == 200
    left = next(one for one in unit.store.rows(Alarm) if one.alarm_id == alarm.alarm_id)
    assert (left.key, left.text, left.event_id) == ("erased", "erased", "")
    assert "touchscreen" in left.reason
    assert not waiting.exists()


def test_of_a_backup_that_was_put_back_only_what_was_told_of_is_erased(
    unit: Unit, technician: Visitor, tmp_path: Path
) -> None:
    for number in range(3):
        unit.add(number)
    copy = tmp_path / "copy.db"
    with (
        closing(sqlite3.connect(copy)) as target,
        closing(sqlite3.connect(unit.settings.database)) as source,
    ):
        source.backup(target)
    unit.add(3)
    assert len(technician.get("/api/events").get_json()) == 4
    unit.store.close()
    for side in ("-wal", "-shm"):
        Path(f"{unit.settings.database}{side}").unlink(missing_ok=True)
    copy.replace(unit.settings.database)
    order = {"filter": "camera=gate", "last_row": 4, "events": 4}
    answer = technician.post("/api/events/erase", json=order)
    assert answer.status_code == 409
    assert "3 events now, not the 4" in answer.get_json()["reason"]
    assert len(technician.get("/api/events").get_json()) == 3


def test_programs_are_told_to_begin_anew_where_the_newest_event_was_erased(
    unit: Unit, technician: Visitor
) -> None:
    older, newest = unit.add(1), unit.add(2)
    position = technician.get("/api/changes").get_json()["position"]
    technician.post("/api/events/erase", json={"ids": [older]})
    answer = technician.get("/api/changes", query_string={"after": position})
    assert (answer.status_code, answer.get_json()["changes"]) == (200, [])
    technician.post("/api/events/erase", json={"ids": [newest]})
    answer = technician.get("/api/changes", query_string={"after": position})
    assert answer.status_code == 410
    assert technician.get("/api/status").get_json()["events"]["newest"] is None
