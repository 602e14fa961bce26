"""`unitctl`, the technician's command: `python -m appliance COMMAND`.

Reads: the settings and the unit database. Writes: to the terminal, and where a command says so.
Never: shows a traceback for something that is wrong in the world, or changes what the unit does.
"""

import argparse
import difflib
import os
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

from appliance import log
from appliance.commands import list_commands
from appliance.errors import ApplianceError, SettingsError

SETTINGS_HELP = (
    "settings file of the unit (default: $APPLIANCE_SETTINGS, else /etc/appliance/unit.toml, "
    "else build/run/unit.toml below the current directory)"
)
EXIT_CODES = "exit codes: 0 fine; 1 something is wrong with the unit; 2 settings or usage"


class Parser(argparse.ArgumentParser):
    """Says a wrong command line in one sentence, with the nearest command that exists."""

    def error(self, message: str) -> NoReturn:
        wrong = re.search(r"argument COMMAND: invalid choice: '([^']*)'", message)
        if wrong:
            known = list(list_commands())
            near = difflib.get_close_matches(wrong[1], known, n=1, cutoff=0.5)
            advice = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            message = f"{wrong[1]!r} is not a command; {advice}"
        self.exit(2, f"{self.prog}: {message} (see `{self.prog} --help`)\n")


def make_parser() -> argparse.ArgumentParser:
    """The command line: `--settings` is understood before and after the command."""
    path: dict[str, Any] = {"type": Path, "metavar": "FILE", "help": SETTINGS_HELP}
    top = Parser("unitctl", description="What the unit does and why.", epilog=EXIT_CODES)
    top.add_argument("--settings", default=None, **path)
    choices = top.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for name, command in list_commands().items():
        sub = choices.add_parser(name, help=command.HELP, description=command.HELP)
        sub.epilog = getattr(command, "EPILOG", EXIT_CODES)
        sub.add_argument("--settings", default=argparse.SUPPRESS, **path)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return top


def main(words: list[str] | None = None) -> NoReturn:
    """Run one command and exit with its code (see `EXIT_CODES`; 130 after Ctrl-C)."""
    arguments = make_parser().parse_args(words)
    try:
        code = arguments.run(arguments)
        sys.stdout.flush()
    except ApplianceError as error:
        print(f"unitctl: {log.redact(str(error))}", file=sys.stderr)
        code = 2 if isinstance(error, SettingsError) else 1
    except BrokenPipeError:  # the reader (`head`) had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
