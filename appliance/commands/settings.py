"""`unitctl settings`: the settings in force, defaults and all; a check of a file before its use;
changes of the unit's file (settings_changes.py).

Reads: a settings file. Writes: standard output, as TOML, the secrets in URLs removed.
Never: changes a settings file itself.
"""

import argparse
from pathlib import Path

from appliance import settings_file
from appliance.commands import settings_changes
from appliance.commands.opening import find_settings
from appliance.log import redact
from appliance.parsing.arguments import PATH
from appliance.process import settings_checks
from appliance.settings_text import format_settings

HELP = "print the settings in force, check a file, or change the unit's"
EPILOG = "exit codes: 0 fine; 2 the settings cannot be used, and the message says where and why"


OWN_FILE = Path()  # `--check` without FILE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--check",
        type=PATH,
        metavar="FILE",
        nargs="?",
        const=OWN_FILE,
        help="only say whether FILE is valid (default: the unit's own)",
    )
    parser.set_defaults(change=None)
    settings_changes.add_actions(parser.add_subparsers(metavar="ACTION"))


def run(arguments: argparse.Namespace) -> int:
    if arguments.change is not None:
        code: int = arguments.change(arguments)
        return code
    if arguments.check is None:
        settings = settings_file.load_settings(find_settings(arguments.settings))
        print(redact(format_settings(settings)), end="")
    elif arguments.check is OWN_FILE:
        check(find_settings(arguments.settings))
    else:
        check(arguments.check)
    return 0


def check(file: Path) -> None:
    """Raises `SettingsError`."""
    settings = settings_file.build_strictly(file, settings_file.read_file(file))
    findings = settings_checks.find_all(settings)
    settings_checks.refuse(settings, findings)
    for finding in findings:
        print(redact(f"warning: {finding.format(settings)}"))
    print(f"{file} is valid")
