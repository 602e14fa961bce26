"""`unitctl power`: which power devices this software supports, and which are connected.

Reads: serial lines (`probe`). Writes: standard output; the settings file with `--write` only.
Never: costs the other commands anything: what needs a serial line is imported when it is used.
"""

import argparse

from appliance.parsing.arguments import PATH, make_type
from appliance.parsing.values import LONGEST_PATH, parse_name

HELP = "list the supported power devices, find those that are connected, test the wake"
MODELS_HELP = "list the known charge controllers, batteries and shunts"
EPILOG = "exit codes: 0 found; 1 nothing found, or a port cannot be used; 2 settings or usage"
PROBE = (
    "Asks each known device for its signature, on each port, with each protocol and "
    "serial setting. Nothing is changed on a device. A port where no device answers takes up to "
    "two minutes."
)
PORT = make_type(parse_name, LONGEST_PATH)
PORT_HELP = "serial device or tcp://HOST:PORT; may be given more than once (default: all USB ports)"

TEST_HELP = "let the unit sleep for five minutes while you watch; after that it may sleep alone"
TEST_EPILOG = "exit codes: 0 the unit may sleep; 1 it may not; 2 settings or usage"
ADD_HELP = (
    "add those that the settings file does not have, also at a port that it names already; what "
    "is there stays as it is"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    models = actions.add_parser("models", help=MODELS_HELP, description=MODELS_HELP, epilog=EPILOG)
    models.set_defaults(action=show_models)
    probe = actions.add_parser(
        "probe",
        help="find the connected devices and print their settings",
        description=PROBE,
        epilog=EPILOG,
    )
    probe.set_defaults(action=run_probe)
    probe.add_argument("--port", type=PORT, action="append", metavar="PORT", help=PORT_HELP)
    into = probe.add_mutually_exclusive_group()
    into.add_argument("--write", action="store_true", help="add them to the settings file")
    into.add_argument("--add", action="store_true", help=ADD_HELP)
    test = actions.add_parser(
        "test-sleep", help=TEST_HELP, description=TEST_HELP, epilog=TEST_EPILOG
    )
    test.set_defaults(action=run_wake_test)
    test.add_argument("--result", action="store_true", help="show how the last test ended")
    add_settings(test)
    for action in (models, probe):
        action.add_argument("--json", action="store_true", help="print JSON")
        add_settings(action)


def add_settings(action: argparse.ArgumentParser) -> None:
    """`--settings`, also after the action's name."""
    action.add_argument(
        "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
    )


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.action(arguments)
    return code


def show_models(arguments: argparse.Namespace) -> int:
    from power.commands import models  # noqa: PLC0415  (only where it is used)

    models.show_models(arguments.json)
    return 0


def run_wake_test(arguments: argparse.Namespace) -> int:
    from power.commands import wake_test  # noqa: PLC0415  (only where it is used)

    return wake_test.run(arguments)


def run_probe(arguments: argparse.Namespace) -> int:
    from power.probe import report, sections  # noqa: PLC0415  (only where it is used)

    writes = arguments.write or arguments.add
    target = report.find_target(arguments.settings) if writes else None
    write = sections.add_missing_sections if arguments.add else sections.add_sections
    return report.run(arguments.port, target, arguments.json, write=write)
