"""`fleet init`: the keys and both repositories of a new fleet.

Reads: the command line, passphrases. Writes: a new directory.
Never: touches a directory that has something in it.
"""

import argparse
import hashlib
from pathlib import Path

from appliance.commands.printing import Line, Section, show
from appliance.parsing.arguments import PATH, make_type
from appliance.strict_json import InputError
from appliance.strict_json import show as show_value
from ota.release.commands.opening import add_secrets, find_now, find_secrets, split_pairs
from ota.release.errors import ReleaseError
from ota.release.keys.key_list import OFFLINE, ONLINE
from ota.release.metadata.reading import REPOSITORIES
from ota.release.start import HOLDERS, StartPlan, start_fleet

HELP = "make the keys and both repositories of a new fleet"
MOST_BINS = 65_536


def parse_bins(text: str) -> int:
    count = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 2 <= count <= MOST_BINS or count & (count - 1):
        raise InputError(f"{show_value(text)} is no power of two from 2 to {MOST_BINS}")
    return count


BINS = make_type(parse_bins)
BINS_HELP = (
    "files that the units' entries are spread over: 16 up to some 300 units, 1024 for 10,000"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=PATH, metavar="DIR", help="a new or empty directory")
    parser.add_argument("--bins", type=BINS, default=16, help=BINS_HELP)
    text = "this key is on a token already: KEY=PKCS11-URI"
    parser.add_argument("--token", action="append", default=[], metavar="KEY=URI", help=text)
    text = "give the files of the offline keys passphrases: of --secret, else asked for"
    parser.add_argument("--encrypt", action="store_true", help=text)
    add_secrets(parser)


def run(arguments: argparse.Namespace) -> int:
    plan = make_plan(arguments)
    keys = start_fleet(plan)
    roots = [plan.directory / "trust" / f"{name}-root.json" for name in REPOSITORIES]
    trust = [Line(one.name, f"{one}: SHA-256 {find_sha256(one)}") for one in roots]
    homes = [Line(one.name, f"{one.place}: {HOLDERS[one.name]}") for one in keys.entries.values()]
    show(
        [
            Section("Roots of trust: to trust/ in the update directory of each unit", trust),
            Section("Keys: where each one is, and where it should live", homes),
        ]
    )
    return 0


def find_sha256(path: Path) -> str:
    """What the technician compares, as `sha256sum` prints it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_plan(arguments: argparse.Namespace) -> StartPlan:
    tokens = dict(split_pairs(arguments.token, "--token"))
    secrets = find_secrets(arguments)
    known = (*OFFLINE, *ONLINE)
    for name in {*tokens, *secrets.files} - {*known, ""}:
        raise ReleaseError(f"there is no key {name}; there are {', '.join(known)}")
    locked = set(OFFLINE) if arguments.encrypt or "" in secrets.files else set()
    return StartPlan(
        directory=arguments.directory,
        bins=arguments.bins,
        now=find_now(arguments),
        secrets=secrets,
        tokens=tokens,
        locked=frozenset(locked | (secrets.files.keys() - {""})),
    )
