"""`fleet page`: the operator's page and its JSON, alone.

Reads: the fleet's database. Writes: TCP connections.
Never: listens where others reach it, unless the operator says that it may: nobody logs in here.
"""

import argparse
import ipaddress
import logging
import signal
import socket
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from appliance.parsing.arguments import make_type
from appliance.parsing.values import parse_address, parse_host
from ota.fleet.commands.opening import add_database, open_engine
from ota.fleet.errors import FleetError

if TYPE_CHECKING:
    from sqlalchemy import Engine

HELP = "serve the operator's page: map, table, JSON; it only shows"
USUAL = "127.0.0.1:8090"


def parse_listen(text: str) -> tuple[str, int]:
    """HOST:PORT; port 0 is any free one."""
    host, _, port = text.rpartition(":")
    if port == "0":
        return parse_address(f"{host}:1")[0], 0
    return parse_address(text)


ADDRESS, HOST = make_type(parse_listen), make_type(parse_host)
ADJUSTMENTS = {
    "threads": 8,
    "ident": None,
    "max_request_header_size": 16_384,
    "max_request_body_size": 1024,  # nothing here takes a body
    "log_socket_errors": False,  # a visitor who goes is no error
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    text = f"where it is served (default: {USUAL})"
    parser.add_argument("--listen", type=ADDRESS, default=USUAL, metavar="HOST:PORT", help=text)
    text = "let others than this computer reach it; a proxy must ask who they are"
    parser.add_argument("--anyone", action="store_true", help=text)
    text = "a name or address under which it is served, as a proxy hands it on (may be repeated)"
    parser.add_argument("--name", type=HOST, action="append", default=[], help=text)
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    host, port = arguments.listen
    refuse_others(host, is_open=arguments.anyone)
    engine = open_engine(arguments)
    listener = open_socket(host, port)
    shown = f"[{host}]" if ":" in host else host
    print(f"the fleet's page is on http://{shown}:{listener.getsockname()[1]}/", flush=True)
    serve(engine, listener, [host, *arguments.name])
    return 0


def refuse_others(host: str, *, is_open: bool, why: str = "the fleet's page has no login") -> None:
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


def open_socket(host: str, port: int, what: str = "the fleet's page") -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise FleetError(
            f"{what} cannot listen on {host} port {port}: {error.strerror}; stop the "
            "program that uses it, or give another with --listen"
        ) from error


def serve(engine: "Engine", listener: socket.socket, names: list[str]) -> None:
    """Until a signal ends it."""
    import waitress  # type: ignore[import-untyped]  # noqa: PLC0415

    from ota.fleet.operator.app import create_operator_app  # noqa: PLC0415

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    app = create_operator_app(engine, lambda: datetime.now(UTC), names)
    server = waitress.create_server(app, sockets=[listener], **ADJUSTMENTS)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    server.run()  # ends, with the answers under way, on SystemExit
    engine.dispose()


def leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit
