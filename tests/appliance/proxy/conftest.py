"""A real nginx before a page: on loopback, started as PID 1 starts it."""

import json
import os
import shutil
import signal
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from appliance.proxy.names import Names
from appliance.proxy.prepared import AUTHORITY, Outcome, Unit, prepare
from appliance.proxy.start import PLACES
from appliance.sections.network import WebSettings
from appliance.web.answer_safety import HEADERS
from appliance.web.connections import LOCAL_ADDRESS, ConnectionLimits
from appliance.web.origins import find_origin
from appliance.web.server import make_server, open_page_socket
from tests.stand_ins.certificates import make_certificate
from tests.stand_ins.socket_units import SocketUnit
from tests.waiting import wait_until

PATIENCE_S = 30.0
HERE = Names(("localhost", "unit.local"), (IPv4Address("127.0.0.1"),))
needs_nginx = pytest.mark.skipif(
    shutil.which("nginx", path=PLACES) is None, reason="not on this machine: nginx"
)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    told: dict[str, Any] = field(default_factory=dict)


class Front:
    """A proxy on two ports of its own; `directory` has its settings, certificate and sockets."""

    def __init__(self, directory: Path, opened: ExitStack) -> None:
        self.directory = directory
        self._opened = opened
        self.secure, self.plain = (
            opened.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)
        )
        self.web = WebSettings(
            https_port=self.secure.getsockname()[1],
            tls_dir=directory / "tls",
            page_socket=directory / "page.sock",
        )
        self.settings = directory / "unit.toml"
        self.write_settings()
        self.renew()
        sockets = [self.secure, self.plain]
        self.unit = SocketUnit("appliance.proxy.start", self.settings, sockets)

    def write_settings(self, more: str = "") -> None:
        self.settings.write_text(
            f'[web]\nhttps_port = {self.web.https_port}\ntls_dir = "{self.web.tls_dir}"\n'
            f'page_socket = "{self.web.page_socket}"\n{more}'
        )

    def renew(self, names: Names = HERE) -> Outcome:
        return prepare(self.web, Unit("barn", names, datetime.now(UTC)))

    @property
    def secure_port(self) -> int:
        return int(self.secure.getsockname()[1])

    @property
    def plain_port(self) -> int:
        return int(self.plain.getsockname()[1])

    def make_context(self) -> ssl.SSLContext:
        """Of a person who has installed the unit's authority."""
        return ssl.create_default_context(cafile=str(self.web.tls_dir / AUTHORITY))

    def ask(
        self,
        path: str = "/",
        *,
        tls: bool = True,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        with self.connect(tls=tls) as connection:
            connection.request(method, path, headers=headers or {})
            return read_answer(connection.getresponse())

    @contextmanager
    def connect(self, *, tls: bool = True) -> Iterator[HTTPConnection]:
        made: HTTPConnection
        if tls:
            context = self.make_context()
            made = HTTPSConnection(
                "localhost", self.secure_port, timeout=PATIENCE_S, context=context
            )
        else:
            made = HTTPConnection("localhost", self.plain_port, timeout=PATIENCE_S)
        try:
            yield made
        finally:
            made.close()

    def open_raw(self, data: bytes, *, tls: bool = True) -> socket.socket:
        """A connection on which exactly this was sent."""
        port = self.secure_port if tls else self.plain_port
        made: socket.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        if tls:
            made = self.make_context().wrap_socket(made, server_hostname="localhost")
        self._opened.enter_context(made)
        made.sendall(data)
        return made

    def open_raw_plain_at_secure(self, data: bytes) -> socket.socket:
        """Plain HTTP where TLS is spoken."""
        made = socket.create_connection(("127.0.0.1", self.secure_port), PATIENCE_S)
        self._opened.enter_context(made)
        made.sendall(data)
        return made

    def open_with(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        made = socket.create_connection(("127.0.0.1", self.secure_port), PATIENCE_S)
        return self._opened.enter_context(context.wrap_socket(made, server_hostname="localhost"))

    def ask_unchecked(self) -> Answer:
        """As a person who has accepted a certificate that the browser does not know."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        made = HTTPSConnection("localhost", self.secure_port, timeout=PATIENCE_S, context=context)
        try:
            made.request("GET", "/")
            return read_answer(made.getresponse())
        finally:
            made.close()

    def allow_plain_viewing(self) -> None:
        self.web = replace(self.web, plain_viewing=True)
        self.renew_and_reload()

    def give_certificate(self) -> None:
        """The owner's own."""
        given = make_certificate(self.directory)
        self.web = replace(self.web, certificate_file=given.certificate, key_file=given.key)
        self.renew_and_reload()

    def renew_and_reload(self, names: Names = HERE) -> None:
        """As appliance-certificate.service does it, until nginx has taken it over."""
        self.ask_unchecked()
        before = list_workers(self.unit.pid)
        assert self.renew(names).is_new
        os.kill(self.unit.pid, signal.SIGHUP)
        wait_until(lambda: bool(list_workers(self.unit.pid) - before), "a new worker", PATIENCE_S)
        wait_until(lambda: not is_accepting(before), "the end of the old worker's turn", PATIENCE_S)


def list_workers(master: int) -> set[int]:
    """The processes that nginx has for its connections now."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return {int(one) for one in children}


def is_accepting(workers: set[int]) -> bool:
    """Whether one of them still takes connections: it says so in its title."""
    titles = [read_title(one) for one in workers]
    return any("shutting down" not in title for title in titles if title)


def read_title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def read_answer(got: HTTPResponse) -> Answer:
    body = got.read()
    is_json = got.headers.get_content_type() == "application/json"
    return Answer(got.status, dict(got.headers), body, json.loads(body) if is_json else {})


def tell() -> ResponseReturnValue:
    """What the page knows of a request."""
    claimed = [name for name in request.environ if "FORWARDED" in name or "X_APPLIANCE" in name]
    return jsonify(
        client=request.remote_addr,
        origin=find_origin(request.environ).value,
        local=request.environ[LOCAL_ADDRESS],
        host=request.headers.get("Host"),
        scheme=request.scheme,
        path=request.path,
        claimed=claimed,
        length=len(request.get_data()),
    )


def add_headers(answer: Response) -> Response:
    """As the page does."""
    answer.headers.update(HEADERS)
    return answer


class Teller:
    """A page that tells what it knows of its requests; on the page's socket and a port."""

    def __init__(self, front: Front, opened: ExitStack) -> None:
        app = Flask(__name__)
        app.add_url_rule("/", view_func=tell, methods=["GET", "POST"])
        app.add_url_rule("/<path:path>", "more", lambda path: tell(), methods=["GET", "POST"])
        app.after_request(add_headers)
        self.own = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        sockets = [self.own, open_page_socket(front.web.page_socket)]
        self.limits = ConnectionLimits()
        self._server = make_server(app, sockets, self.limits)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def ask_at_touchscreen(self) -> Answer:
        made = HTTPConnection("127.0.0.1", self.own.getsockname()[1], timeout=PATIENCE_S)
        try:
            made.request("GET", "/")
            return read_answer(made.getresponse())
        finally:
            made.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._server.asyncore.loop(timeout=0.05, map=self._server._map, count=1)
        self._server.task_dispatcher.shutdown()
        self._server.asyncore.close_all(self._server._map)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with ExitStack() as opened:
        made = Front(tmp_path, opened)
        opened.enter_context(made.unit)
        yield made


@pytest.fixture
def teller(front: Front) -> Iterator[Teller]:
    with ExitStack() as opened:
        made = Teller(front, opened)
        try:
            yield made
        finally:
            made.close()
