"""`fleet keys`: which keys there are, and how one takes another's place.

Reads: the command line. Writes: through key_changes.py.
Never: removes a private key: the holder does.
"""

import argparse

from appliance.commands.printing import Line, Section, show
from ota.release.commands.opening import add_fleet, add_keys, find_secrets, open_fleet
from ota.release.fleet import Fleet
from ota.release.key_changes import change_key, sign_drafts
from ota.release.keys.key_list import KeyEntry, is_online
from ota.release.keys.token_uri import SCHEME
from ota.release.metadata.reading import REPOSITORIES, State

HELP = "which keys there are; put a new one in the place of an old or a stolen one"
STOLEN = (
    "now: publish at once (`fleet release publish --to DIR`); until units have asked, the stolen "
    "key still counts for them. Then find out how it was stolen"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=type(parser))
    for name, act, text in (
        ("list", run_list, "names, places and roles of all keys"),
        ("rotate", run_change, "a new key takes the place of an old one"),
        ("revoke", run_change, "a key was stolen or lost: a new one takes its place"),
        ("sign", run_sign, "add signatures to roots that wait for them"),
    ):
        sub = actions.add_parser(name, help=text, description=text)
        if act is run_change:
            sub.add_argument("name", metavar="KEY", help="as `fleet keys list` names it")
            sub.add_argument("--token", default="", metavar="URI", help="the new key is on a token")
            locked = "give the new key's file a passphrase: of --secret, else asked for"
            sub.add_argument("--encrypt", action="store_true", help=locked)
        add_fleet(sub)
        add_keys(sub)
        sub.set_defaults(act=act, action=name)


def run(arguments: argparse.Namespace) -> int:
    with open_fleet(arguments) as fleet:
        code: int = arguments.act(fleet, arguments)
    return code


def run_change(fleet: Fleet, arguments: argparse.Namespace) -> int:
    new_name = fleet.keys.find_next_name(fleet.keys.find(arguments.name).name)
    secrets = find_secrets(arguments)
    wanted = arguments.encrypt or new_name in secrets.files
    passphrase = secrets.find(new_name, "passphrase") if wanted and not arguments.token else ""
    for line in change_key(fleet, arguments.name, token=arguments.token, passphrase=passphrase):
        print(line)
    if arguments.action == "revoke":
        print(STOLEN)
    return 0


def run_sign(fleet: Fleet, _: argparse.Namespace) -> int:
    for line in sign_drafts(fleet) or ["no root waits for a signature"]:
        print(line)
    return 0


def run_list(fleet: Fleet, _: argparse.Namespace) -> int:
    states = [fleet.read_state(name) for name in REPOSITORIES]
    lines = [
        Line(one.name, f"{describe_place(fleet, one)}; {describe_roles(states, one)}")
        for one in fleet.keys.entries.values()
    ]
    show([Section("Keys", lines)])
    return 0


def describe_place(fleet: Fleet, entry: KeyEntry) -> str:
    if entry.place.startswith(SCHEME):
        return entry.place
    if not fleet.signers.is_here(entry):
        return f"{entry.place} (not here)"
    return f"{entry.place} (here{'' if is_online(entry.name) else '; carry it to its holder'})"


def describe_roles(states: list[State], entry: KeyEntry) -> str:
    found = [
        f"{state.repository.name} {role}"
        for state in states
        for role, one in state.root.signed.roles.items()
        if entry.public.keyid in one.keyids
    ]
    return ", ".join(found) or "no role any more: destroy it"
