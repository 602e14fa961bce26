"""Servers that send what they should not: the message waits, and nothing else happens."""

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from appliance.alarms.channels.connection_guard import find_refusal
from appliance.sections.alarms import ChannelKind, ChannelSettings
from tests.appliance.alarms.channels.hostile_server import serve
from tests.appliance.alarms.channels.requests_of_tests import ask, make_channel, send
from tests.stand_ins.webhook_server import WebhookServer

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


def drip(connection: socket.socket) -> None:
    """A byte, and a pause that is shorter than any limit of one reading."""
    for byte in b"220 welcome to a very slow server that says hello for ever " * 100:
        connection.sendall(bytes((byte,)))
        connection.settimeout(0.1)
        with suppress(TimeoutError):
            connection.recv(65_536)


def close_in_the_middle_of_the_mail(connection: socket.socket) -> None:
    with connection.makefile("rwb", buffering=0) as file:
        file.write(b"220 here\r\n")
        while line := file.readline():
            if line.upper().startswith(b"DATA"):
                file.write(b"354 go on\r\n")
                file.readline()
                return
            file.write(b"250 yes\r\n")


@pytest.mark.parametrize(
    "address",
    [
        "mailto://127.0.0.1:{port}?from=u@example.org&to=a@example.org",
        "json://127.0.0.1:{port}/alarms",
    ],
)
def test_a_server_that_drips_bytes_for_ever_costs_its_limit(tmp_path: Path, address: str) -> None:
    with serve(drip) as port:
        answer = send(ask(make_channel(tmp_path, address.format(port=port))), limit_s=4.0)
    assert (answer.sent, answer.refused) == (False, False)


def test_a_station_that_drips_bytes_for_ever_has_acknowledged_nothing() -> None:
    with serve(drip) as port:
        channel = ChannelSettings(
            kind=ChannelKind.SIA, host="127.0.0.1", port=port, account="1234", allow_local=True
        )
        answer = send(ask(channel), limit_s=4.0)
    assert (answer.sent, answer.refused, answer.unsure) == (False, False, True)


def test_a_mail_server_that_goes_in_the_middle_of_a_mail_is_tried_again(tmp_path: Path) -> None:
    picture = tmp_path / "gate.jpg"
    picture.write_bytes(b"\xff\xd8" + GARBAGE)
    with serve(close_in_the_middle_of_the_mail) as port:
        address = f"mailto://127.0.0.1:{port}?from=u@example.org&to=a@example.org"
        answer = send(ask(make_channel(tmp_path, address), picture=picture))
    assert (answer.sent, answer.refused) == (False, False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_webhook_that_leads_elsewhere_was_not_sent_and_nobody_else_gets_it(
    tmp_path: Path, status: int
) -> None:
    """As a network that wants a login first does: its page says 200 to all."""
    with WebhookServer() as server, WebhookServer() as portal:
        server.status, server.location = status, f"http://127.0.0.1:{portal.port}/login"
        answer = send(ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms")))
    assert not answer.sent
    assert "leads elsewhere" in answer.text
    assert (len(server.received), portal.received) == (1, [])


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "http://169.254.169.254/", "http://10.255.255.1/", "gopher://x"]
)
def test_no_redirection_is_followed_into_the_unit_or_its_network(
    tmp_path: Path, place: str
) -> None:
    with WebhookServer() as server:
        server.status, server.location = 302, place
        channel = make_channel(tmp_path, f"ntfy://127.0.0.1:{server.port}/topic")
        answer = send(ask(channel), limit_s=8.0)
    assert not answer.sent
    assert "root:" not in answer.text
    assert "leads elsewhere" in answer.text


def test_a_redirection_that_the_address_asks_for_is_followed_but_not_into_the_unit(
    tmp_path: Path,
) -> None:
    with WebhookServer() as server, WebhookServer() as other:
        server.status, server.location = 307, f"http://127.0.0.1:{other.port}/there"
        address = f"json://127.0.0.1:{server.port}/alarms?redirect=yes"
        assert send(ask(make_channel(tmp_path, address))).sent
        assert len(other.received) == 1
        server.location = "http://169.254.169.254/"
        assert not send(ask(make_channel(tmp_path, address)), limit_s=5.0).sent


def test_an_answer_of_ten_megabytes_is_a_yes_like_any_other(tmp_path: Path) -> None:
    with WebhookServer() as server:
        server.body, server.body_bytes = bytes(100_000), 10_000_000
        answer = send(ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms")))
    assert answer.sent, answer.text
    assert len(server.received) == 1


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
