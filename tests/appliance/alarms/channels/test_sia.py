"""SIA DC-09 through the real sending process to pysiaalarm, the receiver that others use."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pysiaalarm.account import SIAAccount
from pysiaalarm.event import SIAEvent
from pysiaalarm.sync.client import SIAClient

from appliance.alarms.channels.requests import SendRequest
from appliance.alarms.channels.sia import read_key
from appliance.alarms.channels.sia_frame import Reply, SiaMessage, build, frame, parse_answer
from appliance.model_alarms import AlarmKind
from appliance.sections.alarms import ChannelKind, ChannelSettings
from provisioning.free_ports import find_free_port
from tests.appliance.alarms.channels.requests_of_tests import ask, send

ACCOUNT, KEY = "AAA1", "0123456789abcdef"


@dataclass
class Station:
    """What the receiver has taken."""

    port: int
    events: list[SIAEvent] = field(default_factory=list)


@contextmanager
def run_station(key: str | None = None, **options: Any) -> Iterator[Station]:
    station = Station(find_free_port())
    accounts = [SIAAccount(ACCOUNT, key, **options)]
    client = SIAClient("127.0.0.1", station.port, accounts, station.events.append)
    client.start()  # its own `with` swallows every error
    try:
        yield station
    finally:
        client.stop()


def make_station_channel(port: int, key_file: Path | None = None) -> ChannelSettings:
    return ChannelSettings(
        kind=ChannelKind.SIA,
        host="127.0.0.1",
        port=port,
        account=ACCOUNT,
        key_file=key_file,
        allow_local=True,
    )


def write_key(directory: Path, text: str = KEY) -> Path:
    file = directory / "station.key"
    file.write_text(f"{text}\n")
    return file


def test_a_station_takes_an_alarm_and_acknowledges_it() -> None:
    with run_station() as station:
        answer = send(ask(make_station_channel(station.port)))
    assert answer.sent, answer.text
    (event,) = station.events
    assert (event.code, event.account, event.sequence) == ("BA", ACCOUNT, "0007")
    assert event.message == "^Gate: person: a person at the gate, 03:10^"
    assert isinstance(event.timestamp, datetime)
    assert abs(datetime.now(UTC) - event.timestamp) < timedelta(seconds=20)
    assert event.full_message is not None
    assert int(event.length or "0", 16) == len(event.full_message)


def test_an_encrypted_alarm_is_read_with_the_key_and_its_answer_too(tmp_path: Path) -> None:
    with run_station(KEY) as station:
        answer = send(ask(make_station_channel(station.port, write_key(tmp_path))))
    assert answer.sent, answer.text
    (event,) = station.events
    assert event.encrypted
    assert (event.code, event.sequence) == ("BA", "0007")


def test_another_key_is_no_acknowledgement_and_is_never_told(tmp_path: Path) -> None:
    with run_station("fedcba9876543210") as station:
        answer = send(ask(make_station_channel(station.port, write_key(tmp_path))))
    assert not answer.sent
    assert station.events == []
    assert "key" in answer.text
    assert KEY not in answer.text


def test_a_repetition_keeps_its_sequence_number() -> None:
    with run_station() as station:
        request = ask(make_station_channel(station.port))
        assert send(request).sent
        assert send(request).sent
        assert send(replace(request, sequence=10_000)).sent
        assert send(replace(request, sequence=9_999)).sent
    assert [one.sequence for one in station.events] == ["0007", "0007", "0001", "9999"]


@pytest.mark.parametrize("kind", [one for one in AlarmKind if one is not AlarmKind.HEARTBEAT])
def test_the_station_knows_the_code_of_each_kind_of_alarm(kind: AlarmKind) -> None:
    with run_station() as station:
        answer = send(ask(make_station_channel(station.port), alarm=kind))
    assert answer.sent, answer.text
    assert station.events[0].sia_code is not None


@pytest.mark.parametrize("key", [None, KEY])
def test_a_heartbeat_is_a_link_test(tmp_path: Path, key: str | None) -> None:
    with run_station(key) as station:
        file = None if key is None else write_key(tmp_path)
        request = ask(make_station_channel(station.port, file), alarm=AlarmKind.HEARTBEAT)
        answer = send(request)
    assert answer.sent, answer.text
    (event,) = station.events
    assert event.message_type is not None
    assert getattr(event.message_type, "value", "") == "NULL"
    assert (event.code, event.sequence) == ("RP", "0000")


def test_a_wrong_clock_is_told_with_the_station_s_own() -> None:
    # As if the unit's clock were hours behind: only times from an hour ahead are taken.
    with run_station(allowed_timeband=(-3600, 7200)) as station:
        answer = send(ask(make_station_channel(station.port)))
    assert (answer.sent, answer.refused) == (False, False)
    assert "NAK" in answer.text
    assert f"{datetime.now(UTC):%m-%d-%Y}" in answer.text
    assert "check the unit's clock" in answer.text


def test_an_account_that_the_station_does_not_know_is_not_acknowledged() -> None:
    with run_station() as station:
        channel = replace(make_station_channel(station.port), account="BBB2")
        answer = send(ask(channel))
    assert not answer.sent
    assert station.events == []


def test_a_code_that_the_station_does_not_know_is_refused() -> None:
    message = SiaMessage("BA", "text", account=ACCOUNT, sequence=7, at=datetime.now(UTC))
    duh = frame(f'"DUH"0007R0L0#{ACCOUNT}[]'.encode())
    assert parse_answer(duh, message) is Reply.DUH


def test_a_station_that_is_away_is_tried_again() -> None:
    answer = send(ask(make_station_channel(find_free_port())))
    assert (answer.sent, answer.refused) == (False, False)
    assert "is not reached" in answer.text


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\n\r",
        b'"ACK"',
        b'\n00000010"ACK"0007L0#AAA1[]\r',
        frame(b'"ACK"0008R0L0#AAA1[]'),
        frame(b'"OK!"0007R0L0#AAA1[]'),
    ],
)
def test_what_is_no_answer_to_this_message_acknowledges_nothing(answer: bytes) -> None:
    message = SiaMessage("BA", "text", account=ACCOUNT, sequence=7, at=datetime.now(UTC))
    assert parse_answer(answer, message) is Reply.NONE


def test_with_a_key_an_answer_without_it_acknowledges_nothing() -> None:
    message = SiaMessage("BA", "text", account=ACCOUNT, sequence=7, at=datetime.now(UTC))
    plain = frame(b'"ACK"0007R0L0#AAA1[]')
    starred = frame(b'"*ACK"0007R0L0#AAA1[' + b"00" * 32)
    odd = frame(b'"*ACK"0007R0L0#AAA1[' + b"00" * 31 + b"zz")
    assert parse_answer(plain, message) is Reply.ACK
    for one in (plain, starred, odd):
        assert parse_answer(one, message, KEY.encode()) is Reply.NONE


def test_text_of_any_kind_stays_within_its_field() -> None:
    text = "]|^[\r\nÄ 人 \x00" + "x" * 5000
    built = build(SiaMessage("BA", text, account=ACCOUNT, sequence=1, at=datetime.now(UTC)))
    assert len(built) < 400
    assert built.count(b"\r") == 1
    event = SIAEvent.from_line(built.strip().decode(), {ACCOUNT: SIAAccount(ACCOUNT)})
    assert event.code == "BA"


@pytest.mark.parametrize(
    ("text", "length"),
    [("a" * 16, 16), ("a" * 32, 32), ("0x" + "ab" * 16, 16), ("0X" + "AB" * 32, 32)],
)
def test_a_key_is_characters_or_hexadecimal_digits(tmp_path: Path, text: str, length: int) -> None:
    request = ask(make_station_channel(1, write_key(tmp_path, text)))
    key = read_key(request)
    assert key is not None
    assert len(key) == length


@pytest.mark.parametrize("text", ["short", "0x" + "ab" * 15, "0xzz" + "ab" * 15, "ä" * 16])
def test_a_key_of_another_form_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    answer = send(ask(make_station_channel(1, write_key(tmp_path, text))))
    assert answer.refused
    assert "the key in" in answer.text
    assert text not in answer.text


@pytest.mark.parametrize(
    "change", [{"host": ""}, {"port": 0}, {"account": "12"}, {"account": "XYZ1"}]
)
def test_a_station_without_host_port_or_account_is_refused(change: dict[str, Any]) -> None:
    request: SendRequest = ask(replace(make_station_channel(1), **change))
    answer = send(request)
    assert answer.refused
    assert "`account`" in answer.text
