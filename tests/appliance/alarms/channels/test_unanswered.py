"""A message that was given whole and not answered may have come; one that was not given has not."""

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from appliance.alarms.channels.modem import make_refusal
from appliance.process.system_bus import Refusal
from appliance.sections.alarms import ChannelKind, ChannelSettings
from provisioning.free_ports import find_free_port
from tests.appliance.alarms.channels.hostile_server import serve
from tests.appliance.alarms.channels.requests_of_tests import ask, make_channel, send
from tests.stand_ins.mail_server import run_mail_server
from tests.stand_ins.webhook_server import WebhookServer

MAIL = "mailto://127.0.0.1:{port}?from=u@example.org&to=a@example.org"


def talk(connection: socket.socket, *, until: bytes, then: bytes = b"") -> None:
    """A mail server up to a line of its client, which it answers by `then` or by going."""
    with suppress(OSError), connection.makefile("rwb", buffering=0) as file:
        file.write(b"220 here\r\n")
        in_data = False
        while line := file.readline():
            if line.upper().startswith(until):
                file.write(then)
                return
            if in_data:
                continue
            in_data = line.upper().startswith(b"DATA")
            file.write(b"354 go on\r\n" if in_data else b"250 yes\r\n")


def close_after_the_mail(connection: socket.socket) -> None:
    talk(connection, until=b".\r\n")


def close_at_once(connection: socket.socket) -> None:
    connection.close()


def close_at_the_recipient(connection: socket.socket) -> None:
    talk(connection, until=b"RCPT")


def read_and_go(connection: socket.socket) -> None:
    connection.recv(65_536)


def refuse_the_data(connection: socket.socket) -> None:
    talk(connection, until=b"DATA", then=b"451 not now\r\n")


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        (close_after_the_mail, True),
        (close_at_once, False),
        (close_at_the_recipient, False),
        (refuse_the_data, False),
    ],
)
def test_a_mail_may_have_come_where_the_server_went_after_it_had_all_of_it(
    tmp_path: Path, say: Callable[[socket.socket], None], expected: bool
) -> None:
    with serve(say) as port:
        answer = send(ask(make_channel(tmp_path, MAIL.format(port=port))))
    assert (answer.sent, answer.unsure) == (False, expected), answer.text


def test_a_mail_that_is_refused_by_a_code_has_not_come(tmp_path: Path) -> None:
    with run_mail_server(answer="452 4.3.1 no room") as server:
        address = f"mailto://unit:secret@127.0.0.1:{server.port}?from=u@example.org&to=a@b.org"
        answer = send(ask(make_channel(tmp_path, address)))
    assert (answer.sent, answer.unsure) == (False, False)


def test_a_server_that_is_silent_past_the_limit_may_have_it(tmp_path: Path) -> None:
    with WebhookServer() as server:
        server.hangs = True
        channel = make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms")
        answer = send(ask(channel), limit_s=3.0)
    assert "no answer within" in answer.text
    assert answer.unsure


def test_a_webhook_may_have_come_where_the_connection_ends_without_an_answer(
    tmp_path: Path,
) -> None:
    with serve(read_and_go) as port:
        answer = send(ask(make_channel(tmp_path, f"json://127.0.0.1:{port}/alarms")))
    assert (answer.sent, answer.unsure) == (False, True)


@pytest.mark.parametrize(("status", "expected"), [(503, False), (401, False), (504, True)])
def test_a_webhook_that_is_answered_by_a_code_has_not_come_unless_by_what_stands_between(
    tmp_path: Path, status: int, expected: bool
) -> None:
    with WebhookServer() as server:
        server.status = status
        channel = make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms")
        answer = send(ask(channel))
    assert (answer.sent, answer.unsure) == (False, expected)


@pytest.mark.parametrize("address", [MAIL, "json://127.0.0.1:{port}/alarms"])
def test_where_nobody_listens_nothing_has_come(tmp_path: Path, address: str) -> None:
    answer = send(ask(make_channel(tmp_path, address.format(port=find_free_port()))))
    assert (answer.sent, answer.unsure) == (False, False)


def test_a_station_that_goes_without_an_answer_may_have_it() -> None:
    def make_station(port: int) -> ChannelSettings:
        return ChannelSettings(
            kind=ChannelKind.SIA, host="127.0.0.1", port=port, account="1234", allow_local=True
        )

    with serve(read_and_go) as port:
        answer = send(ask(make_station(port)))
    assert (answer.sent, answer.unsure) == (False, True)
    assert not send(ask(make_station(find_free_port()))).unsure


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("org.freedesktop.DBus.Error.NoReply", True),
        ("org.freedesktop.ModemManager1.Error.Message.NetworkTimeout", True),
        ("org.freedesktop.ModemManager1.Error.MobileEquipment.NoNetwork", False),
    ],
)
def test_an_sms_of_which_the_network_says_nothing_may_have_come(name: str, expected: bool) -> None:
    assert make_refusal(Refusal(name, name)).unsure is expected
