"""`fleet serve`: releases, reports, rollouts and the operator's page on one machine.

Reads: the command line. Writes: through serve/.
Never: needs more than one command; ends with a part that ended.
"""

import argparse
import signal
from threading import Event

from appliance.parsing.arguments import PATH, make_type
from appliance.parsing.values import parse_count, parse_host
from ota.fleet.commands.opening import add_database, opened_engine
from ota.fleet.errors import FleetError
from ota.release.commands.opening import add_secrets, find_directory, find_secrets

HELP = "serve releases, hear reports, go on with rollouts, show the fleet: on one machine"
PORT, PAGE_PORT, BROKER_PORT = 8443, 8090, 8883
HOST, NUMBER = make_type(parse_host), make_type(parse_count, 1, 65_535)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    text = "a name of this server, as units call it; may be given several times"
    parser.add_argument("--name", type=HOST, action="append", required=True, help=text)
    text = f"on which units are served over TLS (default: {PORT})"
    parser.add_argument("--port", type=NUMBER, default=PORT, help=text)
    text = f"of the operator's page, on this computer alone (default: {PAGE_PORT})"
    parser.add_argument("--page-port", type=NUMBER, default=PAGE_PORT, help=text)
    text = f"of a broker for hints (mosquitto), such as {BROKER_PORT} (default: there is none)"
    parser.add_argument("--broker-port", type=NUMBER, default=None, help=text)
    text = "certificate (PEM) of a public authority; without it, one of the fleet's own"
    parser.add_argument("--certificate", type=PATH, metavar="FILE", help=text)
    parser.add_argument("--key", type=PATH, metavar="FILE", help="its private key (PEM)")
    add_database(parser)
    add_secrets(parser)


def run(arguments: argparse.Namespace) -> int:
    if (arguments.certificate is None) != (arguments.key is None):
        raise FleetError("--certificate and --key belong together: give both, or none")
    with opened_engine(arguments) as engine:
        from ota.fleet.serve.serving import Options, serve  # noqa: PLC0415

        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        options = Options(
            directory=find_directory(arguments),
            names=tuple(arguments.name),
            port=arguments.port,
            page_port=arguments.page_port,
            certificate=arguments.certificate,
            key=arguments.key,
            broker_port=arguments.broker_port,
        )
        serve(options, engine, find_secrets(arguments), stop)
    return 0
