"""`fleet claim`: a one-time token with which the box with one serial enters the fleet, or the
answer to a request that a person carries.

Reads: the command line, the request. Writes: through claims/; the answer, a QR code.
Never: shows a token a second time.
"""

import argparse
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.parsing.arguments import NAME, PATH, make_type
from appliance.parsing.times import parse_span
from appliance.parsing.values import parse_name
from appliance.strict_json import InputError, show
from ota.fleet.commands.opening import add_database, opened_engine
from ota.fleet.errors import FleetError
from ota.release.commands.opening import find_directory, find_now
from ota.release.releases.assignments import DEFAULT_GROUP, is_odd

if TYPE_CHECKING:
    from sqlalchemy import Engine

HELP = "let a new unit into the fleet: a one-time token, or the answer to its request"
LONGEST_SERIAL = 64
USUAL_DAYS = 7
AUTHORITY = "ca"
MOST_REQUEST_BYTES = 32 * 1024


def parse_serial(text: str) -> str:
    """As `unitctl fleet` shows it on the box."""
    if not 0 < len(text) <= LONGEST_SERIAL or not all(c.isalnum() or c in "-_" for c in text):
        raise InputError(f"{show(text)} is no serial; `unitctl fleet` on the box shows it")
    return text


def parse_unit(text: str) -> str:
    """A name that is no group spelled wrong; it is that of [unit] name."""
    name = parse_name(text, 80)
    if is_odd(name):
        raise InputError(f"{show(name)} is no good name of a unit: a group or a slip is like it")
    return name


def parse_picture(text: str) -> str:
    from ota.fleet.commands import claim_qr  # noqa: PLC0415

    return claim_qr.parse_picture(text)


def parse_server(text: str) -> str:
    from ota.fleet.commands import claim_qr  # noqa: PLC0415

    return claim_qr.parse_server(text)


UNIT, SERIAL, SPAN = make_type(parse_unit), make_type(parse_serial), make_type(parse_span)
PICTURE, SERVER = make_type(parse_picture), make_type(parse_server)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("unit", type=UNIT, metavar="UNIT", help="the name that it is to have")
    text = "of the box, as `unitctl fleet` shows it there"
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--serial", type=SERIAL, help=text)
    text = "of a unit without a link (`unitctl fleet claim --offline FILE`): let it in"
    how.add_argument("--request", type=PATH, metavar="FILE", help=text)
    text = "call back all tokens that were made for this name"
    how.add_argument("--void", action="store_true", help=text)
    parser.add_argument("--group", type=NAME, default=DEFAULT_GROUP, help="default: all")
    text = f"how long the token holds, such as 2h (default: {USUAL_DAYS}d)"
    parser.add_argument("--for", type=SPAN, dest="span", metavar="SPAN", default=None, help=text)
    text = "the unit is in the fleet already, and its box or key was exchanged"
    parser.add_argument("--replace", action="store_true", help=text)
    text = "where the answer to --request goes (default: UNIT.answer)"
    parser.add_argument("--answer", type=PATH, metavar="FILE", default=None, help=text)
    add_code_arguments(parser)
    add_database(parser)


def add_code_arguments(parser: argparse.ArgumentParser) -> None:
    text = "show the token as a QR code, or write it to a picture (.png, .svg)"
    parser.add_argument("--qr", type=PICTURE, nargs="?", const="-", metavar="FILE", help=text)
    text = "the fleet's server, https://..., for the QR code: a unit set to another one says so"
    parser.add_argument("--server", type=SERVER, default=None, metavar="URL", help=text)


def run(arguments: argparse.Namespace) -> int:
    now = find_now(arguments)
    with opened_engine(arguments) as engine:
        if arguments.void:
            return void(engine, arguments, now)
        if arguments.request:
            return answer(engine, arguments, now)
        return show_token(engine, arguments, now)


def void(engine: "Engine", arguments: argparse.Namespace, now: datetime) -> int:
    from ota.fleet.claims.tokens import call_back  # noqa: PLC0415

    count = call_back(engine, arguments.unit, now)
    print(f"{count} open tokens for {arguments.unit} open nothing any more")
    return 0


def show_token(engine: "Engine", arguments: argparse.Namespace, now: datetime) -> int:
    from ota.fleet.claims.tokens import Wanted, make_token  # noqa: PLC0415

    until = now + (arguments.span or timedelta(days=USUAL_DAYS))
    wanted = Wanted(arguments.unit, arguments.group, arguments.serial, arguments.replace)
    token = make_token(engine, wanted, now, until - now)
    print(token)
    if arguments.qr:
        show_code(arguments, token, until)
    print(
        f"for {arguments.unit}, box {arguments.serial}, until {until:%Y-%m-%d %H:%MZ}; on the "
        f"unit: unitctl fleet claim {token}"
    )
    return 0


def show_code(arguments: argparse.Namespace, token: str, until: datetime) -> None:
    from ota.fleet.commands.claim_qr import draw, find_authority  # noqa: PLC0415
    from ota.reporting.claim_code import ClaimCode  # noqa: PLC0415

    authority = find_authority(find_directory(arguments) / AUTHORITY)
    code = ClaimCode(token, arguments.serial, arguments.server or "", until, authority)
    try:
        draw(code, arguments.qr)
    except OSError as error:
        print(f"{arguments.qr} cannot be written ({error.strerror})", file=sys.stderr)
    print(code.format())


def answer(engine: "Engine", arguments: argparse.Namespace, now: datetime) -> int:
    """Raises `FleetError`, `RefusalError`."""
    from ota.fleet.claims.authority import open_authority  # noqa: PLC0415
    from ota.fleet.claims.carried import answer_request, read_request  # noqa: PLC0415
    from ota.fleet.claims.tokens import Wanted  # noqa: PLC0415

    request = read_request(read(arguments.request))
    authority = open_authority(find_directory(arguments) / AUTHORITY, now)
    wanted = Wanted(arguments.unit, arguments.group, request.serial, arguments.replace)
    content = answer_request(engine, authority, request, wanted, now)
    path = arguments.answer or Path(f"{arguments.unit}.answer")
    try:
        path.write_bytes(content)
    except OSError as error:
        raise FleetError(
            f"{path} cannot be written ({error.strerror}): give --answer FILE, and try again; the "
            "unit is let in once"
        ) from error
    print(
        f"{path}: lets the box {request.serial} in as {arguments.unit}; on the unit: unitctl fleet "
        f"claim --answer {path.name}"
    )
    return 0


def read(path: Path) -> bytes:
    """Raises `FleetError`."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_REQUEST_BYTES)
    except OSError as error:
        raise FleetError(
            f"{path} cannot be read ({error.strerror}): name the file that the unit has written"
        ) from error
