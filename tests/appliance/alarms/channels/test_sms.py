"""SMS through the real sending process to python-dbusmock's ModemManager on a real bus."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.alarms.channels.requests import SendAnswer
from appliance.alarms.channels.sms import MOST_GSM_7, MOST_OTHER, write_text
from appliance.sections.alarms import ChannelKind, ChannelSettings
from tests.appliance.alarms.channels.requests_of_tests import ask, send
from tests.conftest import ROOT
from tests.stand_ins.modem_manager import ModemManager, needs_modem_manager, run_modem_manager
from tests.stand_ins.private_bus import run_bus

CHANNEL = ChannelSettings(kind=ChannelKind.SMS, number="+40 711 222-333")


def send_sms(
    manager: ModemManager, monkeypatch: pytest.MonkeyPatch, limit_s: float = 30.0
) -> SendAnswer:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", manager.address)
    return send(ask(CHANNEL), limit_s)


@needs_modem_manager
def test_an_sms_is_created_sent_and_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_modem_manager(tmp_path) as manager:
        manager.add_modem()
        answer = send_sms(manager, monkeypatch)
        calls = manager.read_calls()
    assert answer.sent, answer.text
    names = [call.split()[0] for call in calls]
    assert names[-3:] == ["Create", "Send", "Delete"]
    created = next(call for call in calls if call.startswith("Create"))
    assert "+40711222333" in created
    assert "Gate: person: a person at the gate, 03:10" in created


@needs_modem_manager
def test_the_modem_that_has_a_network_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_modem_manager(tmp_path) as manager:
        manager.add_modem(0, state=2)
        manager.add_modem(1, state=11)
        manager.add_modem(2, state=7)
        answer = send_sms(manager, monkeypatch)
        calls = manager.read_calls()
    assert answer.sent, answer.text
    assert any(call.startswith("Delete") and "/SMS/1" in call for call in calls)


@needs_modem_manager
@pytest.mark.parametrize(
    ("state", "reason", "can_send", "refused", "expected"),
    [
        (2, 0, False, True, "the SIM is locked"),
        (-1, 2, False, True, "there is no SIM"),
        (-1, 3, False, False, "the modem has failed"),
        (3, 0, True, False, "mmcli -m any --enable"),
        (7, 0, True, False, "no network yet"),
        (8, 0, False, True, "cannot send SMS"),
    ],
)
def test_a_modem_that_cannot_send_says_why(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: int,
    reason: int,
    can_send: bool,
    refused: bool,
    expected: str,
) -> None:
    with run_modem_manager(tmp_path) as manager:
        manager.add_modem(state=state, reason=reason, can_send=can_send)
        answer = send_sms(manager, monkeypatch)
    assert (answer.sent, answer.refused) == (False, refused)
    assert expected in answer.text


@needs_modem_manager
def test_without_a_modem_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_modem_manager(tmp_path) as manager:
        answer = send_sms(manager, monkeypatch)
    assert answer.refused
    assert "there is no modem" in answer.text


@needs_modem_manager
@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("Core.Unauthorized", True),
        ("Message.SmscAddressUnknown", True),
        ("Message.NetworkTimeout", False),
        ("MobileEquipment.NoNetwork", False),
    ],
)
def test_a_refusal_of_the_network_is_told_apart_and_the_sms_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, refused: bool
) -> None:
    error = f"org.freedesktop.ModemManager1.Error.{name}"
    with run_modem_manager(tmp_path) as manager:
        code = f"raise dbus.exceptions.DBusException('no way', name='{error}')"
        manager.add_modem(send=code)
        answer = send_sms(manager, monkeypatch)
        calls = manager.read_calls()
    assert (answer.sent, answer.refused) == (False, refused)
    assert "no way" in answer.text
    assert calls[-1].startswith("Delete")


@needs_modem_manager
def test_a_modem_that_hangs_costs_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_modem_manager(tmp_path) as manager:
        manager.add_modem(send="import time; time.sleep(20)")
        answer = send_sms(manager, monkeypatch, limit_s=3.0)
    assert (answer.sent, answer.refused) == (False, False)
    assert "no answer within 3 s" in answer.text


@needs_modem_manager
def test_a_bus_without_modem_manager_and_no_bus_at_all_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        answer = send(ask(CHANNEL))
    assert answer.refused
    assert "install the package modemmanager" in answer.text
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    answer = send(ask(CHANNEL))
    assert (answer.sent, answer.refused) == (False, False)
    assert "bus cannot be reached" in answer.text


@pytest.mark.parametrize("number", ["", "ada", "+", "07 11 x", "+407112223334445556"])
def test_what_is_no_telephone_number_is_refused(number: str) -> None:
    answer = send(ask(replace(CHANNEL, number=number)))
    assert answer.refused
    assert "telephone number" in answer.text


@pytest.mark.parametrize(
    ("sign", "most"), [("a", MOST_GSM_7), ("人", MOST_OTHER), ("é", MOST_GSM_7)]
)
def test_a_text_has_two_parts_at_most(sign: str, most: int) -> None:
    for length in (1, most - 10, most + 1, 5000):
        text = write_text("Gate", " ".join(sign * 20 for _ in range(length // 21 + 1)))
        assert len(text) <= most
    assert write_text("Gate", "") == "Gate"
    assert "more characters" in write_text("Gate", sign * 5000)


def test_ci_installs_the_packages_that_these_tests_are_left_out_without() -> None:
    packages = (ROOT / ".ci/run").read_text().replace(")", " ").split()
    assert {"dbus", "python3-dbusmock", "modemmanager"} <= set(packages)
