"""`fleet page`: the operator's page and its JSON, alone.

Reads: the fleet's database. Writes: TCP connections.
Never: listens where others reach it, unless the operator says that it may: nobody logs in here.
"""

import argparse
from datetime import UTC, datetime

from appliance.parsing.arguments import make_type
from appliance.parsing.values import parse_host
from ota.fleet.commands.listening import ADDRESS, open_socket, refuse_others, serve
from ota.fleet.commands.opening import add_database, opened_engine

HELP = "serve the operator's page: map, table, JSON; it only shows"
USUAL = "127.0.0.1:8090"


HOST = make_type(parse_host)
MOST_BODY = 1024  # nothing here takes a body


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
    refuse_others(host, is_open=arguments.anyone, why="the fleet's page has no login")
    with opened_engine(arguments) as engine:
        from ota.fleet.operator.app import create_operator_app  # noqa: PLC0415

        names = [host, *arguments.name]
        app = create_operator_app(engine, lambda: datetime.now(UTC), names)
        listener = open_socket(host, port, "the fleet's page")
        shown = f"[{host}]" if ":" in host else host
        print(f"the fleet's page is on http://{shown}:{listener.getsockname()[1]}/", flush=True)
        serve(app, listener, most_body_bytes=MOST_BODY)
    return 0
