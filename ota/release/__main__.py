"""`fleet`, the release engineer's command: `python -m ota.release COMMAND`.

Reads: the fleet's directory. Writes: to the terminal, and where a command says so.
Never: is run on a unit, or shows a traceback for something that is wrong in the world.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NoReturn

from appliance.__main__ import Parser, find_version, prepare_output, run_guarded
from ota.release.commands import assign, init, keys, release, renew, rollout, status

EXIT_CODES = "exit codes: 0 fine; 1 something is wrong, or must be signed soon; 2 usage"
Command = tuple[
    str, str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], int]
]
COMMANDS: tuple[Command, ...] = (
    ("init", init.HELP, init.add_arguments, init.run),
    ("release", release.HELP, release.add_arguments, release.run),
    ("assign", assign.HELP, assign.add_arguments, assign.run),
    ("unassign", "take an assignment away", assign.add_unassign_arguments, assign.run_unassign),
    ("rollout", rollout.HELP, rollout.add_arguments, rollout.run),
    ("renew", renew.HELP, renew.add_arguments, renew.run),
    ("keys", keys.HELP, keys.add_arguments, keys.run),
    ("usb", renew.USB_HELP, renew.add_usb_arguments, renew.run_usb),
    ("verify", renew.VERIFY_HELP, renew.add_verify_arguments, renew.run_verify),
    ("status", status.HELP, status.add_arguments, status.run),
)


def make_parser(commands: Sequence[Command] = COMMANDS) -> Parser:
    """The command line. `commands`: name, help, what it takes, what it does."""
    top = Parser("fleet", description="Keys, releases and who gets them.", epilog=EXIT_CODES)
    top.add_argument("--version", action="version", version=f"fleet {find_version()}")
    choices = top.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for name, text, add_arguments, run in commands:
        sub = choices.add_parser(name, help=text, description=text, epilog=EXIT_CODES)
        add_arguments(sub)
        sub.set_defaults(run=run)
    return top


def main(
    words: list[str] | None = None,
    *,
    now: datetime | None = None,
    commands: Sequence[Command] = COMMANDS,
) -> NoReturn:
    """Run one command and exit with its code. `now`: the time that is signed, None: the clock's."""
    prepare_output()
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it tells each try beside our sentence
    sys.exit(run_guarded(lambda: run_command(words, now, commands), program="fleet"))


def run_command(words: list[str] | None, now: datetime | None, commands: Sequence[Command]) -> int:
    arguments = make_parser(commands).parse_args(words)
    arguments.now = now
    code: int = arguments.run(arguments)
    return code


if __name__ == "__main__":
    main()
