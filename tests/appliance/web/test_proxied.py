"""The page behind a proxy's Unix socket and at its own port, in one process at once."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from appliance.errors import ListenError
from appliance.sections.network import WebSettings
from appliance.web.connections import (
    LOCAL_ADDRESS,
    MOST,
    MOST_PROXIED,
    Channel,
    ConnectionLimits,
    Phase,
    choose_to_drop,
)
from appliance.web.origins import find_origin
from appliance.web.server import make_server, open_sockets
from tests.appliance.web.test_connections import Caller, read_all
from tests.appliance.web.test_web import free_port

PATIENCE_S = 30.0
SAID = "X-Forwarded-For: 10.0.0.7\r\nX-Appliance-Origin: network\r\nX-Appliance-Local: 10.0.0.1\r\n"


class Both:
    """A server with both sockets, which answers with what it knows of the client."""

    def __init__(self, directory: Path, opened: ExitStack) -> None:
        self._opened = opened
        self.gate = threading.Event()  # while it is closed, /gate is not answered
        self.limits = ConnectionLimits()
        web = WebSettings(port=free_port(), https_port=1, page_socket=directory / "page.sock")
        self.sockets = [opened.enter_context(one) for one in open_sockets(web)]
        self.tcp, self.proxy = (one.getsockname() for one in self.sockets)

    def send(self, text: str, *, proxied: bool) -> socket.socket:
        made = socket.socket(socket.AF_UNIX if proxied else socket.AF_INET)
        self._opened.enter_context(made).settimeout(PATIENCE_S)
        made.connect(self.proxy if proxied else self.tcp)
        made.sendall(text.encode())
        return made

    def ask(self, headers: str = "", *, proxied: bool) -> dict[str, object]:
        head = f"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
        answer = read_all(self.send(head, proxied=proxied))
        found: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2])
        return found


def tell() -> ResponseReturnValue:
    claimed = [name for name in request.environ if "FORWARDED" in name or "X_APPLIANCE" in name]
    return jsonify(
        client=request.remote_addr,
        origin=find_origin(request.environ).value,
        local=request.environ[LOCAL_ADDRESS],
        scheme=request.scheme,
        claimed=claimed,
    )


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=tell)
    with ExitStack() as opened:
        made = Both(tmp_path, opened)
        app.add_url_rule("/gate", "gate", lambda: str(made.gate.wait(PATIENCE_S)))
        server = make_server(app, made.sockets, made.limits)
        stop = threading.Event()

        def run() -> None:
            while not stop.is_set():
                server.asyncore.loop(timeout=0.05, map=server._map, count=1)
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


def test_what_the_proxy_says_of_its_client_is_taken_over(both: Both) -> None:
    assert both.ask(SAID, proxied=True) == {
        "client": "10.0.0.7",
        "origin": "network",
        "local": "10.0.0.1",
        "scheme": "https",
        "claimed": [],
    }


def test_a_client_at_the_port_says_nothing_of_itself_that_is_believed(both: Both) -> None:
    """Who says something speaks for another: he is not at the touchscreen, either."""
    more = "X-Real-IP: 10.0.0.8\r\nForwarded: for=10.0.0.8\r\nX-Forwarded-Proto: https\r\n"
    assert both.ask(SAID + more, proxied=False) == {
        "client": "127.0.0.1",
        "origin": "plain",
        "local": "127.0.0.1",
        "scheme": "http",
        "claimed": [],
    }


@pytest.mark.parametrize("origin", ["touchscreen", "NETWORK", "", "network, plain"])
def test_of_an_origin_that_the_proxy_does_not_say_clearly_the_least_is_taken(
    both: Both, origin: str
) -> None:
    assert both.ask(f"X-Appliance-Origin: {origin}\r\n", proxied=True)["origin"] == "plain"


def test_a_proxy_that_says_nothing_makes_nobody_a_person_at_the_touchscreen(both: Both) -> None:
    found = both.ask(proxied=True)
    assert (found["client"], found["origin"]) == ("proxy", "plain")


def test_a_proxy_full_of_requests_that_wait_keeps_nobody_from_the_touchscreen(both: Both) -> None:
    for _ in range(MOST_PROXIED + 20):
        both.send(f"GET /gate HTTP/1.1\r\nHost: x\r\n{SAID}\r\n", proxied=True)
    touchscreen = both.send(
        "GET /gate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", proxied=False
    )
    both.gate.set()
    assert read_all(touchscreen).endswith(b"True")


def test_the_proxys_connections_are_limited_together_and_leave_room_for_the_touchscreen() -> None:
    proxied = [
        Caller("10.0.0.7", Phase.QUEUED, number, is_proxied=True) for number in range(MOST_PROXIED)
    ]
    assert choose_to_drop(Caller("10.0.0.8", is_proxied=True), proxied) is proxied[0]
    assert choose_to_drop(Caller("10.0.0.8", is_proxied=True), proxied[1:]) is None
    assert choose_to_drop(Caller("127.0.0.1"), proxied) is None
    assert MOST_PROXIED < MOST


def test_a_person_at_the_touchscreen_has_no_share_in_the_proxys_connections() -> None:
    proxied = [Caller("127.0.0.1", is_proxied=True) for _ in range(100)]
    assert choose_to_drop(Caller("127.0.0.1"), proxied) is None


def test_requests_of_the_proxy_take_turns_by_the_client_that_it_names(both: Both) -> None:
    both.send(f"GET /gate HTTP/1.1\r\nHost: x\r\n{SAID}\r\n", proxied=True)
    for _ in range(1000):
        clients = [one.client for one in list(both.limits._open) if isinstance(one, Channel)]
        if clients == ["10.0.0.7"]:
            break
        both.ask(proxied=False)
    assert "10.0.0.7" in clients


def test_a_socket_that_an_earlier_process_left_is_replaced(tmp_path: Path) -> None:
    web = WebSettings(port=free_port(), https_port=1, page_socket=tmp_path / "page.sock")
    for _ in range(2):
        for one in open_sockets(web):
            one.close()


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    web = WebSettings(port=free_port(), https_port=1, page_socket=tmp_path / "x/page.sock")
    with pytest.raises(ListenError, match="page_socket"):
        open_sockets(web)


def test_without_a_proxy_there_is_the_port_alone() -> None:
    (alone,) = open_sockets(WebSettings(port=free_port()))
    alone.close()
