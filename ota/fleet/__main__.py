"""`fleet`, whole: the release engineer's commands, and those of the fleet's server.

Reads and writes: through the commands.
Never: asks for the libraries of the server where only releases are signed.
"""

import sys
from typing import NoReturn

from appliance.__main__ import Parser
from ota.fleet.commands import broker, claim, page, push, receive, rollout, serve, units
from ota.release.__main__ import COMMANDS as OF_RELEASES
from ota.release.__main__ import Command, make_parser
from ota.release.__main__ import main as run_main

COMMANDS: tuple[Command, ...] = (
    *(one for one in OF_RELEASES if one[0] != "rollout"),
    ("rollout", rollout.HELP, rollout.add_arguments, rollout.run),
    ("push", push.HELP, push.add_arguments, push.run),
    ("serve", serve.HELP, serve.add_arguments, serve.run),
    ("broker", broker.HELP, broker.add_arguments, broker.run),
    ("claim", claim.HELP, claim.add_arguments, claim.run),
    ("receive", receive.HELP, receive.add_arguments, receive.run),
    ("page", page.HELP, page.add_arguments, page.run),
    ("units", units.HELP, units.add_arguments, units.run),
)


def make_fleet_parser() -> Parser:
    return make_parser(COMMANDS)


def main() -> NoReturn:
    """Run one command and exit with its code."""
    run_main(sys.argv[1:], commands=COMMANDS)


if __name__ == "__main__":
    main()
