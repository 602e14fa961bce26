"""`fleet units`: who is in the fleet; take one out, accept one that was doubted, add one by hand.

Reads: the fleet's database. Writes: it, where an action says so.
Never: forgets a unit: one that left stays in the list, with the reason.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands.printing import BAD, PLAIN, Line, Section, show
from appliance.parsing.arguments import NAME, PATH
from appliance.parsing.small_file import read_small_file
from ota.fleet.commands.claim import SERIAL, UNIT
from ota.fleet.commands.opening import add_database, opened_engine
from ota.fleet.errors import FleetError
from ota.release.commands.opening import find_now
from ota.release.releases.assignments import DEFAULT_GROUP

if TYPE_CHECKING:
    from sqlalchemy import Engine

HELP = "list the units of the fleet; take one out, accept one that was doubted, add one"
ACTIONS = {
    "list": "list units",
    "show": "show all that is known of one unit",
    "revoke": "take a unit out of the fleet: its reports and certificates count no more",
    "accept": "take whatever a doubted unit reports next as its newest report",
    "add": "add a unit whose public key was carried here",
    "refusals": "list what was refused, and why",
}
STATES = ("fine", "asleep", "updating", "fault", "silent", "never", "doubted", "revoked")
NOBODY = "no unit has entered this fleet yet; `fleet claim` makes a token for one"
MOST_KEY_BYTES = 4096
MOST_LISTED = 500
WRONG = ("revoked", "doubted", "silent", "fault")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(action="list", state="", group="", json=False, database=None, fleet=None)
    actions = parser.add_subparsers(metavar="ACTION")
    for name, text in ACTIONS.items():
        action = actions.add_parser(name, help=text, description=text)
        action.set_defaults(action=name)
        if name in ("show", "revoke", "accept", "add"):
            action.add_argument("unit", type=UNIT, metavar="UNIT")
        add_own(name, action)
        action.add_argument("--json", action="store_true", help="print JSON")
        add_database(action)


def add_own(name: str, action: argparse.ArgumentParser) -> None:
    """What only this action takes."""
    if name == "list":
        text = f"only those: {', '.join(STATES)}"
        action.add_argument("--state", choices=STATES, metavar="STATE", default="", help=text)
        action.add_argument("--group", default="", help="only those of a group")
    elif name == "revoke":
        action.add_argument("--reason", type=NAME, required=True, help="why; the unit shows it")
    elif name == "add":
        text = "unit-key.pub.pem of the unit"
        action.add_argument("--key", type=PATH, required=True, metavar="FILE", help=text)
        action.add_argument("--serial", type=SERIAL, required=True, help="of the box")
        action.add_argument("--group", type=NAME, default=DEFAULT_GROUP, help="default: all")


def run(arguments: argparse.Namespace) -> int:
    acts = {
        "list": show_list,
        "show": show_unit,
        "revoke": revoke,
        "accept": accept,
        "add": add,
        "refusals": show_refusals,
    }
    with opened_engine(arguments) as engine:
        return acts[arguments.action](engine, arguments)


def show_list(engine: "Engine", arguments: argparse.Namespace) -> int:
    from ota.fleet.registry.questions import (  # noqa: PLC0415
        Question,
        count_fleet,
        list_units,
        reading,
    )

    now = find_now(arguments)
    question = Question(state=arguments.state, group=arguments.group, limit=MOST_LISTED)
    with reading(engine) as connection:
        found = {**count_fleet(connection, now), **list_units(connection, question, now)}
    if arguments.json:
        print(json.dumps(found, indent=1))
        return 0
    if not found["units"]:
        print("no unit is like that" if arguments.state or arguments.group else NOBODY)
    counts = [Line(name, str(number)) for name, number in found["states"].items()]
    show([Section("States", counts), Section("Units", [make_line(one) for one in found["units"]])])
    if found["total"] > len(found["units"]):
        print(f"and {found['total'] - len(found['units'])} more: narrow with --state or --group")
    return 0


def make_line(one: dict[str, Any]) -> Line:
    charge = "" if one["charge_pct"] is None else f", {one['charge_pct']:.0f} % charge"
    back = f", back {one['expected_at']}" if one["state"] == "asleep" else ""
    waits = f", waits for {one['waits_for']}" if one["waits_for"] else ""
    text = f"{one['state']}, {one['running_release'] or 'no release'}{charge}{back}{waits}"
    return Line(one["name"], text, BAD if one["state"] in WRONG else PLAIN)


def show_unit(engine: "Engine", arguments: argparse.Namespace) -> int:
    from ota.fleet.registry.questions import read_unit, reading  # noqa: PLC0415

    with reading(engine) as connection:
        found = read_unit(connection, arguments.unit, find_now(arguments))
    if found is None:
        raise FleetError(
            f"there is no unit {arguments.unit} in this fleet; `fleet units` lists them"
        )
    if arguments.json:
        print(json.dumps(found, indent=1))
        return 0
    plain = {name: value for name, value in found.items() if is_plain(value)}
    show(
        [
            Section(found["name"], [Line(name, str(value)) for name, value in plain.items()]),
            Section("Faults", [Line(f["code"], f["text"], BAD) for f in found["faults"]]),
            Section("Refused", [Line(r["reason_code"], r["text"]) for r in found["refusals"]]),
        ]
    )
    return 0


def is_plain(value: object) -> bool:
    """Whether it says something, in one line."""
    return not isinstance(value, list | dict) and value not in (None, "")


def revoke(engine: "Engine", arguments: argparse.Namespace) -> int:
    from ota.fleet.registry.changes import revoke_unit  # noqa: PLC0415

    revoke_unit(engine, arguments.unit, arguments.reason, find_now(arguments))
    print(f"{arguments.unit} is out of the fleet; `fleet unassign` takes its releases away as well")
    return 0


def accept(engine: "Engine", arguments: argparse.Namespace) -> int:
    from ota.fleet.registry.changes import accept_unit  # noqa: PLC0415

    accept_unit(engine, arguments.unit)
    print(f"what {arguments.unit} reports next is taken")
    return 0


def add(engine: "Engine", arguments: argparse.Namespace) -> int:
    from ota.fleet.registry.changes import NewUnit, add_unit  # noqa: PLC0415

    key = read_key(arguments.key)
    new = NewUnit(arguments.unit, arguments.group, arguments.serial, key)
    add_unit(engine, new, find_now(arguments))
    print(f"{arguments.unit} is in the fleet")
    return 0


def read_key(path: Path) -> str:
    try:
        return read_small_file(path, MOST_KEY_BYTES).decode()
    except (OSError, ValueError) as error:
        raise FleetError(f"{path} cannot be read as a public key: {error}") from error


def show_refusals(engine: "Engine", arguments: argparse.Namespace) -> int:
    from ota.fleet.registry.questions import list_refusals, reading  # noqa: PLC0415

    with reading(engine) as connection:
        found = list_refusals(connection)
    if arguments.json:
        print(json.dumps(found, indent=1))
        return 0
    lines = [
        Line(one["unit_name"], f"{one['reason_code']}, {one['count']} times: {one['text']}")
        for one in found
    ]
    show([Section("Refused", lines)])
    return 0
