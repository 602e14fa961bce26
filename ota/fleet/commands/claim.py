"""`fleet claim`: a one-time token with which the box with one serial enters the fleet.

Reads: the command line. Writes: through claims/tokens.py.
Never: shows a token a second time.
"""

import argparse
from datetime import timedelta

from appliance.parsing.arguments import NAME, make_type
from appliance.parsing.times import parse_span
from appliance.parsing.values import parse_name
from appliance.strict_json import InputError, show
from ota.fleet.commands.opening import add_database, opened_engine
from ota.release.commands.opening import find_now
from ota.release.releases.assignments import DEFAULT_GROUP, is_odd

HELP = "make a one-time token with which a new unit enters the fleet"
LONGEST_SERIAL = 64
USUAL_DAYS = 7


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


UNIT, SERIAL, SPAN = make_type(parse_unit), make_type(parse_serial), make_type(parse_span)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("unit", type=UNIT, metavar="UNIT", help="the name that it is to have")
    text = "of the box, as `unitctl fleet` shows it there"
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--serial", type=SERIAL, help=text)
    text = "call back all tokens that were made for this name"
    how.add_argument("--void", action="store_true", help=text)
    parser.add_argument("--group", type=NAME, default=DEFAULT_GROUP, help="default: all")
    text = f"how long the token holds, such as 2h (default: {USUAL_DAYS}d)"
    parser.add_argument("--for", type=SPAN, dest="span", metavar="SPAN", default=None, help=text)
    text = "the unit is in the fleet already, and its box or key was exchanged"
    parser.add_argument("--replace", action="store_true", help=text)
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    life = arguments.span or timedelta(days=USUAL_DAYS)
    now = find_now(arguments)
    with opened_engine(arguments) as engine:
        from ota.fleet.claims.tokens import Wanted, call_back, make_token  # noqa: PLC0415

        if arguments.void:
            count = call_back(engine, arguments.unit, now)
            print(f"{count} open tokens for {arguments.unit} open nothing any more")
            return 0
        wanted = Wanted(arguments.unit, arguments.group, arguments.serial, arguments.replace)
        token = make_token(engine, wanted, now, life)
    print(token)
    print(
        f"for {arguments.unit}, box {arguments.serial}, until {now + life:%Y-%m-%d %H:%MZ}; on the "
        f"unit: unitctl fleet claim {token}"
    )
    return 0
