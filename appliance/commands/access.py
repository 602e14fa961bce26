"""`unitctl access`: who may act on the unit's page: PIN, accounts, tokens; who did what.

Reads and writes: as the actions do (access_actions.py).
Never: takes a secret from the command line, where other users and the shell's history see it.

It needs no login: whoever is root on the unit, or the page's user, may all of this. So nobody is
locked out for good.
"""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from appliance.access.acts import LONGEST_LIST
from appliance.access.database import AccessFile
from appliance.access.roles import GIVEN_ROLES
from appliance.clock import SystemClock
from appliance.commands import access_actions as do
from appliance.commands.opening import find_settings, load_unit_settings
from appliance.errors import SettingsError
from appliance.parsing.arguments import NAME, PATH, make_type
from appliance.parsing.values import parse_count
from appliance.settings import Settings
from appliance.strict_json import InputError

HELP = "who may act on the page: PIN, accounts, tokens, wrong tries; who did what"
LIMIT = make_type(parse_count, 1, LONGEST_LIST)
ROLE_HELP = "viewer: may look; technician: may act"
Act = Callable[[argparse.Namespace, Settings, AccessFile], None]
GROUPS: Mapping[str, tuple[str, Mapping[str, tuple[str, Act]]]] = {
    "pin": (
        "the PIN of the touchscreen",
        {
            "set": ("set it; it is asked for", do.set_pin),
            "remove": ("nobody acts at the touchscreen any more", do.remove_pin),
        },
    ),
    "account": (
        "logins from the network",
        {
            "add": ("add one; its password is asked for", do.add_account),
            "password": ("give it another password, and end its logins", do.change_password),
            "remove": ("remove it, and end its logins", do.remove_account),
            "list": ("list them", do.list_accounts),
        },
    ),
    "token": (
        "tokens of scripts",
        {
            "add": ("make one, and print it once", do.add_token),
            "remove": ("remove it", do.remove_token),
            "list": ("list them", do.list_tokens),
        },
    ),
}
NAMED, WITH_ROLE = ("account", "token"), "add"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=do.show_all, json=False)
    actions = parser.add_subparsers(metavar="ACTION")
    add_action(actions, "show", "what is set, and who has tried wrongly", do.show_all)
    for word in GROUPS:
        add_group(actions, word)
    code = "make the code with which a new unit is set up from a phone, and print it"
    add_action(actions, "code", code, do.make_code)
    add_action(actions, "unlock", "let everybody try again at once", do.unlock)
    journal = add_action(actions, "acts", "who did what, the newest first", do.show_acts)
    journal.add_argument("--limit", type=LIMIT, default=20, metavar="N", help="at most N (20)")
    journal.add_argument("--json", action="store_true", help="print a JSON list")
    mend = "set a damaged file of logins aside and begin a new one"
    add_action(actions, "mend", mend, do.mend)


def add_group(actions: Any, word: str) -> None:
    """Actions about one thing."""
    text, own = GROUPS[word]
    group = actions.add_parser(word, help=text, description=text)
    below = group.add_subparsers(metavar="ACTION", required=True)
    for name, (about, act) in own.items():
        action = add_action(below, name, about, act)
        if word in NAMED and name != "list":
            action.add_argument("name", type=NAME, metavar="NAME", help="whose")
        if word in NAMED and name == WITH_ROLE:
            roles = [*GIVEN_ROLES]
            action.add_argument("--role", required=True, choices=roles, help=ROLE_HELP)


def add_action(actions: Any, word: str, text: str, act: Any) -> argparse.ArgumentParser:
    """One action with what all of them take."""
    action: argparse.ArgumentParser = actions.add_parser(word, help=text, description=text)
    action.set_defaults(act=act)
    action.add_argument(
        "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
    )
    return action


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings(arguments)
    try:
        arguments.act(arguments, settings, AccessFile(settings.access_file, SystemClock()))
    except InputError as error:
        raise SettingsError(f"{error}; nothing was changed") from None
    return 0


def load_settings(arguments: argparse.Namespace) -> Settings:
    """Those of the unit; a new one may have none yet, and its code is made all the same."""
    if arguments.act is do.make_code and not find_settings(arguments.settings).exists():
        return Settings()
    return load_unit_settings(arguments)
