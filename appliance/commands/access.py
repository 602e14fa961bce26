"""`unitctl access`: who may act on the unit's page: PIN, accounts, tokens; who did what.

Reads: the settings, access.db; secrets from the terminal, or in one line from standard input.
Writes: access.db, standard output.
Never: takes a secret from the command line, where other users and the shell's history see it.

It needs no login: whoever is root on the unit, or the page's user, may all of this. So nobody is
locked out for good.
"""

import argparse
from typing import Any

from appliance.access import accounts, acts, attempts, passwords, sessions, tokens
from appliance.access.acts import LONGEST_LIST, Outcome
from appliance.access.database import AccessFile, set_aside
from appliance.access.roles import GIVEN_ROLES, Origin, Person, Role
from appliance.clock import SystemClock
from appliance.commands.opening import format_local, load_unit_settings
from appliance.commands.printing import Line, Section, show, show_json
from appliance.commands.typed import read_new_secret
from appliance.errors import SettingsError
from appliance.media.erasing import find_user_name
from appliance.parsing.arguments import NAME, PATH, make_type
from appliance.parsing.values import parse_count
from appliance.settings import Settings
from appliance.strict_json import InputError
from appliance.wording.counts import format_count
from appliance.wording.shorten import make_printable

HELP = "who may act on the page: PIN, accounts, tokens, wrong tries; who did what"
LIMIT = make_type(parse_count, 1, LONGEST_LIST)
ROLE_HELP = "viewer: may look; technician: may act"
ONCE = "Keep it now: it is not shown again."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=show_all, json=False)
    actions = parser.add_subparsers(metavar="ACTION")
    add_action(actions, "show", "what is set, and who waits after wrong tries", show_all)
    add_group(
        actions,
        "pin",
        "the PIN of the touchscreen",
        {
            "set": ("set it; it is asked for", set_pin),
            "remove": ("nobody acts at the touchscreen any more", remove_pin),
        },
    )
    account = add_group(
        actions,
        "account",
        "logins from the network",
        {
            "add": ("add one; its password is asked for", add_account),
            "password": ("give it another password, and end its logins", change_password),
            "remove": ("remove it, and end its logins", remove_account),
            "list": ("list them", list_accounts),
        },
    )
    token = add_group(
        actions,
        "token",
        "tokens of scripts",
        {
            "add": ("make one, and print it once", add_token),
            "remove": ("remove it", remove_token),
            "list": ("list them", list_tokens),
        },
    )
    for one in (account, token):
        for word in ("add", "password", "remove"):
            if word in one:
                one[word].add_argument("name", type=NAME, metavar="NAME", help="whose")
        one["add"].add_argument("--role", required=True, choices=[*GIVEN_ROLES], help=ROLE_HELP)
    add_action(actions, "unlock", "let everybody try again at once", unlock)
    journal = add_action(actions, "acts", "who did what, the newest first", show_acts)
    journal.add_argument("--limit", type=LIMIT, default=20, metavar="N", help="at most N (20)")
    journal.add_argument("--json", action="store_true", help="print a JSON list")
    add_action(actions, "mend", "set a damaged file of logins aside and begin a new one", mend)


def add_group(
    actions: Any, word: str, text: str, own: dict[str, tuple[str, Any]]
) -> dict[str, argparse.ArgumentParser]:
    """Actions about one thing, by name."""
    group = actions.add_parser(word, help=text, description=text)
    below = group.add_subparsers(metavar="ACTION", required=True)
    return {name: add_action(below, name, *how) for name, how in own.items()}


def add_action(actions: Any, word: str, text: str, act: Any) -> argparse.ArgumentParser:
    """One action with what all of them take."""
    action: argparse.ArgumentParser = actions.add_parser(word, help=text, description=text)
    action.set_defaults(act=act)
    action.add_argument(
        "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
    )
    return action


def run(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    try:
        arguments.act(arguments, settings, AccessFile(settings.access_file, SystemClock()))
    except InputError as error:
        raise SettingsError(f"{error}; nothing was changed") from None
    return 0


def record(settings: Settings, file: AccessFile, what: str, target: str = "") -> None:
    """In the journal of acts, as done by whoever is at the command line."""
    person = Person(find_user_name(), Role.TECHNICIAN, Origin.COMMAND)
    acts.begin_act(file, settings.make_clock(), person, what, target, {}, Outcome.DONE)


# --- PIN ------------------------------------------------------------------------------------------


def set_pin(_arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    pin = passwords.clean_pin(read_new_secret("New PIN of the touchscreen"))
    accounts.set_pin(file, passwords.hash_secret(pin))
    record(settings, file, "PIN set")
    print("The PIN is set; whoever was logged in at the touchscreen is not any more.")


def remove_pin(_arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    accounts.set_pin(file, None)
    record(settings, file, "PIN removed")
    print("There is no PIN any more: nobody acts at the touchscreen without a name and password.")


# --- accounts -------------------------------------------------------------------------------------


def add_account(arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    name = accounts.clean_name(arguments.name)
    accounts.add_account(file, name, GIVEN_ROLES[arguments.role], ask_password(name))
    record(settings, file, "account added", f"{name} ({arguments.role})")
    print(f"{name} may log in as {arguments.role}.")


def change_password(arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    accounts.require_account(file, arguments.name)
    accounts.change_password(file, arguments.name, ask_password(arguments.name))
    record(settings, file, "password changed", arguments.name)
    print(f"{arguments.name} has a new password; his logins have ended.")


def ask_password(name: str) -> str:
    """A new password, hashed. Raises `InputError`."""
    password = passwords.clean_password(read_new_secret(f"New password of {name}"))
    if accounts.fold(name) == password.casefold():
        raise InputError("the password is the name: choose another one")
    return passwords.hash_secret(password)


def remove_account(arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    accounts.remove_account(file, arguments.name)
    record(settings, file, "account removed", arguments.name)
    print(f"{arguments.name} may not log in any more; his logins have ended.")


def list_accounts(_arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    show([describe_accounts(settings, file)])


def describe_accounts(settings: Settings, file: AccessFile) -> Section:
    lines = [
        Line(one.shown, f"{one.role.word}, password of {format_local(one.at, settings)}")
        for one in accounts.list_accounts(file)
    ]
    return Section("Accounts", lines or [Line("", "none: nobody logs in from the network")])


# --- tokens ---------------------------------------------------------------------------------------


def add_token(arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    token = tokens.add_token(file, arguments.name, GIVEN_ROLES[arguments.role])
    record(settings, file, "token added", f"{arguments.name} ({arguments.role})")
    print(token)
    print(f"A script sends it over https as `Authorization: Bearer TOKEN`. {ONCE}")


def remove_token(arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    tokens.remove_token(file, arguments.name)
    record(settings, file, "token removed", arguments.name)
    print(f"The token {arguments.name} is worth nothing any more.")


def list_tokens(_arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    show([describe_tokens(settings, file)])


def describe_tokens(settings: Settings, file: AccessFile) -> Section:
    lines = [
        Line(one.name, f"{one.role.word}, made {format_local(one.at, settings)}")
        for one in tokens.list_tokens(file)
    ]
    return Section("Tokens of scripts", lines or [Line("", "none")])


# --- the rest -------------------------------------------------------------------------------------


def show_all(_arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    has_pin = accounts.find_pin(file) is not None
    pin = "a PIN is set" if has_pin else "no PIN is set: `sudo unitctl access pin set`"
    wrong = [Line(key, f"{one.failures} wrong") for key, one in attempts.list_wrong(file)]
    show(
        [
            Section("Touchscreen", [Line("", pin)]),
            describe_accounts(settings, file),
            describe_tokens(settings, file),
            Section("Wrong tries", wrong or [Line("", "none")]),
            Section(
                "Logged in",
                [Line("", format_count(sessions.count_sessions(file), "session"))],
            ),
        ]
    )


def unlock(_arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    attempts.forget_all(file)
    record(settings, file, "wrong tries forgotten")
    print("Everybody may try again now.")


def show_acts(arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    found = acts.list_acts(file, arguments.limit)
    if arguments.json:
        show_json([acts.describe(one) for one in found])
        return
    lines = [Line(format_local(one.at, settings), describe_act(one)) for one in found]
    show([Section("Acts", lines or [Line("", "none yet")])])


def describe_act(one: acts.Act) -> str:
    """Who did what, from where, and how it ended, in one line."""
    source = f" {one.source}" if one.source else ""
    who = one.name or "somebody unknown"
    detail = "" if one.detail == "{}" else f" {one.detail}"
    text = f"{who} ({one.origin}{source}): {one.what} {one.target}{detail}: {one.outcome}"
    return make_printable(text)


def mend(_arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    aside = set_aside(file)
    record(settings, file, "file of logins begun anew", str(aside or ""))
    if aside is None:
        print("There is no file of logins yet, or it can be read: nothing was set aside.")
    else:
        print(f"Set aside as {aside}. Now set the PIN and add the accounts again.")
