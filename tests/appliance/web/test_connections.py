"""Slow clients and many connections: a visitor is answered, whoever else is there."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from flask import Flask

from appliance.web.connections import (
    DEADLINES_S,
    MOST,
    MOST_PER_CLIENT,
    Channel,
    ConnectionLimits,
    Phase,
    choose_to_drop,
    identify_client,
)
from appliance.web.server import make_server

PATIENCE_S = 30.0
PAGE = "the page " * 1_000_000  # more than a kernel takes at once


@dataclass(eq=False)
class Caller:
    """A connection as the limits see it."""

    client: str = "10.0.0.7"
    phase: Phase = Phase.WAITING
    since_s: float = 0.0
    is_dropped: bool = False
    is_proxied: bool = False


class Served:
    """A server with real sockets whose clock stands still until it is moved."""

    def __init__(self, opened: ExitStack) -> None:
        self.now_s = 0.0
        self.gate = threading.Event()  # while it is closed, nothing is answered
        self.gate.set()
        self.limits = ConnectionLimits(lambda: self.now_s)
        self.round = threading.Condition()  # told after each round of the server's loop
        self._opened = opened
        self.listening = opened.enter_context(socket.create_server(("127.0.0.1", 0)))

    def connect(self, data: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
        made = self._opened.enter_context(socket.socket())
        made.settimeout(PATIENCE_S)
        made.bind((source, 0))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        made.connect(self.listening.getsockname())
        made.sendall(data)
        return made

    def wait_until(self, is_so: Callable[[list[Channel]], bool]) -> None:
        """Until the server's open connections are as wanted."""
        with self.round:
            assert self.round.wait_for(lambda: is_so(list(self.limits._open)), PATIENCE_S)

    def get_page(self) -> bytes:
        """What a visitor gets who asks now."""
        return read_all(self.connect(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))


def read_all(client: socket.socket) -> bytes:
    """All until the server ends the connection."""
    received = b""
    try:
        while data := client.recv(65_536):
            received += data
    except ConnectionResetError:
        pass
    return received


@pytest.fixture
def served() -> Iterator[Served]:
    app = Flask(__name__)
    with ExitStack() as opened:
        made = Served(opened)
        app.add_url_rule("/", view_func=lambda: PAGE)
        app.add_url_rule("/gate", "gate", lambda: str(made.gate.wait(PATIENCE_S)))
        server = make_server(app, [made.listening], made.limits)
        stop = threading.Event()

        def run() -> None:
            while not stop.is_set():
                server.asyncore.loop(timeout=0.05, map=server._map, count=1)
                with made.round:
                    made.round.notify_all()
            server.task_dispatcher.shutdown()
            server.asyncore.close_all(server._map)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield made
        finally:
            made.gate.set()
            stop.set()
            thread.join()


SLOW = {
    "that say nothing": b"",
    "with half a head": b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "with half a body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nx",
    "that do not read": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("kind", SLOW)
def test_150_slow_clients_keep_no_visitor_from_the_page(served: Served, kind: str) -> None:
    callers = [served.connect(SLOW[kind]) for _ in range(150)]
    assert served.get_page().endswith(PAGE[-1000:].encode())
    assert len(callers) == 150


def test_a_house_full_of_requests_that_wait_keeps_no_visitor_out(served: Served) -> None:
    served.gate.clear()
    for number in range(MOST):
        served.connect(b"GET /gate HTTP/1.1\r\nHost: x\r\n\r\n", source=f"127.0.1.{number + 1}")
    served.wait_until(
        lambda found: len(found) == MOST and min(len(one.requests) for one in found) > 0
    )
    visitor = served.connect(b"GET /gate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    here = visitor.getsockname()
    served.wait_until(lambda found: here in [one.addr for one in found])
    served.gate.set()
    assert read_all(visitor).endswith(b"True")


def test_a_connection_ends_when_its_phase_lasts_too_long(served: Served) -> None:
    silent = served.connect()
    slow = served.connect(b"GET / HTTP/1.1\r\n")
    served.get_page()  # both are taken
    served.now_s = DEADLINES_S[Phase.RECEIVING] + 0.1
    assert read_all(slow) == b"", "half a head must be whole in ten seconds"
    served.now_s = DEADLINES_S[Phase.WAITING] + 0.1
    assert read_all(silent) == b""
    assert served.get_page().endswith(b"page ")


def test_a_client_that_does_not_read_its_answer_is_left(served: Served) -> None:
    asked = served.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert asked.recv(1), "the answer has begun"
    served.get_page()
    served.now_s = DEADLINES_S[Phase.SENDING] + 0.1
    assert len(read_all(asked)) < len(PAGE)


def test_a_body_and_a_head_of_any_size_are_refused(served: Served) -> None:
    for data, status in (
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b"431"),
    ):
        assert read_all(served.connect(data)).split()[1] == status


# --- who gives way ---------------------------------------------------------------------------


def test_a_length_of_5000_digits_is_answered(served: Served) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"
    assert read_all(served.connect(head)).startswith(b"HTTP/1.1 400 ")


def test_the_longest_silent_connection_of_the_same_client_gives_way() -> None:
    mine = [Caller(since_s=number) for number in range(MOST_PER_CLIENT)]
    others = [Caller("10.0.0.8", since_s=-1.0)]
    assert choose_to_drop(Caller(), [*others, *mine[:-1]]) is None
    assert choose_to_drop(Caller(), [*others, *mine]) is mine[0]
    mine[0].phase = Phase.SENDING
    assert choose_to_drop(Caller(), [*others, *mine]) is mine[1]


def test_a_connection_that_is_being_answered_never_gives_way() -> None:
    mine = [Caller(phase=Phase.ANSWERING) for _ in range(MOST_PER_CLIENT)]
    new = Caller()
    assert choose_to_drop(new, mine) is new


def test_one_that_waits_for_its_turn_gives_way_after_all_others() -> None:
    mine = [Caller(phase=Phase.QUEUED) for _ in range(MOST_PER_CLIENT - 1)]
    sending = Caller(phase=Phase.SENDING, since_s=9.0)
    assert choose_to_drop(Caller(), [*mine, sending]) is sending
    sending.phase = Phase.ANSWERING
    assert choose_to_drop(Caller(), [*mine, sending]) is mine[0]


def test_in_a_full_house_the_client_with_most_connections_gives_way() -> None:
    few = [Caller("10.0.0.8", since_s=-1.0) for _ in range(3)]
    clients = [Caller(f"10.0.1.{number // 20}") for number in range(MOST - 3)]
    gone = choose_to_drop(Caller("10.0.0.9"), [*few, *clients])
    assert gone in clients


def test_one_that_already_goes_does_not_count() -> None:
    mine = [Caller(is_dropped=number < 5) for number in range(MOST_PER_CLIENT)]
    assert choose_to_drop(Caller(), mine) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.7", "10.0.0.8", False),
        ("::ffff:10.0.0.7", "10.0.0.7", True),
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::5", "2001:db8:1:3::5", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_who_is_one_client(one: str, other: str, same: bool) -> None:
    assert (identify_client(one) == identify_client(other)) is same
