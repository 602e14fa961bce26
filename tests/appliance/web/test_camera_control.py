"""Orders of a technician by the page's addresses: cameras, alarms, updates."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.access.acts import list_acts
from appliance.access.roles import Role
from appliance.model_alarms import AlarmOrder
from appliance.model_cameras import CameraCoverage, CameraHold, HoldKind, Watching
from appliance.model_updates import UpdateHold
from appliance.settings import Settings
from appliance.store.camera_holds import HoldReader
from appliance.store.update_holds import find_update_hold
from appliance.web.app import create_app
from tests.conftest import OpenStore
from tests.scenes import alarms
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.technician import Visitor, enter_pin, log_in, open_access

ORDERS = ("/api/cameras/demo/pause", "/api/alarms/all/acknowledge", "/api/updates/hold")


@pytest.fixture
def app(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Flask:
    open_store()
    return create_app(settings, clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def technician(app: Flask, settings: Settings) -> Visitor:
    return enter_pin(app, settings)


def list_rows(open_store: OpenStore) -> list[object]:
    store = open_store()
    return [*store.rows(CameraHold), *store.rows(AlarmOrder), *store.rows(UpdateHold)]


@pytest.mark.parametrize("path", ORDERS)
def test_nothing_is_ordered_by_somebody_unknown_or_a_viewer(
    app: Flask, settings: Settings, open_store: OpenStore, path: str
) -> None:
    assert Visitor(app).post(path).status_code == 403
    viewer = log_in(app, settings, Role.VIEWER, "otto")
    assert viewer.post(path).status_code == 403
    assert Visitor(app).post(path).status_code == 401
    assert list_rows(open_store) == []


def test_a_camera_is_paused_for_two_hours_and_resumed(
    technician: Visitor, open_store: OpenStore, clock: FakeClock
) -> None:
    answer = technician.post("/api/cameras/demo/pause", json={"for": "2h", "reason": "visitors"})
    (text,) = answer.get_json()["holds"]
    assert text.startswith("demo: paused by touchscreen (page) until ")
    assert text.endswith(": visitors")
    store = open_store()
    assert HoldReader(store).find("demo")[HoldKind.PAUSE].lasts_s == 7200
    assert technician.post("/api/cameras/demo/resume").get_json() == {"holds": []}
    assert HoldReader(store).find("demo") == {}


def test_all_cameras_are_switched_off_until_further_notice(
    technician: Visitor, open_store: OpenStore
) -> None:
    assert technician.post("/api/cameras/all/off").status_code == 200
    (row,) = open_store().rows(CameraHold)
    assert (row.camera, row.kind, row.until, row.lasts_s) == ("", HoldKind.OFF, None, None)


def test_a_form_orders_as_json_does(technician: Visitor, open_store: OpenStore) -> None:
    words = {"for": "30m", "csrf_token": technician.find_token()}
    assert technician.post_bare("/api/cameras/demo/mute", data=words).status_code == 200
    (row,) = open_store().rows(CameraHold)
    assert (row.kind, row.lasts_s) == (HoldKind.MUTE, 1800)


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b"[]",
        b'{"for": "2h", "until": "18:00"}',
        b'{"for": 2}',
        b'{"for": "-2h"}',
        b'{"for": "9999999d"}',
        b'{"until": "2020-01-01"}',
        b'{"reason": "a\\nb"}',
        b'{"reason": "\\ud800"}',
        b'{"fro": "2h"}',
        b'{"for": "2h", "for": "3h"}',
        b"\xff",
        b"for=2h",
    ],
)
def test_an_order_that_makes_no_sense_is_refused_whole(
    technician: Visitor, open_store: OpenStore, body: bytes
) -> None:
    for path in ("/api/cameras/demo/pause", "/api/updates/hold"):
        answer = technician.post(path, data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert answer.get_json()["reason"].endswith("nothing was done")
    assert list_rows(open_store) == []


def test_only_cameras_and_alarms_of_the_unit_are_known(technician: Visitor) -> None:
    assert technician.post("/api/cameras/nobody/off").status_code == 404
    assert technician.post(f"/api/alarms/{'x' * 3000}/acknowledge").status_code == 404
    assert technician.get("/api/cameras/demo/pause").status_code == 405


def test_an_alarm_is_acknowledged_in_the_name_of_who_is_logged_in(
    app: Flask, settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    alarm, *_ = alarms.make_rows(clock.stamp())
    open_store("alarm").add(alarm)
    anna = log_in(app, settings)
    path = f"/api/alarms/{alarm.alarm_id}/acknowledge"
    assert anna.post(path).get_json() == {"stored": True}
    (order,) = open_store().rows(AlarmOrder)
    assert (order.alarm_id, order.who, order.via) == (
        alarm.alarm_id,
        "anna",
        "page",
    )


def test_updates_are_held_and_released(
    technician: Visitor, open_store: OpenStore, clock: FakeClock
) -> None:
    answer = technician.post("/api/updates/hold", json={"for": "3d", "reason": "guests"})
    assert answer.get_json() == {"hold": "by touchscreen at the page: guests"}
    assert find_update_hold(open_store(), clock.stamp().utc)
    assert technician.post("/api/updates/release").get_json() == {"hold": None}
    assert find_update_hold(open_store(), clock.stamp().utc) == ""


def test_every_order_is_in_the_journal_of_acts(app: Flask, technician: Visitor) -> None:
    technician.post("/api/cameras/demo/pause", json={"for": "2h"})
    technician.post("/api/updates/hold", json={"reason": "guests"})
    technician.post("/api/cameras/nobody/off")
    found = [(a.what, a.target, a.detail, a.outcome) for a in list_acts(open_access(app), 3)]
    assert found == [
        (
            "POST /api/cameras/CAMERA/ACTION",
            "nobody, off",
            '{"reason": "there is no such camera"}',
            "refused",
        ),
        ("updates: hold", "", '{"reason": "guests"}', "done"),
        ("camera pause", "demo", '{"for_s": 7200.0}', "done"),
    ]


def test_when_nothing_was_watched_is_told_by_day(
    client: FlaskClient, open_store: OpenStore, clock: FakeClock
) -> None:
    store, now = open_store("camera"), clock.stamp()
    store.add(CameraCoverage(now, "demo", Watching.DEAD, 1800.0, "no route to host"))
    answer = client.get("/api/cameras/coverage?days=2").json
    assert answer is not None
    today, before = answer["days"]
    assert today["hours"]["dead"] == 0.5
    assert today["gaps"][-1]["reason"] == "no route to host"
    assert before["hours"] == {"not known": 24.0}
    assert client.get("/api/cameras/coverage?days=0").status_code == 400


def test_the_pictures_of_a_time_lapse_are_listed_and_sent(
    client: FlaskClient, settings: Settings, open_store: OpenStore
) -> None:
    open_store()
    assert client.get("/api/cameras/demo/timelapse").json == {"pictures": []}
    day = settings.timelapse_dir / "2026-04-15"
    day.mkdir(parents=True)
    for name in ("20260415T020000Z-demo-beef-0", "20260415T010000Z-demo-beef-0", "mine"):
        (day / f"{name}.jpg").write_bytes(b"a yard")
    found = client.get("/api/cameras/demo/timelapse").json
    paths = [one["path"] for one in found["pictures"]]  # type: ignore[index]
    assert [path.split("T")[1][:6] for path in paths] == ["010000", "020000"]
    assert client.get(paths[0]).data == b"a yard"
    assert client.get("/timelapse/../unit.db").status_code == 404
    assert client.get("/api/cameras/nobody/timelapse").status_code == 404
