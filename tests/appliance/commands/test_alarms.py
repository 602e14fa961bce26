"""`unitctl alarms`, as a technician types it."""

import socket
from contextlib import closing
from dataclasses import replace

import pytest

from appliance.model_alarms import (
    Alarm,
    AlarmDelivery,
    AlarmOrder,
    AlarmOrderKind,
    AlarmPosition,
    DeliveryState,
)
from tests.appliance.commands.typed_unit import SETTINGS, Unit
from tests.scenes import alarms, filled

SECTIONS = """
[alarm.people]
to = ["owner"]
labels = ["dog"]
cameras = ["demo"]
acknowledge_s = 300
[recipient.owner]
channels = ["mail"]
next = "guard"
[recipient.guard]
channels = ["mail"]
[channel.mail]
address_file = "/etc/appliance/mail"
"""


@pytest.fixture
def alarmed(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> Unit:
    """With one alarm, of which one message waits and one was sent."""
    monkeypatch.setattr("appliance.commands.alarms.find_user_name", lambda: "anna")
    unit.settings.write_text(SETTINGS + SECTIONS)
    store = unit.open_as("alarm")
    now = store.clock.stamp()
    alarm, waiting, *_ = alarms.make_rows(now)
    assert isinstance(alarm, Alarm)
    assert isinstance(waiting, AlarmDelivery)
    waiting = replace(waiting, attempts=2, reason="no route to host")
    sent = replace(
        waiting, delivery_id="a-1.guard.mail", recipient="guard", state=DeliveryState.SENT
    )
    store.add(alarm, waiting, replace(sent, sent=now.utc, attempts=0))
    return unit


def list_orders(unit: Unit) -> list[AlarmOrder]:
    return unit.open_as("alarm").rows(AlarmOrder)


def test_the_list_says_what_was_sent_to_whom_and_what_waits_and_why(alarmed: Unit) -> None:
    code, out, err = alarmed.type("alarms", "list")
    assert (code, err) == (1, "")
    assert "a person at demo (high, 1 occurrence)" in out
    assert "guard by mail  sent at " in out
    assert "owner by mail  waiting: no route to host; tried at " in out
    assert "1 message waits; to owner by mail: no route to host" in out
    assert alarmed.type("alarms")[1] == out


def test_the_list_in_json_is_that_of_the_status_document(alarmed: Unit) -> None:
    found = alarmed.json("alarms", "list")
    assert found == alarmed.json("status")["alarms"]["recent"]
    assert alarmed.json("status")["alarms"]["waiting"] == 1


def test_an_alarm_is_acknowledged_by_its_number_or_all_of_them(
    alarmed: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []

    def take(seconds: float) -> None:
        """The service, at the second look."""
        looks.append(seconds)
        if len(looks) % 2 == 0:
            store = alarmed.open_as("alarm")
            store.add(AlarmPosition(store.clock.stamp(), "alarm_order", len(list_orders(alarmed))))

    monkeypatch.setattr("appliance.commands.alarms.time.sleep", take)
    code, out, _ = alarmed.type("alarms", "ack", "1")
    assert (code, out) == (0, "alarm 1 is acknowledged by anna: nobody else is told\n")
    assert len(looks) == 2
    assert alarmed.type("alarms", "ack", "--all")[0] == 0
    assert len(looks) == 4
    first, second = list_orders(alarmed)
    assert (first.kind, first.alarm_id) == (AlarmOrderKind.ACKNOWLEDGE, "a-1")
    assert (first.who, first.via, second.alarm_id) == ("anna", "unitctl", "")


def test_an_acknowledgement_that_no_service_takes_is_not_said_to_be_one(
    alarmed: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.commands.alarms.TAKEN_S", 0.0)
    code, out, _ = alarmed.type("alarms", "ack", "1")
    assert code == 1
    assert out.startswith(
        "that alarm 1 is acknowledged is stored, but not taken in 5 s: until it is"
    )
    assert len(list_orders(alarmed)) == 1


@pytest.mark.parametrize("words", [["ack"], ["ack", "1", "--all"], ["ack", "7"], ["why", "e9"]])
def test_what_names_no_alarm_is_refused_and_changes_nothing(
    alarmed: Unit, words: list[str]
) -> None:
    code, _, err = alarmed.type("alarms", *words)
    assert code == 2
    assert err.startswith("unitctl: ")
    assert list_orders(alarmed) == []


def test_a_test_is_ordered_for_one_or_for_all_and_rings(alarmed: Unit) -> None:
    door = alarmed.directory / "run/alarm.sock"
    door.parent.mkdir()
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as bell:
        bell.bind(str(door))
        bell.settimeout(1.0)
        assert alarmed.type("alarms", "test", "owner")[0] == 0
        assert bell.recv(8) == b""
    assert alarmed.type("alarms", "test")[0] == 0
    assert [one.recipient for one in list_orders(alarmed)] == ["owner", ""]


def test_a_test_for_somebody_who_is_not_there_names_who_is_meant(alarmed: Unit) -> None:
    code, _, err = alarmed.type("alarms", "test", "owmer")
    assert (code, list_orders(alarmed)) == (2, [])
    assert "there is no recipient 'owmer'; did you mean 'owner'?" in err


def test_why_names_the_rule_the_messages_and_who_is_next(alarmed: Unit) -> None:
    out = alarmed.type("alarms", "why", "1")[1]
    assert "because        [alarm.people] holds" in out
    store = alarmed.open_as("alarm")
    (guard,) = [one for one in store.rows(AlarmDelivery) if one.recipient == "guard"]
    with store.housekeeping() as execute:
        execute("DELETE FROM alarm_delivery WHERE delivery_id = ?", (guard.delivery_id,))
    out = alarmed.type("alarms", "why", "1")[1]
    assert "next           guard at " in out
    assert "owner has not acknowledged it in 5 min" in out


def test_why_of_an_event_that_made_no_alarm_names_what_the_rules_ask_for(alarmed: Unit) -> None:
    store = alarmed.open_as("inference")
    store.add(filled.event(store.clock.stamp(), "e1"))
    out = alarmed.type("alarms", "why", "e1")[1]
    assert out.startswith("person at demo\n")
    assert "[alarm.people]  `labels` names dog, and not person" in out
