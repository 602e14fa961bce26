"""`unitctl settings`: the settings in force, defaults and all; or a check of a file before its use.

Reads: a settings file. Writes: standard output, as TOML, the secrets in URLs removed.
Never: changes a settings file.
"""

import argparse

from appliance import settings_file
from appliance.commands.opening import find_settings
from appliance.log import redact
from appliance.parsing.arguments import PATH
from appliance.process import settings_checks
from appliance.settings_text import format_settings

HELP = "print the settings in force, or check a file"
EPILOG = "exit codes: 0 fine; 2 the settings cannot be used, and the message says where and why"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", type=PATH, metavar="FILE", help="only say whether FILE is valid")


def run(arguments: argparse.Namespace) -> int:
    if arguments.check:
        file = arguments.check
        settings = settings_file.build_strictly(file, settings_file.read_file(file))
        findings = settings_checks.find_all(settings)
        settings_checks.refuse(settings, findings)
        for finding in findings:
            print(redact(f"warning: {finding.format(settings)}"))
        print(f"{arguments.check} is valid")
    else:
        settings = settings_file.load_settings(find_settings(arguments.settings))
        print(redact(format_settings(settings)), end="")
    return 0
