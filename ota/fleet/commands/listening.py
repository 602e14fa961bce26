"""What `fleet page` and `fleet receive` share: an address, and an application on it until a signal.

    listener = open_socket(host, port, "the receiver")
    serve(app, listener, most_body_bytes=0)

Reads and writes: TCP connections.
Never: listens where others reach it, unless the operator says that it may: nobody logs in here.
"""

import ipaddress
import logging
import signal
import socket
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from appliance.parsing.arguments import make_type
from appliance.parsing.values import parse_address
from ota.fleet.errors import FleetError

if TYPE_CHECKING:
    from flask import Flask

ADJUSTMENTS = {
    "threads": 8,
    "ident": None,
    "max_request_header_size": 16_384,
    "log_socket_errors": False,  # a visitor who goes is no error
}


def parse_listen(text: str) -> tuple[str, int]:
    """HOST:PORT; port 0 is any free one."""
    host, _, port = text.rpartition(":")
    if port == "0":
        return parse_address(f"{host}:1")[0], 0
    return parse_address(text)


ADDRESS = make_type(parse_listen)


def refuse_others(host: str, *, is_open: bool, why: str) -> None:
    """Raises `FleetError` for an address that others reach."""
    if not is_open and not is_loopback(host):
        raise FleetError(
            f"{why}, and others reach {host}: listen on 127.0.0.1 behind a "
            "proxy that asks who they are (docs/fleet.md), or add --anyone"
        )


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def open_socket(host: str, port: int, what: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise FleetError(
            f"{what} cannot listen on {host} port {port}: {error.strerror}; stop the "
            "program that uses it, or give another with --listen"
        ) from error


def serve(app: "Flask", listener: socket.socket, *, most_body_bytes: int) -> None:
    """Until a signal ends it; requests under way are answered."""
    import waitress  # type: ignore[import-untyped]  # noqa: PLC0415

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    words = {**ADJUSTMENTS, "max_request_body_size": most_body_bytes}
    server = waitress.create_server(app, sockets=[listener], **words)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    server.run()


def leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit
