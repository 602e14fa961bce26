"""SMS through the real ModemManager to a simulated modem: what goes out, and what fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.alarms.channels.requests import SendAnswer
from appliance.sections.alarms import ChannelKind, ChannelSettings
from tests.appliance.alarms.channels.requests_of_tests import ask, send
from tests.stand_ins.simulated_modem import SimulatedModem, needs_real_modem_manager, run_modem

CHANNEL = ChannelSettings(kind=ChannelKind.SMS, number="+40 711 222 333")
LOCKED, DISABLED, SEARCHING, REGISTERED = 2, 3, 7, 8


def send_sms(
    modem: SimulatedModem, monkeypatch: pytest.MonkeyPatch, body: str = "a person at the gate"
) -> SendAnswer:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", modem.address)
    return send(replace(ask(CHANNEL), title="Gate", body=body), limit_s=60.0)


@pytest.mark.slow
@needs_real_modem_manager
def test_an_sms_reaches_the_network_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_modem(tmp_path) as modem:
        modem.wait_for_state(DISABLED)
        answer = send_sms(modem, monkeypatch)
        assert not answer.sent
        assert "mmcli -m any --enable" in answer.text
        modem.enable()
        modem.wait_for_state(REGISTERED)
        answer = send_sms(modem, monkeypatch)
        assert answer.sent, answer.text
        assert modem.sent == [("+40711222333", "Gate: a person at the gate")]
        modem.sent.clear()
        assert send_sms(modem, monkeypatch, "one word and more " * 50).sent
        assert len(modem.sent) == 2
        text = "".join(text for _, text in modem.sent)
        assert text.startswith("Gate: one word and more one word")
        assert text.endswith("more characters]")
        modem.sent.clear()
        assert send_sms(modem, monkeypatch, "Alarmă la poartă " * 20).sent
        assert len(modem.sent) == 2
        assert "".join(text for _, text in modem.sent).startswith("Gate: Alarmă la poartă")
        modem.refusal = "+CMS ERROR: 38"  # network out of order
        answer = send_sms(modem, monkeypatch)
        assert (answer.sent, answer.refused) == (False, False)
        assert "38" in answer.text
        modem.refusal = "+CMS ERROR: 1"  # there is nobody of that number
        answer = send_sms(modem, monkeypatch)
        assert (answer.sent, answer.refused) == (False, True)
        assert "check number, SIM" in answer.text
        modem.refusal = "+CMS ERROR: 330"  # SMSC address unknown
        answer = send_sms(modem, monkeypatch)
        assert (answer.sent, answer.refused) == (False, True)
        assert "SMSC" in answer.text


@pytest.mark.slow
@needs_real_modem_manager
def test_who_may_not_send_is_told_of_polkit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_modem(tmp_path) as modem:
        modem.wait_for_state(DISABLED)
        modem.enable()
        modem.wait_for_state(REGISTERED)
        modem.allow()
        answer = send_sms(modem, monkeypatch)
        assert answer.refused
        assert "polkit rules of the appliance" in answer.text
        assert modem.sent == []
        modem.allow("org.freedesktop.ModemManager1.Messaging")  # as systemd/polkit has it
        assert send_sms(modem, monkeypatch).sent


@pytest.mark.slow
@needs_real_modem_manager
def test_a_sim_with_a_pin_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with run_modem(tmp_path, answers={"AT+CPIN?": "+CPIN: SIM PIN"}) as modem:
        modem.wait_for_state(LOCKED)
        answer = send_sms(modem, monkeypatch)
    assert answer.refused
    assert "the SIM is locked" in answer.text


@pytest.mark.slow
@needs_real_modem_manager
def test_a_modem_without_a_network_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = {"AT+CREG?": "+CREG: 2,2", "AT+CGREG?": "+CGREG: 2,2"}
    with run_modem(tmp_path, answers=none) as modem:
        modem.wait_for_state(DISABLED)
        modem.enable()
        modem.wait_for_state(SEARCHING)
        answer = send_sms(modem, monkeypatch)
    assert (answer.sent, answer.refused) == (False, False)
    assert "no network yet" in answer.text
