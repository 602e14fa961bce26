"""`fleet push`: units or groups ask their mirrors at once, or when their link is back.

Reads: the command line, the fleet's database, certificates. Writes: hints at the broker.
Never: assigns anything: units take what is signed for them.
"""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.parsing.arguments import PATH, make_type
from appliance.parsing.times import parse_span
from appliance.parsing.values import parse_address
from ota.fleet.commands.opening import add_database, opened_engine
from ota.fleet.errors import FleetError
from ota.push.hint import MOST_SPREAD_S
from ota.release.commands.assign import WHOM_TYPE
from ota.release.commands.opening import find_directory, find_now
from ota.release.releases.assignments import GROUP, UNIT

if TYPE_CHECKING:
    from ota.fleet.push.publishing import BrokerAddress

HELP = "have units ask for releases at once; where the link is down, when it is back"
VARIABLE, PORT = "FLEET_BROKER", 8883
PLACE = "broker"  # in the fleet's directory: what `fleet serve` and `fleet broker` make
WHOM = "name of a unit, or group:NAME"
ADDRESS = make_type(parse_address, PORT)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("whom", type=WHOM_TYPE, nargs="+", metavar="UNIT", help=WHOM)
    text = f"the broker (default: ${VARIABLE}, else that of `fleet serve` on this computer)"
    parser.add_argument("--broker", type=ADDRESS, metavar="HOST[:PORT]", help=text)
    text = "certificates (PEM) that the broker is checked with (default: the fleet's authority)"
    parser.add_argument("--ca", type=PATH, metavar="FILE", help=text)
    text = "certificate (PEM) that may write hints (default: that of `fleet broker`)"
    parser.add_argument("--certificate", type=PATH, metavar="FILE", help=text)
    parser.add_argument("--key", type=PATH, metavar="FILE", help="its private key (PEM)")
    text = "over which time they ask, such as 10m (default: 0, or 0.1 s a unit from 51 on)"
    parser.add_argument("--spread", type=make_type(parse_span), metavar="SPAN", help=text)
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    with opened_engine(arguments) as engine:
        from ota.fleet.push.calling import find_called, send  # noqa: PLC0415

        address = find_address(arguments)
        called = find_called(engine, *split(arguments.whom))
        if called.unknown:
            raise FleetError(
                f"no unit of this fleet is called {', '.join(called.unknown)}: nothing was sent; "
                "`fleet units` lists them"
            )
        send(address, called, find_now(arguments), find_spread_s(arguments, called.spread_s))
    print(f"{len(called.topics)} hints are at {address}; {called.count} known units hear them")
    return 0


def split(whom: list[str]) -> tuple[list[str], list[str]]:
    """Units, and groups."""
    groups = [one.removeprefix(GROUP) for one in whom if one.startswith(GROUP)]
    return [one.removeprefix(UNIT) for one in whom if not one.startswith(GROUP)], groups


def find_spread_s(arguments: argparse.Namespace, usual_s: float) -> float:
    """Raises `FleetError`."""
    spread_s: float = usual_s if arguments.spread is None else arguments.spread.total_seconds()
    if spread_s > MOST_SPREAD_S:
        raise FleetError("--spread is longer than a day, which no unit takes")
    return spread_s


def find_address(arguments: argparse.Namespace) -> "BrokerAddress":
    """The broker, and what the server shows it. Raises `FleetError`."""
    from ota.fleet.push.broker import AUTHORITY, OWN, OWN_KEY  # noqa: PLC0415
    from ota.fleet.push.publishing import BrokerAddress  # noqa: PLC0415

    if (arguments.certificate is None) != (arguments.key is None):
        raise FleetError("--certificate and --key belong together: give both, or none")
    host, port = find_broker(arguments)
    place = Path(find_directory(arguments), PLACE)
    own_ca = place / AUTHORITY if (place / AUTHORITY).exists() else None
    return BrokerAddress(
        host=host,
        port=port,
        ca=arguments.ca or own_ca,
        certificate=arguments.certificate or place / OWN,
        key=arguments.key or place / OWN_KEY,
    )


def find_broker(arguments: argparse.Namespace) -> tuple[str, int]:
    """Raises `FleetError`."""
    if arguments.broker is not None:
        return (arguments.broker[0], arguments.broker[1])
    named = os.environ.get(VARIABLE, "")
    if not named:
        return ("localhost", PORT)
    try:
        return parse_address(named, PORT)
    except ValueError as error:
        raise FleetError(f"${VARIABLE}: {error}") from error
