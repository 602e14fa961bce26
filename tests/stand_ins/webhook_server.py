"""A real HTTP server on loopback that receives messages, fails, hangs and comes back.

with WebhookServer() as server:
    server.status = 503
server.received             # what came, in order
"""

import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.stand_ins.certificates import Certificate


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class QuietServer(ThreadingHTTPServer):
    """A client that goes, or whose check of the certificate fails, is no news."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


class WebhookServer:
    """`status`: what it answers; `body`: with it, again and again up to `body_bytes`. `location`:
    where it redirects. `hangs`: it reads and answers nothing until `released` is set. `port`: that
    of a server before.
    """

    def __init__(self, certificate: Certificate | None = None, port: int = 0) -> None:
        self.status, self.location = 200, ""
        self.body, self.body_bytes = b"ok", 2
        self.hangs = False
        self.received: list[Received] = []
        self.released = threading.Event()
        self._closing = threading.Event()
        self._server = QuietServer(("127.0.0.1", port), self._make_handler())
        self.port = self._server.server_port
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate.certificate, certificate.key)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            do_POST = do_PUT = do_GET  # noqa: N815  (http.server's names)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """One request, in a thread of its own."""
        length = int(request.headers.get("Content-Length", 0))
        body = request.rfile.read(length)
        headers = dict(request.headers.items())
        self.received.append(Received(request.command, request.path, headers, body))
        if self.hangs:
            self.released.wait()
        request.send_response(self.status)
        if self.location:
            request.send_header("Location", self.location)
        request.send_header("Content-Length", str(self.body_bytes))
        request.end_headers()
        sent = 0
        while sent < self.body_bytes and not self._closing.is_set():
            request.wfile.write(self.body)
            sent += len(self.body)
