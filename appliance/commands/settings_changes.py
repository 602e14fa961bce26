"""`unitctl settings set|history|back|confirm`: changes of the settings file, as by the page.

Reads: the settings file and its history. Writes: both; orders to PID 1; standard output.
Never: changes what the page could not preview, or prints a secret.
"""

import argparse
import tomllib
from datetime import datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.commands.opening import find_settings, format_local
from appliance.errors import SettingsError
from appliance.media.erasing import find_user_name
from appliance.parsing.arguments import NAME, PATH, make_type
from appliance.parsing.values import parse_count
from appliance.sections.values import unwrap_optional
from appliance.settings_change.applying import Keeper, Wanted
from appliance.settings_change.errors import ChangeError
from appliance.settings_change.history import CONFIRMED, NONE, TAKEN_BACK, WAITING, Entry
from appliance.settings_change.keys import find, parse_place
from appliance.settings_change.preview import Preview, look_at, propose
from appliance.settings_change.restarts import format_titles
from appliance.settings_change.target import read_target
from appliance.settings_change.trees import REMOVED
from appliance.settings_rules.places import Place

PLACE = make_type(parse_place)
NUMBER = make_type(partial(parse_count, low=1, high=999_999))
HELPS = {
    "set": "change one key of the settings file, and restart what uses it",
    "history": "the last changes of the settings file",
    "back": "put the file back as it was before a change (default: before the last one)",
    "confirm": "let a change stay that waits for its confirmation",
}
CONFIRMATIONS = {
    NONE: "",
    WAITING: ", waits for its confirmation",
    CONFIRMED: ", confirmed",
    TAKEN_BACK: ", taken back",
}


def add_actions(actions: Any) -> None:
    """The actions that change the file, and that which lists the changes."""
    one = add_action(actions, "set", run_set)
    one.add_argument("key", type=PLACE, metavar="KEY", help="such as battery.capacity_wh")
    one.add_argument("value", nargs="?", metavar="VALUE", help="as in the file; text as it is")
    one.add_argument("--remove", action="store_true", help="take the key out: its default holds")
    for action in (one, add_action(actions, "back", run_back)):
        action.add_argument("--preview", action="store_true", help="only show what would change")
        action.add_argument("--why", type=NAME, metavar="TEXT", help="is recorded")
    add_action(actions, "history", run_history)
    add_action(actions, "confirm", run_confirm)
    for name in ("back", "confirm"):
        text = "the change, as `unitctl settings history` numbers it"
        actions.choices[name].add_argument("number", nargs="?", type=NUMBER, metavar="N", help=text)


def add_action(actions: Any, name: str, run: Any) -> argparse.ArgumentParser:
    """One action with what all of them take."""
    action: argparse.ArgumentParser = actions.add_parser(
        name, help=HELPS[name], description=HELPS[name]
    )
    action.set_defaults(change=run)
    action.add_argument(
        "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
    )
    return action


def open_keeper(arguments: argparse.Namespace) -> Keeper:
    """People are as slow in a demonstration that runs fast: the kernel's clock."""
    return Keeper(find_settings(arguments.settings).absolute(), SystemClock())


def run_set(arguments: argparse.Namespace) -> int:
    keeper, place = open_keeper(arguments), arguments.key
    if (arguments.value is None) is not arguments.remove:
        raise SettingsError("it needs a VALUE, or --remove; nothing was changed")
    value = REMOVED if arguments.remove else parse_value(place, arguments.value)
    data = read_target(keeper.path).data
    return make(arguments, keeper, propose(keeper.path, data, {place: value}, from_page=False))


def parse_value(place: Place, text: str) -> Any:
    """A value as the file has it; text and choices may stand without quotes."""
    found = find(place)
    kind = unwrap_optional(found.kind)
    is_text = kind in (str, Path) or (isinstance(kind, type) and issubclass(kind, Enum))
    if found.spec is not None and is_text and not text.startswith(('"', "'")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return text  # the check of the settings says what it must be


def run_back(arguments: argparse.Namespace) -> int:
    keeper = open_keeper(arguments)
    entries = keeper.history.list_entries()
    if not entries:
        raise ChangeError(f"no change of {keeper.path} is kept")
    number = arguments.number or entries[0].number
    if keeper.history.find(number).confirmation == WAITING and not arguments.preview:
        return show_made(keeper.take_back(number, find_user_name(), arguments.why or ""))
    text = keeper.history.read_text(number)
    data = read_target(keeper.path).data
    arguments.why = arguments.why or f"as before change {number}"
    return make(arguments, keeper, look_at(keeper.path, data, text, from_page=False))


def run_confirm(arguments: argparse.Namespace) -> int:
    keeper = open_keeper(arguments)
    waiting = keeper.history.find_waiting()
    if waiting is None and arguments.number is None:
        raise ChangeError("no change waits for its confirmation")
    number = arguments.number or (waiting.number if waiting else 0)
    print(f"change {keeper.confirm(number).number} stays")
    return 0


def make(arguments: argparse.Namespace, keeper: Keeper, preview: Preview) -> int:
    """Show a change, and make it unless only the preview is wanted."""
    for line in format_preview(preview):
        print(line)
    if arguments.preview:
        print("nothing was changed")
        return 0
    wanted = Wanted(preview.text, preview.base, find_user_name(), arguments.why or "")
    return show_made(keeper.change(wanted))


def format_preview(preview: Preview) -> list[str]:
    """Each key from what to what, then warnings, restarts and the lines."""
    lines = [
        f"{one['key']}: {format_value(one['before'])} -> {format_value(one['after'])}"
        for one in preview.keys
    ]
    lines += [f"warning: {text}" for text in preview.warnings]
    return [*lines, *format_titles(preview.orders), "", *preview.diff.splitlines(), ""]


def format_value(value: dict[str, Any]) -> str:
    """A value without its secret, and where it comes from."""
    shown = value.get("shown") if value.get("is_secret") else value["value"]
    return f"{'none' if shown is None else shown} ({value['from']})"


def show_made(entry: Entry) -> int:
    print(f"change {entry.number} is made; `unitctl settings back {entry.number}` undoes it")
    for text in entry.said:
        print(text)
    return 0


def run_history(arguments: argparse.Namespace) -> int:
    keeper = open_keeper(arguments)
    entries = keeper.history.list_entries()
    if not entries:
        print(f"no change of {keeper.path} is kept: changes by an editor are not")
    for entry in entries:
        print(format_entry(entry, keeper.path))
    return 0


def format_entry(entry: Entry, path: Path) -> str:
    """One change in a line."""
    try:
        at = format_local(entry.at, settings_file.load_settings(path), "%Y-%m-%d %H:%M")
    except SettingsError:
        at = datetime.fromisoformat(entry.at).strftime("%Y-%m-%d %H:%M UTC")
    why = f" ({entry.why})" if entry.why else ""
    confirmation = CONFIRMATIONS.get(entry.confirmation, f", {entry.confirmation}")
    return f"{entry.number:>4}  {at}  {entry.who}: {', '.join(entry.keys)}{why}{confirmation}"
