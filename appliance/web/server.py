"""Serves the page: on a socket from PID 1, until it is idle, or on a port of its own.

Reads and writes: connections over TCP and over the proxy's Unix socket; two signals, SIGTERM and
(for idleness) SIGALRM.
Never: keeps an idle process alive where PID 1 can start it again.
"""

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event, Timer
from types import FrameType
from typing import Any, NoReturn

import waitress  # type: ignore[import-untyped]
from flask import Flask, Response

from appliance.errors import ListenError
from appliance.sections.network import WebSettings
from appliance.web.connections import MOST, ConnectionLimits
from appliance.web.turns import Turns
from appliance.web.waiting import MOST_WAITING

ADJUSTMENTS = {
    # Two may wait for a picture, and some for changes, while the others answer.
    "threads": 4 + MOST_WAITING,
    "ident": None,
    "connection_limit": 4 * MOST,  # never reached: connections.py ends the slowest before
    "channel_timeout": 3600,  # deadlines are those of connections.py
    "max_request_header_size": 16_384,
    # Settings and zones; what each address takes is far less (acting/gate.py).
    "max_request_body_size": 98_304,
    "log_socket_errors": False,  # a visitor who goes is no error
}

LEAVE_S = 0.2  # after the answer that was given last
NO_DESCRIPTOR = -1  # what is never readable nor writable is not asked of the kernel
ALIVE_EVERY_S = 20.0  # WatchdogSec= of the unit is 120
STUCK_S = 300.0  # a request waits so long for a thread: all of them hang


def adopt_sockets(descriptors: Iterable[int]) -> list[socket.socket]:
    """The listening sockets that PID 1 passed."""
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def open_sockets(settings: WebSettings) -> list[socket.socket]:
    """Sockets of our own: a port, and where a proxy is wanted that for it. Raises `ListenError`."""
    found = [open_socket(settings)]
    if settings.https_port:
        found.append(open_page_socket(settings.page_socket))
    return found


def open_page_socket(path: Path) -> socket.socket:
    """That of the proxy, in the place of one that an earlier process has left."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        opened.bind(str(path))
        opened.listen()
    except OSError as error:
        opened.close()
        raise ListenError(
            f"the page cannot listen on {path}: {error.strerror}; see `page_socket` under [web] in "
            "the settings"
        ) from error
    return opened


def open_socket(settings: WebSettings) -> socket.socket:
    """A port of our own; raises `ListenError` where address or port cannot be used."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise ListenError(
            f"the page cannot listen on {settings.host} port {settings.port}: {error.strerror}; "
            "stop the program that uses it, or set another port under [web] in the settings"
        ) from error


def leave_when_idle(app: Flask, idle_s: float) -> None:
    """Leave after `idle_s` real seconds without a request; each request starts them anew."""

    @app.before_request
    def restart_timer() -> None:
        signal.setitimer(signal.ITIMER_REAL, idle_s)

    signal.signal(signal.SIGALRM, leave)
    signal.setitimer(signal.ITIMER_REAL, idle_s)


def leave_when_changed(app: Flask, path: Path) -> None:
    """Leave after an answer once the settings file is another one: PID 1 starts the page anew. For
    a unit that is being set up, whose settings change under the eyes of whoever does it.
    """
    first, leaving = identify(path), Event()

    @app.after_request
    def look(answer: Response) -> Response:
        if not leaving.is_set() and identify(path) != first:
            leaving.set()  # once: who asks again and again would put the end off for ever
            leave_soon()
        return answer


def leave_soon() -> None:
    """After the answer that is being given."""
    Timer(LEAVE_S, os.kill, (os.getpid(), signal.SIGALRM)).start()


def identify(path: Path) -> tuple[int, int] | None:
    """Which file lies there; None where none does, or one is just being replaced."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def make_server(
    app: Flask,
    sockets: list[socket.socket],
    limits: ConnectionLimits,
    alive: Callable[[], Any] = lambda: None,
) -> Any:
    """Waitress on these sockets, its connections within `limits`."""
    server_map: dict[int, Any] = {}
    server = None
    for alike in split_by_kind(sockets):
        shared = server.task_dispatcher if server else None
        made = waitress.create_server(
            app, map=server_map, _dispatcher=shared, sockets=alike, **ADJUSTMENTS
        )
        server = server or made  # its loop serves the whole map
    if server is None:
        raise ListenError("the page was given no socket to listen on")
    limits.apply(server_map)
    server_map[NO_DESCRIPTOR] = Heartbeat(limits, alive)
    with server.task_dispatcher.lock:
        server.task_dispatcher.queue = Turns()
    return server


def split_by_kind(sockets: list[socket.socket]) -> list[list[socket.socket]]:
    """Those of the network, and that of the proxy: one waitress takes only one kind."""
    proxy = [one for one in sockets if one.family == socket.AF_UNIX]
    return [alike for alike in ([one for one in sockets if one not in proxy], proxy) if alike]


class Heartbeat:
    """Stands in the server's loop, which asks it each second: calls `alive` while the loop turns
    and its threads take requests.
    """

    accepting = False

    def __init__(self, limits: ConnectionLimits, alive: Callable[[], Any]) -> None:
        self._limits, self._alive = limits, alive
        self._told_s = -ALIVE_EVERY_S

    def readable(self) -> bool:
        """Never: it has nothing to read."""
        now_s = self._limits.now_s()
        if now_s - self._told_s >= ALIVE_EVERY_S and self._limits.find_queued_s() < STUCK_S:
            self._told_s = now_s
            self._alive()
        return False

    def writable(self) -> bool:
        return False

    def close(self) -> None:
        """With the loop."""


def serve(
    app: Flask, sockets: list[socket.socket], ready: Callable[[], Any], alive: Callable[[], Any]
) -> None:
    """Answer until a signal ends it; `ready` is called once connections are taken, `alive` while
    they are answered.
    """
    # Its warning of a second request in the queue is every page load, and no change of state.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = make_server(app, sockets, ConnectionLimits(), alive)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    ready()
    server.run()  # ends, with the answers under way, on SystemExit


def leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """A signal's way out of the server's loop."""
    raise SystemExit
