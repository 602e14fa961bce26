"""`fleet broker`: what a mosquitto needs to carry hints: configuration, certificates, who may read.

Reads: the command line, the fleet's database and authority. Writes: broker/ in the fleet's
directory; a signal to a mosquitto that runs.
Never: starts or ends a broker.
"""

import argparse
from pathlib import Path

from appliance.parsing.arguments import NAME, PATH, make_type
from appliance.parsing.small_file import read_small_file
from appliance.parsing.values import parse_host
from ota.fleet.commands.opening import add_database, opened_engine
from ota.fleet.commands.push import ADDRESS, PLACE, PORT
from ota.fleet.commands.receive import AUTHORITY
from ota.fleet.errors import FleetError
from ota.release.commands.opening import find_directory, find_now

HELP = "write the configuration of the broker for hints, and bring it up to date"
MOST_BYTES = 32
HOST = make_type(parse_host)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    text = "a name of the broker, as units call it; may be given several times"
    parser.add_argument("--name", type=HOST, action="append", required=True, help=text)
    text = f"where it listens (default: every address, port {PORT})"
    parser.add_argument("--listen", type=ADDRESS, metavar="HOST[:PORT]", help=text)
    text = "the account that mosquitto runs as, where root starts it (default: mosquitto)"
    parser.add_argument("--user", type=NAME, help=text)
    text = "file with the process id of a mosquitto that is to read them anew"
    parser.add_argument("--pid-file", type=PATH, metavar="FILE", help=text)
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    from ota.fleet.claims.authority import open_authority  # noqa: PLC0415
    from ota.fleet.push.broker import CONFIGURATION, BrokerPlace, tell  # noqa: PLC0415

    now, directory = find_now(arguments), find_directory(arguments)
    host, port = arguments.listen or ("", PORT)
    place = BrokerPlace(
        directory / PLACE,
        open_authority(directory / AUTHORITY, now),
        tuple(arguments.name),
        port,
        host,
        arguments.user or "",
    )
    with opened_engine(arguments) as engine:
        place.prepare(now)
        changed = place.refresh(engine, now)
    told = "who may read has changed" if changed else "who may read is as before"
    print(f"{told}: mosquitto -c {place.directory / CONFIGURATION}")
    if changed and arguments.pid_file is not None:
        tell(read_process_id(arguments.pid_file))
    return 0


def read_process_id(path: Path) -> int:
    """Raises `FleetError`."""
    try:
        number = int(read_small_file(path, MOST_BYTES))
    except (OSError, ValueError) as error:
        raise FleetError(f"{path} holds no process id ({error}): is mosquitto running?") from error
    if number <= 1:
        raise FleetError(f"{path} holds {number}, which is no process of mosquitto")
    return number
