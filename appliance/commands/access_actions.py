"""What `unitctl access` does, once its words are understood (access.py).

Reads: access.db; secrets from the terminal, or in one line from standard input. Writes: access.db,
the journal of acts in it, standard output.
Never: prints a secret, but for a new token, once.
"""

import argparse

from appliance.access import accounts, acts, attempts, passwords, sessions, setup_code, tokens
from appliance.access.acts import Outcome
from appliance.access.database import AccessFile, set_aside
from appliance.access.roles import GIVEN_ROLES, Origin, Person, Role
from appliance.commands.opening import format_local
from appliance.commands.printing import Line, Section, show, show_json
from appliance.commands.typed import read_new_secret
from appliance.media.erasing import find_user_name
from appliance.settings import Settings
from appliance.strict_json import InputError
from appliance.wording.counts import format_count
from appliance.wording.shorten import make_printable

WITH_ZONE = "%Y-%m-%d %H:%M:%S %z"
ONCE = "Keep it now: it is not shown again."


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
    name = accounts.clean_account_name(arguments.name)
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
        Line(one.shown, f"{one.role.word}, password of {format_local(one.at, settings, WITH_ZONE)}")
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
        Line(one.name, f"{one.role.word}, made {format_local(one.at, settings, WITH_ZONE)}")
        for one in tokens.list_tokens(file)
    ]
    return Section("Tokens of scripts", lines or [Line("", "none")])


# --- a new unit ---------------------------------------------------------------------------------


def make_code(_arguments: argparse.Namespace, settings: Settings, file: AccessFile) -> None:
    code = setup_code.make_code(file)
    record(settings, file, "set-up code made")
    print(code)
    print("Open https://UNIT/setup and type it. It ends with the first PIN or technician.")


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
    lines = [Line(format_local(one.at, settings, WITH_ZONE), describe_act(one)) for one in found]
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
