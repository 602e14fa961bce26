"""`unitctl`, the technician's command: `python -m appliance COMMAND`.

Reads: the settings and the unit database. Writes: to the terminal, and where a command says so.
Never: shows a traceback for something that is wrong in the world, or changes what the unit does.
"""

import argparse
import contextlib
import errno
import importlib.metadata
import io
import os
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from appliance import log
from appliance.commands import list_commands
from appliance.errors import ApplianceError, SettingsError
from appliance.parsing.arguments import PATH
from appliance.parsing.nearest import advise
from appliance.process.own_code import refuse_foreign_code
from appliance.wording.shorten import make_printable, shorten

SETTINGS_HELP = (
    "settings file of the unit (default: $APPLIANCE_SETTINGS, else /etc/appliance/unit.toml, "
    "else build/run/unit.toml below the current directory)"
)
EXIT_CODES = "exit codes: 0 fine; 1 something is wrong with the unit; 2 settings or usage"
DISTRIBUTION = "neural-energy-appliance"
WRONG_CHOICE = re.compile(r"argument (\w+): invalid choice: (.*) \(choose from (.*)\)", re.DOTALL)
FULL = (errno.ENOSPC, errno.EDQUOT)
LONGEST_MESSAGE, LONGEST_LINE = 400, 1000  # characters


class Parser(argparse.ArgumentParser):
    """Says a wrong command line in one line, with the nearest command that exists."""

    def error(self, message: str) -> NoReturn:
        wrong = WRONG_CHOICE.fullmatch(message)
        if wrong:
            word, known = wrong[2].strip("'"), re.findall(r"[\w-]+", wrong[3])
            own = {"COMMAND": "a command", "ACTION": f"an action of {self.prog}"}
            kind = own.get(wrong[1], f"a {wrong[1]} of {self.prog}")
            message = f"{shorten(repr(word), 60)} is not {kind}; {advise(word, known)}"
        line = shorten(make_printable(message), LONGEST_MESSAGE)
        self.exit(2, f"{self.prog}: {line} (see `{self.prog} --help`)\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help, version or a complaint; argparse's own would pass over a full disk."""
        (file or sys.stderr).write(message)


def make_parser() -> argparse.ArgumentParser:
    """The command line: `--settings` is understood before and after the command."""
    path: dict[str, Any] = {"type": PATH, "metavar": "FILE", "help": SETTINGS_HELP}
    top = Parser("unitctl", description="What the unit does and why.", epilog=EXIT_CODES)
    top.add_argument("--settings", default=None, **path)
    top.add_argument("--version", action="version", version=f"unitctl {find_version()}")
    top.set_defaults(parser=top)  # `completion` lists what it has
    choices = top.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for name, command in list_commands().items():
        sub = choices.add_parser(name, help=command.HELP, description=command.HELP)
        sub.epilog = getattr(command, "EPILOG", EXIT_CODES)
        sub.add_argument("--settings", default=argparse.SUPPRESS, **path)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return top


def find_version() -> str:
    """The version of the installed software."""
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return "of a source tree that is not installed"


def main(words: list[str] | None = None) -> NoReturn:
    """Run one command and exit with its code (see `EXIT_CODES`; 130 after Ctrl-C)."""
    prepare_output()
    sys.exit(run_guarded(lambda: run_command(words)))


def run_command(words: list[str] | None) -> int:
    refuse_foreign_code(sys.path)
    arguments = make_parser().parse_args(words)
    code: int = arguments.run(arguments)
    return code


def run_guarded(run: Callable[[], int], program: str = "unitctl") -> int:
    """`run`, with its output written to the end; what is wrong in the world is one line, which
    begins with the name of the program.
    """
    try:
        code = run_or_leave(run)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (`head`) had enough
        discard_output()
        return 0
    except OSError as error:  # full disk, a directory in place of a file, ...
        discard_output()
        return complain(describe_os_error(error), 1, program)
    except ApplianceError as error:
        return complain(str(error), 2 if isinstance(error, SettingsError) else 1, program)
    except KeyboardInterrupt:
        return 130
    return code


def run_or_leave(run: Callable[[], int]) -> int:
    """`run`; where argparse leaves (help, version, wrong use), its code."""
    try:
        return run()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0


def complain(text: str, code: int, program: str = "unitctl") -> int:
    """Print one line on standard error; returns `code`."""
    with contextlib.suppress(OSError):
        line = shorten(make_printable(" ".join(log.redact(text).split())), LONGEST_LINE)
        print(f"{program}: {line}", file=sys.stderr, flush=True)
    return code


def describe_os_error(error: OSError) -> str:
    """What the kernel refused, and for which file."""
    if error.filename and error.errno in FULL:
        return (
            f"there is no room for {error.filename}: free some on that disk, then give the command "
            "again"
        )
    place = f"{error.filename} cannot be used" if error.filename else "the output stops"
    return f"{place}: {error.strerror or error}"


def prepare_output() -> None:
    """Standard output takes any text: characters that the terminal lacks are written as escapes.
    Where it is closed, what is printed goes nowhere.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, "w")))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard_output() -> None:
    """What is still to be written goes nowhere, so that Python does not try again at its end."""
    with contextlib.suppress(OSError, ValueError):  # a test's output has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
