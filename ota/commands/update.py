"""`unitctl update`: what updates do and why, and what a technician may order.

Reads: settings, rows, the journal of updates. Writes: orders of the technician; asks PID 1 for a
check-in.
Never: costs the other commands anything: what is heavy is imported when it is used.
"""

import argparse

from appliance.parsing.arguments import NAME, PATH, make_type
from appliance.parsing.times import parse_span
from appliance.parsing.values import parse_number

HELP = "show updates, their state and history; ask for one, install from a stick, hold, retry"
EPILOG = "exit codes: 0 fine; 1 an update needs a person, or it was in vain; 2 settings or usage"
SPAN = make_type(parse_span)
COUNT = make_type(parse_number, 1, 1000)
ACTIONS = {
    "status": "show what release runs, what is under way and what it waits for",
    "history": "list the steps of updates, newest first",
    "why": "explain the present state: the steps that led to it",
    "check": "ask the mirrors now",
    "from-usb": "take a release from a USB stick or another directory",
    "hold": "hold updates: nothing is installed until the hold ends",
    "retry": "try a release again that failed here",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EPILOG
    parser.set_defaults(action="status", count=20)
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(metavar="ACTION")
    for name, text in ACTIONS.items():
        action = actions.add_parser(name, help=text, description=text, epilog=EPILOG)
        action.set_defaults(action=name)
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON"
        )
        action.add_argument(
            "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
        )
        add_own(name, action)


def add_own(name: str, action: argparse.ArgumentParser) -> None:
    """What only this action takes."""
    if name == "history":
        action.add_argument("--count", type=COUNT, default=20, help="how many steps (20)")
    elif name == "from-usb":
        action.add_argument("path", type=PATH, help="where the stick is mounted")
    elif name == "retry":
        action.add_argument("release", type=NAME, help="as `unitctl update status` names it")
    elif name == "hold":
        how = action.add_mutually_exclusive_group()
        how.add_argument("--off", action="store_true", help="end the hold")
        how.add_argument("--for", dest="span", type=SPAN, metavar="SPAN", help="90m, 2h, 7d")
        action.add_argument("--reason", type=NAME, metavar="TEXT", help="why; is shown")


def run(arguments: argparse.Namespace) -> int:
    from ota.commands import orders, showing  # noqa: PLC0415  (only where they are used)

    actions = {
        "status": showing.show_status,
        "history": showing.show_history,
        "why": showing.show_why,
        "check": orders.order_check,
        "from-usb": orders.order_stick,
        "hold": orders.order_hold,
        "retry": orders.order_retry,
    }
    code: int = actions[arguments.action](arguments)
    return code
