"""`unitctl cameras pause|mute|off|resume`: a person's hold on one camera or on all.

Reads: the settings and the unit database. Writes: `CameraHold` rows, standard output.
Never: gives a camera what the energy budget does not allow: a hold only ever takes something.
"""

import argparse
from functools import partial
from typing import Any

from appliance.commands.opening import get_timezone, load_unit_settings
from appliance.errors import SettingsError
from appliance.media.erasing import find_user_name
from appliance.model_cameras import CameraHold, HoldKind
from appliance.parsing.arguments import NAME, PATH, TIME, make_type
from appliance.parsing.nearest import advise
from appliance.parsing.times import parse_span
from appliance.settings import Settings
from appliance.status.camera_holds import format_hold
from appliance.store.camera_holds import ALL, HoldReader, Order, add_holds, make_hold
from appliance.store.store import Store
from appliance.store.tables import CAMERA
from appliance.strict_json import InputError

UNITCTL = "unitctl"
SPAN = make_type(parse_span)
HELPS = {
    "pause": (HoldKind.PAUSE, "pause a camera: connected, but nothing is analysed, no events"),
    "mute": (HoldKind.MUTE, "mute a camera: events are stored, nobody is told of them"),
    "off": (HoldKind.OFF, "switch a camera off: it is not connected"),
}
RESUME_HELP = "end pause, mute and off of a camera before their time"
UNTIL_HELP = "a time of day such as 18:00 (the next one), or a date such as 2026-04-15T18:30"


def add_actions(actions: Any) -> None:
    """The actions pause, mute, off and resume."""
    for word, (kind, text) in HELPS.items():
        action = add_action(actions, word, text)
        action.set_defaults(hold=kind)
        ends = action.add_mutually_exclusive_group()
        ends.add_argument("--for", dest="span", type=SPAN, metavar="SPAN", help="90m, 2h, 7d")
        ends.add_argument("--until", type=TIME, metavar="TIME", help=UNTIL_HELP)
    add_action(actions, "resume", RESUME_HELP).set_defaults(hold=None, span=None, until=None)


def add_action(actions: Any, word: str, text: str) -> argparse.ArgumentParser:
    """One action with what all of them take."""
    action: argparse.ArgumentParser = actions.add_parser(word, help=text, description=text)
    action.set_defaults(order=order_hold)
    action.add_argument("camera", nargs="?", type=NAME, metavar="NAME", help="one camera")
    action.add_argument("--all", dest="all_cameras", action="store_true", help="all cameras")
    action.add_argument("--reason", type=NAME, metavar="TEXT", help="why; is recorded")
    action.add_argument(
        "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
    )
    return action


def order_hold(arguments: argparse.Namespace) -> int:
    """Store the order and print what holds now."""
    settings = load_unit_settings(arguments)
    names = choose_cameras(arguments, settings)
    store = Store(settings.database, settings.make_clock(), CAMERA)
    try:
        add_holds(store, *make_rows(arguments, settings, store))
        reader = HoldReader(store)
        for name in names:
            print(f"{name}: {describe(reader, name, settings)}")
    finally:
        store.close()
    return 0


def choose_cameras(arguments: argparse.Namespace, settings: Settings) -> list[str]:
    """The cameras that are meant. Raises `SettingsError`."""
    name = arguments.camera
    if arguments.all_cameras is (name is not None):
        raise SettingsError("it needs the NAME of one camera, or --all; nothing was changed")
    if name is None:
        return list(settings.camera)
    if name not in settings.camera:
        raise SettingsError(f"there is no camera {name!r}; {advise(name, list(settings.camera))}")
    return [name]


def make_rows(arguments: argparse.Namespace, settings: Settings, store: Store) -> list[CameraHold]:
    """The rows of the order. Raises `SettingsError`."""
    now = store.clock.stamp()
    until = arguments.until
    order = Order(
        who=find_user_name(),
        via=UNITCTL,
        reason=arguments.reason or "",
        span=arguments.span,
        until=until and until.find_next_utc(now.utc, get_timezone(settings)),
    )
    make = partial(make_hold, arguments.camera or ALL, order=order, now=now)
    try:
        if arguments.hold is None:
            return [make(kind=kind, holds=False) for kind in HoldKind]
        return [make(kind=arguments.hold)]
    except InputError as error:
        raise SettingsError(f"--until: {error}; nothing was changed") from None


def describe(reader: HoldReader, camera: str, settings: Settings) -> str:
    """What holds of that camera now."""
    found = [format_hold(one, settings.site.timezone) for one in reader.find(camera).values()]
    return "; ".join(found) or "nothing is held: the energy budget decides"
