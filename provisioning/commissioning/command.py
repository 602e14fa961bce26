"""`unitctl provision`: the steps of commissioning, one by one or all from site.toml.

Reads: its words. Writes: nothing; walking.py does.
Never: costs the other commands anything: what is heavy is imported when it is used.
"""

import argparse

from appliance.errors import SettingsError
from appliance.parsing.arguments import NAME, PATH
from provisioning.commissioning.words import ALL, NEXT, REPLACED, REPORT

HELP = "set this unit up on its site: the steps, what is left of them, all from a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    parser.add_argument(
        "step",
        nargs="?",
        type=NAME,
        metavar="STEP",
        help=f"the step to take; `{NEXT}`: the first that is left; `{ALL}`: all that are left; "
        f"`{REPORT}`: where the newest report is, and whether it is as it was signed; "
        f"`{REPLACED}`: the short walk of a part",
    )
    add_part(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--from", dest="site", type=PATH, metavar="FILE", help="all steps, with these answers"
    )
    how.add_argument("--check", type=PATH, metavar="FILE", help="only look: could that be done?")
    how.add_argument(
        "--verify", type=PATH, metavar="DIRECTORY", help=f"with `{REPORT}`: that report"
    )


def add_part(parser: argparse.ArgumentParser) -> None:
    """What `replaced` is about."""
    parser.add_argument(
        "part",
        nargs="?",
        type=NAME,
        metavar="PART",
        help=f"with `{REPLACED}`: charger, battery, camera or ssd; without one, what was replaced",
    )
    parser.add_argument(
        "section",
        nargs="?",
        type=NAME,
        metavar="SECTION",
        help="which of several: main is [charger.main]",
    )


def run(arguments: argparse.Namespace) -> int:
    """0: nothing is left to do; 1: a step is blocked or not done; 2: usage, settings, answers."""
    if arguments.step and (arguments.site or arguments.check):
        raise SettingsError("name a step or a file of answers, not both; nothing was changed")
    if arguments.part and arguments.step != REPLACED:
        raise SettingsError(
            f"one step at a time; a part goes with `{REPLACED}`: unitctl provision {REPLACED} "
            "battery"
        )
    if arguments.verify and arguments.step != REPORT:
        raise SettingsError(f"--verify goes with `{REPORT}`: unitctl provision {REPORT} --verify")
    from provisioning.commissioning.walking import carry_out  # noqa: PLC0415

    return carry_out(arguments)
