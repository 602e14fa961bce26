"""`unitctl battery`: the battery on one screen; and what its devices are set to.

Reads: settings and database. Writes: standard output.
Never: costs the other commands anything: what is heavy is imported when it is used.
"""

import argparse

from appliance.parsing.arguments import PATH

HELP = "show charge, cells, capacity and health of the battery; audit what its devices are set to"
AUDIT_HELP = "show what each device is set to, what it should be, and which is wrong"
AUDIT = (
    "Compares what the charge controllers and the BMS were set to when they were last read (once "
    "an hour) with the battery of the settings. Nothing is changed in a device."
)
AUDIT_EPILOG = (
    "exit codes: 0 nothing is wrong; 1 something is, or the database cannot be read; 2 usage"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(action=show_screen)
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(metavar="ACTION")
    audit = actions.add_parser("audit", help=AUDIT_HELP, description=AUDIT, epilog=AUDIT_EPILOG)
    audit.set_defaults(action=show_audit)
    for action in (audit,):
        action.add_argument("--json", action="store_true", help="print JSON")
        action.add_argument(
            "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
        )


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.action(arguments)
    return code


def show_audit(arguments: argparse.Namespace) -> int:
    from power.commands import battery_audit  # noqa: PLC0415  (only where it is used)

    return battery_audit.run(arguments)


def show_screen(arguments: argparse.Namespace) -> int:
    from power.commands import battery_screen  # noqa: PLC0415  (only where it is used)

    return battery_screen.run(arguments)
