"""`fleet renew`: sign again in time; for a timer. Also `fleet usb` and `fleet verify`.

Reads: the command line. Writes: through renewing.py, key_changes.py and stick.py.
Never: ends with 0 while an offline role is about to expire.
"""

import argparse
from pathlib import Path

from appliance.parsing.arguments import PATH
from ota.release.commands.init import BINS
from ota.release.commands.opening import add_fleet, add_keys, find_directory, open_fleet
from ota.release.fleet import Fleet
from ota.release.key_changes import renew_root
from ota.release.metadata.reading import REPOSITORIES
from ota.release.periods import describe_alarms
from ota.release.publishing import publish
from ota.release.renewing import list_roles, renew_online, renew_targets
from ota.release.stick import write_stick
from ota.release.verifying import verify_tree

HELP = "sign the online roles anew where it is time, and tell when the offline ones must be"
USB_HELP = "the tree for a USB stick: units take it for 90 days, with a technician present"
WAIT_S = 1800.0  # for a command that holds the fleet: nobody stands beside a timer
VERIFY_HELP = "check a tree as a stranger would, from the roots of trust, with every pack"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    text = "online: by the keys on this machine; targets, root: by the offline keys (--key)"
    choices = ("online", "targets", "root")
    parser.add_argument("role", choices=choices, nargs="?", default="online", help=text)
    parser.add_argument("--force", action="store_true", help="also what is not due yet")
    parser.add_argument("--bins", type=BINS, default=0, metavar="N", help="another number of bins")
    parser.add_argument("--to", type=PATH, metavar="DIR", help="copy the tree to there, in order")
    add_fleet(parser)
    add_keys(parser)


def run(arguments: argparse.Namespace) -> int:
    with open_fleet(arguments, wait_s=WAIT_S) as fleet:
        for line in renew(fleet, arguments) or ["nothing is due"]:
            print(line)
        if arguments.to:
            print(f"{arguments.to} has the tree; {publish(fleet, arguments.to)} files are new")
        alarms = find_alarms(fleet)
    for line in alarms:
        print(line)
    return 1 if alarms else 0


def renew(fleet: Fleet, arguments: argparse.Namespace) -> list[str]:
    if arguments.role == "root":
        return renew_root(fleet)
    if arguments.role == "targets":
        return [renew_targets(fleet)]
    return renew_online(fleet, force=arguments.force, bins=arguments.bins)


def find_alarms(fleet: Fleet) -> list[str]:
    roles = [role for name in REPOSITORIES for role in list_roles(fleet.read_state(name))]
    return describe_alarms(roles, fleet.now)


def add_usb_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=PATH, metavar="DIR", help="directory on the stick")
    add_fleet(parser)
    add_keys(parser)


def run_usb(arguments: argparse.Namespace) -> int:
    with open_fleet(arguments) as fleet:
        print(write_stick(fleet, arguments.directory))
    return 0


def add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tree", metavar="DIR", help="directory, or address of a web server")
    text = "directory with the roots of trust (default: trust/ of the fleet)"
    parser.add_argument("--trust", type=PATH, metavar="DIR", help=text)
    add_fleet(parser)


def run_verify(arguments: argparse.Namespace) -> int:
    trust: Path = arguments.trust or find_directory(arguments) / "trust"
    for line in verify_tree(arguments.tree, trust):
        print(line)
    return 0
