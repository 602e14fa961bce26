"""Servers that send what they should not: the message waits, and nothing else happens."""

import socket
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from appliance.alarms.channels.connection_guard import find_refusal
from appliance.sections.alarms import ChannelKind, ChannelSettings
from tests.appliance.alarms.channels.hostile_server import serve
from tests.appliance.alarms.channels.requests_of_tests import ask, make_channel, send

GARBAGE = Random(18).randbytes(200_000)


def say_garbage(connection: socket.socket) -> None:
    connection.sendall(GARBAGE)


def say_lines_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"220-welcome and wait\r\n" * 100)


def say_one_line_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x" * 65_536)


def say_headers_for_ever(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: and more\r\n" * 100)


def say_nothing(connection: socket.socket) -> None:
    connection.recv(1)


SAYINGS = (
    say_garbage,
    say_lines_for_ever,
    say_one_line_for_ever,
    say_headers_for_ever,
    say_nothing,
)


@pytest.mark.parametrize("say", SAYINGS, ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    "address",
    [
        "mailto://unit:secret@127.0.0.1:{port}?from=u@example.org&to=a@example.org",
        "mailtos://unit:secret@127.0.0.1:{port}?mode=ssl&from=u@example.org&to=a@example.org",
        "json://unit:secret@127.0.0.1:{port}/alarms",
        "jsons://unit:secret@127.0.0.1:{port}/alarms",
    ],
)
def test_a_message_to_a_hostile_server_is_not_sent_and_ends_in_time(
    tmp_path: Path, say: Callable[[socket.socket], None], address: str
) -> None:
    with serve(say) as port:
        answer = send(ask(make_channel(tmp_path, address.format(port=port))), limit_s=5.0)
    assert not answer.sent
    assert "secret" not in answer.text
    assert len(answer.text) < 400
    assert answer.text.isprintable()


@pytest.mark.parametrize("say", SAYINGS, ids=lambda one: one.__name__)
def test_a_station_that_answers_nonsense_has_acknowledged_nothing(
    say: Callable[[socket.socket], None],
) -> None:
    with serve(say) as port:
        channel = ChannelSettings(
            kind=ChannelKind.SIA, host="127.0.0.1", port=port, account="1234", allow_local=True
        )
        answer = send(ask(channel), limit_s=5.0)
    assert (answer.sent, answer.refused) == (False, False)
    assert "no answer within" not in answer.text  # however much it says


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("169.254.169.254", 80), "link-local"),
        (("fe80::1%lo", 80, 0, 1), "link-local"),
        (("::ffff:127.0.0.1", 80, 0, 0), "this computer"),
        (("2002:7f00:1::", 80, 0, 0), "this computer"),
        (("0.0.0.0", 80), "this computer"),
        (("localhost", 80), "this computer"),
        (("239.255.255.250", 1900), "no single computer"),
        ("/run/dbus/system_bus_socket", "a socket of this computer"),
    ],
)
def test_what_leads_into_the_unit_is_not_connected_to(address: object, expected: str) -> None:
    assert expected in find_refusal(address)


@pytest.mark.parametrize("address", [("192.0.2.7", 443), ("2001:db8::7", 443, 0, 0), None])
def test_the_rest_of_the_world_is(address: object) -> None:
    assert find_refusal(address) == ""


def test_mail_to_this_computer_is_refused_as_well(tmp_path: Path) -> None:
    with serve(say_nothing) as port:
        address = f"mailto://u:p@127.0.0.1:{port}?from=u@example.org&to=a@example.org"
        answer = send(ask(make_channel(tmp_path, address, allow_local=False)))
    assert answer.refused
    assert "this computer itself" in answer.text
