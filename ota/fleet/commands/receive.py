"""`fleet receive`: the receiver of reports alone, for a load balancer before several of them.

Reads: the command line. Writes: the fleet's database, TCP connections.
Never: listens where others reach it: TLS and client certificates are those of a proxy.
"""

import argparse
from datetime import UTC, datetime

from ota.fleet.commands.listening import ADDRESS, open_socket, refuse_others, serve
from ota.fleet.commands.opening import add_database, opened_engine
from ota.release.commands.opening import find_directory

HELP = "hear reports and claims of units, behind a proxy that holds TLS"
USUAL = "127.0.0.1:8091"
AUTHORITY = "ca"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    text = f"where the proxy finds it (default: {USUAL})"
    parser.add_argument("--listen", type=ADDRESS, default=USUAL, metavar="HOST:PORT", help=text)
    text = "others than this computer reach it, in a network of the fleet's own"
    parser.add_argument("--anyone", action="store_true", help=text)
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    host, port = arguments.listen
    refuse_others(host, is_open=arguments.anyone, why="the receiver has no TLS")
    with opened_engine(arguments) as engine:
        from ota.fleet.claims.authority import open_authority  # noqa: PLC0415
        from ota.fleet.receiver.app import MOST_BODY, create_receiver  # noqa: PLC0415

        authority = open_authority(find_directory(arguments) / AUTHORITY, datetime.now(UTC))
        app = create_receiver(engine, authority, lambda: datetime.now(UTC))
        listener = open_socket(host, port, "the receiver")
        print(f"reports are heard on {host}:{listener.getsockname()[1]}", flush=True)
        serve(app, listener, most_body_bytes=MOST_BODY)
    return 0
