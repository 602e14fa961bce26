"""`unitctl cameras`: what each camera does, what that costs, and why, now and at any moment.

Reads: the settings and the unit database. Writes: standard output; what
appliance/commands/camera_holds.py and camera_timelapse.py write.
Never: gives a camera a mode; the energy budget decides it, and people may take from that.
"""

import argparse
from importlib.metadata import EntryPoint
from typing import Any

from appliance.commands import (
    camera_cost,
    camera_coverage,
    camera_holds,
    camera_timelapse,
    camera_why,
)
from appliance.commands.opening import format_local, open_unit
from appliance.commands.plugged import load_plugin
from appliance.commands.printing import BAD, Line, Section, show, show_json
from appliance.errors import SettingsError
from appliance.model_cameras import CameraChange
from appliance.parsing.arguments import NAME, PATH, TIME, make_type
from appliance.parsing.nearest import advise
from appliance.parsing.times import TIME_HELP
from appliance.parsing.values import parse_count
from appliance.process.plugins import list_plugins
from appliance.settings import Settings
from appliance.status import cameras
from appliance.status.coverage import MOST_DAYS
from appliance.store.store import Store
from appliance.wording.counts import format_count

GROUP = "appliance.commands.cameras"  # actions that need a package above (decision 0008)
WHEN = "%a %d %b %H:%M"
COVERAGE_HELP = "show when nothing was watched, each camera and day, and why"
WHY_HELP = "show the mode of a camera at a moment, its reason, and motion and events around it"
COST_HELP = "show the energy of each camera (Wh) day by day, and the number of its events"
HELP = "show what each camera does, its energy use, and why"
EPILOG = (
    "exit codes: 0 answered; 1 nothing is known of that, or the database cannot be read; "
    "2 settings or usage"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(action=show_all)
    actions = parser.add_subparsers(metavar="ACTION")
    why = actions.add_parser("why", help=WHY_HELP, description=WHY_HELP, epilog=EPILOG)
    why.set_defaults(action=show_why)
    why.add_argument("camera", type=NAME, metavar="NAME", help="NAME of its section [camera.NAME]")
    why.add_argument("--at", type=TIME, metavar="TIME", help=f"{TIME_HELP}; default: now")
    cost = actions.add_parser("cost", help=COST_HELP, description=COST_HELP, epilog=EPILOG)
    cost.set_defaults(action=show_cost)
    camera_holds.add_actions(actions)
    camera_timelapse.add_action(actions)
    coverage = actions.add_parser("coverage", help=COVERAGE_HELP, description=COVERAGE_HELP)
    coverage.set_defaults(action=show_coverage)
    for action, most in ((cost, camera_cost.MOST_DAYS), (coverage, MOST_DAYS)):
        add_days(action, most)
    added = [add_plugged(actions, one) for one in list_plugins(GROUP)]
    for action in (why, cost, coverage, *added):
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON"
        )
        action.add_argument(
            "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
        )


def add_plugged(actions: Any, plugin: EntryPoint) -> argparse.ArgumentParser:
    """An action of another package."""
    module = load_plugin(plugin)
    action: argparse.ArgumentParser = actions.add_parser(
        plugin.name,
        help=module.HELP,
        description=getattr(module, "DESCRIPTION", module.HELP),
        epilog=getattr(module, "EPILOG", EPILOG),
    )
    module.add_arguments(action)
    action.set_defaults(order=module.run)
    return action


def add_days(action: argparse.ArgumentParser, most: int) -> None:
    action.add_argument(
        "--days",
        type=make_type(parse_count, 1, most),
        default=1,
        metavar="N",
        help="today and N - 1 days before (default 1)",
    )


def run(arguments: argparse.Namespace) -> int:
    if hasattr(arguments, "order"):
        return int(arguments.order(arguments))
    with open_unit(arguments) as (settings, store):
        code: int = arguments.action(arguments, settings, store)
    return code


def show_why(arguments: argparse.Namespace, settings: Settings, store: Store) -> int:
    camera = check_camera_name(arguments.camera, settings, store)
    return camera_why.show_moment(camera, arguments.at, arguments.json, settings, store)


def show_cost(arguments: argparse.Namespace, settings: Settings, store: Store) -> int:
    return camera_cost.show_days(arguments.days, arguments.json, settings, store)


def show_coverage(arguments: argparse.Namespace, settings: Settings, store: Store) -> int:
    return camera_coverage.show_coverage(arguments.days, arguments.json, settings, store)


def check_camera_name(name: str, settings: Settings, store: Store) -> str:
    """That name, if the settings or a row know it; raises `SettingsError` with the nearest one."""
    known = list(dict.fromkeys([*settings.camera, *store.list_values(CameraChange, "camera")]))
    if name in known:
        return name
    raise SettingsError(f"there is no camera {name!r}; {advise(name, known)}")


# --- now ------------------------------------------------------------------------------------------


def show_all(arguments: argparse.Namespace, settings: Settings, store: Store) -> int:
    found = cameras.describe_cameras(store, settings)
    if arguments.json:
        show_json(found)
    elif found:
        lines = [line for camera in found for line in describe_camera(camera, settings)]
        show([Section("Cameras", [*lines, sum_up(found)])])
    else:
        print(f"no camera in {settings.path}")
    return 0


def describe_camera(camera: dict[str, Any], settings: Settings) -> list[Line]:
    """One camera: what it does and costs, and why; then what comes and what wakes it."""
    name = camera["camera"]
    texts = [one["text"] for one in camera["holds"] if one["text"] != camera["reason"]]
    holds = [Line("", f"{text[0].upper()}{text[1:]}", BAD) for text in texts]
    if camera["at"] is None:
        return [Line(name, camera["reason"], BAD), *holds]
    if not camera["fresh"]:
        at = format_local(camera["at"], settings, WHEN)
        text = f"silent since {at}; its last mode was {camera['mode']}"
        return [Line(name, f"{text}: {camera['reason']}", BAD), *holds]
    since = f" since {format_local(camera['since'], settings, WHEN)}" if camera["since"] else ""
    more = [
        describe_stream(camera),
        *list_gates(camera),
        describe_motion(camera, settings),
    ]
    return [
        Line(name, f"{camera['mode']}{since}, {describe_cost(camera)}: {camera['reason']}"),
        Line("", "; ".join(more)),
        *list_advice(camera),
        *holds,
    ]


def describe_stream(camera: dict[str, Any]) -> str:
    """What comes, how often a key frame does, and how many pictures were damaged."""
    if not camera["stream"]:
        return "no video received"
    keys, damaged = camera["key_frame_s"], count_damaged(camera)
    every = f", a key frame every {keys:.3g} s" if keys else ""
    return f"{camera['stream']}{every}" + (f", {damaged} damaged" if damaged else "")


def count_damaged(camera: dict[str, Any]) -> int:
    return (camera["frames_corrupt"] or 0) + (camera["decode_errors"] or 0)


def list_advice(camera: dict[str, Any]) -> list[Line]:
    text = camera["advice"]
    return [Line("", f"{text[0].upper()}{text[1:]}", BAD)] if text else []


def describe_cost(camera: dict[str, Any]) -> str:
    """Now, and in an hour."""
    now, hour = camera["cost_w"], camera["per_hour"]
    now_text = camera_cost.format_known(now, "W", camera["cost_measured"])
    return (
        f"{now_text} now, {camera_cost.format_known(hour['wh'], 'Wh', hour['measured'])} in an hour"
    )


def list_gates(camera: dict[str, Any]) -> list[str]:
    return [f"movement detected by {camera['gates']}"] if camera["gates"] else []


def describe_motion(camera: dict[str, Any], settings: Settings) -> str:
    motion = camera["last_motion"]
    if motion is None:
        return "no motion stored yet (it is stored when it ends)"
    at = format_local(motion["at"], settings, WHEN)
    return f"last motion {at} (detected by {motion['woken_by']}), {motion['reason']}"


def sum_up(found: list[dict[str, Any]]) -> Line:
    """The sums of those that are known."""
    now = [camera["cost_w"] for camera in found if camera["cost_w"] is not None]
    hour = [wh for camera in found if (wh := camera["per_hour"]["wh"]) is not None]
    unknown = len(found) - min(len(now), len(hour))
    but = f", without {format_count(unknown, 'camera')} of unknown energy use" if unknown else ""
    now_text, hour_text = camera_cost.format_figure(sum(now)), camera_cost.format_figure(sum(hour))
    text = f"{now_text} W now, {hour_text} Wh in an hour"
    return Line("together", f"{text}{but}" if now or hour else "not known")
