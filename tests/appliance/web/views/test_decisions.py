"""The timeline of decisions: one order, a cursor, filters; acts for who may act."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance.access.acts import begin_act
from appliance.access.roles import Origin, Person, Role
from appliance.model import EnergyBudget, EnergyLevel, Sleep, Stamp, Wake
from appliance.model_cameras import CameraChange, CameraHold, CameraMode, HoldKind, SwitchOrder
from appliance.model_updates import UpdateHold, UpdateState, UpdateStep
from appliance.settings import Settings
from appliance.web.app import create_app
from tests.appliance.web.test_web import client
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock

__all__ = ["client"]  # a fixture


def ago(clock: FakeClock, minutes: float) -> Stamp:
    now = clock.stamp()
    return replace(
        now, utc=now.utc - timedelta(minutes=minutes), uptime_s=now.uptime_s - minutes * 60
    )


def budget(stamp: Stamp, level: EnergyLevel, reason: str) -> EnergyBudget:
    return EnergyBudget(stamp, level, 12.0, stamp.utc + timedelta(hours=1), 1.0, reason)


def fill(clock: FakeClock, open_store: OpenStore) -> None:
    """A day: FULL, ECO, a sleep, a switch, a hold, an update."""
    level = EnergyLevel
    open_store("power").add(
        *(budget(ago(clock, 100 - step), level.FULL, "sun") for step in range(10)),
        *(budget(ago(clock, 90 - step), level.ECO, "grey") for step in range(10)),
        Sleep(ago(clock, 70), level.HIBERNATE, None, "", None, 19.0, 2.0, "no load may run"),
        Wake(ago(clock, 60), None, "the clock", 0, 18.0, stays=True, reason="enough sun"),
        SwitchOrder(ago(clock, 50), "modem", runs=False, reason="grey"),
    )
    open_store("camera").add(
        CameraChange(ago(clock, 40), "demo", CameraMode.WATCH, "ECO: pictures are analysed"),
        CameraHold(
            ago(clock, 30),
            "demo",
            HoldKind.PAUSE,
            holds=True,
            lasts_s=3600.0,
            until=None,
            who="Ana",
            via="unitctl",
            reason="privacy",
        ),
    )
    open_store("checkin").add(
        UpdateState(ago(clock, 20), UpdateStep.GATE, "r7", "r6", "waits for sun", "energy")
    )
    open_store("mqtt").add(
        UpdateHold(ago(clock, 10), holds=True, until=None, who="Ana", via="mqtt", reason="a visit")
    )


def get(client: FlaskClient, query: str = "", code: int = 200) -> dict[str, Any]:
    answer = client.get(f"/api/decisions?{query}")
    assert answer.status_code == code, answer.get_data(as_text=True)
    assert isinstance(answer.json, dict)
    return answer.json


def test_all_kinds_stand_in_one_order_with_their_reasons(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    fill(clock, open_store)
    found = get(client)["decisions"]
    assert [(one["what"], one["value"], one["reason"]) for one in found] == [
        ("update-hold", "held", "a visit"),
        ("update", "gate", "waits for sun"),
        ("hold", "paused", "privacy"),
        ("camera", "watch", "ECO: pictures are analysed"),
        ("switch", "off", "grey"),
        ("wake", "stays", "enough sun"),
        ("sleep", "HIBERNATE", "no load may run"),
        ("level", "ECO", "grey"),
        ("level", "FULL", "sun"),
    ]
    assert found[2]["who"] == "Ana"
    assert found[4]["subject"] == "modem"


def test_pages_by_the_cursor_have_each_decision_once(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    fill(clock, open_store)
    same = ago(clock, 45)  # several of one moment, of different streams
    open_store("power").add(*(SwitchOrder(same, f"s{n}", runs=True, reason="x") for n in range(3)))
    open_store("camera").add(*(CameraChange(same, "demo", CameraMode.WATCH, "y") for _ in range(3)))
    whole = [one["cursor"] for one in get(client, "limit=200")["decisions"]]
    pages, before = [], ""
    while True:
        page = get(client, f"limit=2&before={before}")
        pages += [one["cursor"] for one in page["decisions"]]
        if page["older"] is None:
            break
        before = page["older"]
    assert pages == whole
    assert len(set(whole)) == len(whole) == 15


@pytest.mark.parametrize(
    ("kind", "whats"),
    [
        ("levels", {"level"}),
        ("sleep", {"sleep", "wake"}),
        ("switches", {"switch"}),
        ("cameras", {"camera", "hold"}),
        ("updates", {"update", "update-hold"}),
        ("acts", set()),
    ],
)
def test_a_kind_is_listed_alone(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore, kind: str, whats: set[str]
) -> None:
    fill(clock, open_store)
    assert {one["what"] for one in get(client, f"kind={kind}")["decisions"]} == whats


def test_a_day_shows_what_was_decided_up_to_its_end(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    power, now = open_store("power"), clock.stamp()
    power.add(SwitchOrder(ago(clock, 3 * 24 * 60), "old", runs=True, reason="x"))
    power.add(SwitchOrder(now, "new", runs=True, reason="x"))
    day = (now.utc - timedelta(days=2)).date()
    assert [one["subject"] for one in get(client, f"day={day}")["decisions"]] == ["old"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("kind=thoughts", "kind: 'thoughts' is none of levels, sleep"),
        ("before=yesterday", "before: 'yesterday' is no cursor"),
        ("limit=0", "limit:"),
        ("day=32", "is no day"),
        ("colour=red", "there is no argument 'colour'"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    client: FlaskClient, open_store: OpenStore, query: str, text: str
) -> None:
    open_store("power")
    assert text in get(client, query, 400)["reason"]


def test_acts_of_people_are_told_to_a_technician_only(
    settings: Settings, clock: FakeClock, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(clock, open_store)
    app = create_app(settings, clock)
    client = app.test_client()
    technician = Person("Ana", Role.TECHNICIAN, Origin.TOUCHSCREEN)
    assert get(client, "kind=acts")["decisions"] == []
    with app.app_context():
        from appliance.web.acting.asking import get_front

        begin_act(get_front().file, clock, technician, "camera paused", "demo", {})
    assert get(client, "kind=acts") == {"decisions": [], "older": None, "shows_acts": False}
    monkeypatch.setattr("appliance.web.views.decisions.person", lambda: technician)
    found = get(client, "kind=acts")["decisions"]
    assert [(one["who"], one["value"], one["subject"]) for one in found] == [
        ("Ana", "camera paused", "demo")
    ]
    everything = get(client)["decisions"]
    assert everything[0]["what"] == "act"
    assert get(client, f"before={everything[0]['cursor']}")["decisions"] == everything[1:]
