"""`fleet assign` and `fleet unassign`: which unit or group is to have which release.

Reads: the command line. Writes: through releases/assignments.py.
Never: takes a time without its zone.
"""

import argparse

from appliance.parsing.arguments import NAME, make_type
from appliance.parsing.times import parse_instant
from appliance.parsing.values import parse_name
from appliance.strict_json import InputError, show
from ota.release.commands.opening import add_fleet, add_keys, open_fleet
from ota.release.commands.release import RELEASE
from ota.release.releases.assignments import (
    DEFAULT_GROUP,
    GROUP,
    UNIT,
    Assignment,
    assign,
    is_odd,
    unassign,
)

HELP = "say which release a unit or group is to have"
WHOM = "name of a unit (`[unit] name` of its settings), or group:NAME; a unit's own entry wins"
TIME = "such as 2026-04-15T02:00:00Z"


def parse_whom(text: str) -> str:
    """A unit or a group; what is rather a slip is refused, since nobody would ever miss it."""
    if text in (GROUP, UNIT):
        raise InputError(f"{text} names nothing; give {text}NAME, such as {text}{EXAMPLES[text]}")
    if text.startswith(UNIT):
        return parse_name(text)
    if is_odd(text.removeprefix(GROUP)) and text != f"{GROUP}{DEFAULT_GROUP}":
        raise InputError(
            f"{show(text)} is no name of a unit or a group; a group is {GROUP}NAME, such as "
            f"{GROUP}{DEFAULT_GROUP}; a unit that is really called so is {UNIT}NAME"
        )
    return parse_name(text)


EXAMPLES = {GROUP: DEFAULT_GROUP, UNIT: "field-7"}
WHOM_TYPE = make_type(parse_whom)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    instant = make_type(parse_instant)
    parser.add_argument("whom", type=WHOM_TYPE, nargs="+", metavar="UNIT", help=WHOM)
    parser.add_argument("release", type=RELEASE, metavar="RELEASE")
    parser.add_argument("--from", type=instant, dest="begins", metavar="TIME", help=TIME)
    parser.add_argument("--until", type=instant, metavar="TIME", help=f"not after, {TIME}")
    parser.add_argument("--wave", type=NAME, metavar="NAME", help="counted together")
    text = "single units may go back to an older release"
    parser.add_argument("--allow-downgrade", action="store_true", help=text)
    add_fleet(parser)
    add_keys(parser)


def run(arguments: argparse.Namespace) -> int:
    assignment = Assignment(
        arguments.release,
        arguments.begins,
        arguments.until,
        arguments.wave or "",
        arguments.allow_downgrade,
    )
    with open_fleet(arguments) as fleet:
        print(assign(fleet, arguments.whom, assignment))
    return 0


def add_unassign_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("whom", type=NAME, nargs="+", metavar="UNIT", help=WHOM)
    add_fleet(parser)
    add_keys(parser)


def run_unassign(arguments: argparse.Namespace) -> int:
    with open_fleet(arguments) as fleet:
        print(unassign(fleet, arguments.whom))
    return 0
