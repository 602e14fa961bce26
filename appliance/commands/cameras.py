"""`unitctl cameras`: what each camera does, what that costs, and why, now and at any moment.

Reads: the settings and the unit database. Writes: standard output.
Never: changes a camera's mode; the energy budget decides it.
"""

import argparse
import difflib
from pathlib import Path
from typing import Any

from appliance.commands import camera_cost, camera_why
from appliance.commands.opening import AT_HELP, local, opened
from appliance.commands.printing import BAD, Line, Section, show, show_json
from appliance.errors import SettingsError
from appliance.model_cameras import CameraChange
from appliance.settings import Settings
from appliance.status import cameras
from appliance.store.store import Store

WHEN = "%a %d %b %H:%M"
HELP = "show what each camera does, what it costs, and why"
EPILOG = (
    "exit codes: 0 answered; 1 nothing is known of that, or the database cannot be read; "
    "2 settings or usage"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(action=show_all)
    actions = parser.add_subparsers(metavar="ACTION")
    why = actions.add_parser("why", help="why a camera was in its mode", epilog=EPILOG)
    why.set_defaults(action=show_why)
    why.add_argument("camera", metavar="NAME", help="a camera of the settings")
    why.add_argument("--at", metavar="TIME", help=f"{AT_HELP}; default: now")
    cost = actions.add_parser("cost", help="what each camera used, day by day", epilog=EPILOG)
    cost.set_defaults(action=show_cost)
    cost.add_argument("--days", type=int, default=1, metavar="N", help="today and the N - 1 before")
    for action in (why, cost):
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON"
        )
        action.add_argument(
            "--settings", type=Path, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
        )


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as (settings, store):
        code: int = arguments.action(arguments, settings, store)
    return code


def show_why(arguments: argparse.Namespace, settings: Settings, store: Store) -> int:
    camera = known_camera(arguments.camera, settings, store)
    return camera_why.show_past(camera, arguments.at, arguments.json, settings, store)


def show_cost(arguments: argparse.Namespace, settings: Settings, store: Store) -> int:
    return camera_cost.show_days(arguments.days, arguments.json, settings, store)


def known_camera(name: str, settings: Settings, store: Store) -> str:
    """That name, if the settings or a row know it; raises `SettingsError` with the nearest one."""
    known = list(dict.fromkeys([*settings.camera, *store.names(CameraChange, "camera")]))
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    advice = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}"
    raise SettingsError(f"there is no camera {name!r}; {advice}")


# --- now ------------------------------------------------------------------------------------------


def show_all(arguments: argparse.Namespace, settings: Settings, store: Store) -> int:
    found = cameras.cameras(store, settings)
    if arguments.json:
        show_json(found)
    elif found:
        lines = [line for camera in found for line in lines_of(camera, settings)]
        show([Section("Cameras", [*lines, together(found)])])
    else:
        print(f"no camera in {settings.path}")
    return 0


def lines_of(camera: dict[str, Any], settings: Settings) -> list[Line]:
    """One camera: what it does and costs, and why; then what comes and what wakes it."""
    name = camera["camera"]
    if camera["at"] is None:
        return [Line(name, camera["reason"], BAD)]
    if not camera["fresh"]:
        text = f"silent since {local(camera['at'], settings, WHEN)}; the last was {camera['mode']}"
        return [Line(name, f"{text}: {camera['reason']}", BAD)]
    since = f" since {local(camera['since'], settings, WHEN)}" if camera["since"] else ""
    more = [camera["stream"] or "nothing comes", *wakes(camera), motion_text(camera, settings)]
    return [
        Line(name, f"{camera['mode']}{since}, {cost_text(camera)}: {camera['reason']}"),
        Line("", "; ".join(more)),
    ]


def cost_text(camera: dict[str, Any]) -> str:
    """Now, and in an hour."""
    now, hour = camera["cost_w"], camera["per_hour"]
    now_text = camera_cost.known(now, "W", camera["cost_measured"])
    return f"{now_text} now, {camera_cost.known(hour['wh'], 'Wh', hour['measured'])} in an hour"


def wakes(camera: dict[str, Any]) -> list[str]:
    return [f"woken by {camera['gates']}"] if camera["gates"] else []


def motion_text(camera: dict[str, Any], settings: Settings) -> str:
    motion = camera["last_motion"]
    if motion is None:
        return "nothing has moved yet"
    at = local(motion["at"], settings, WHEN)
    return f"moved {at} ({motion['woken_by']}), {motion['reason']}"


def together(found: list[dict[str, Any]]) -> Line:
    """The sums of those that are known."""
    now = [camera["cost_w"] for camera in found if camera["cost_w"] is not None]
    hour = [wh for camera in found if (wh := camera["per_hour"]["wh"]) is not None]
    unknown = len(found) - min(len(now), len(hour))
    but = f", but for {unknown} that is not known" if unknown else ""
    text = f"{camera_cost.figure(sum(now))} W now, {camera_cost.figure(sum(hour))} Wh in an hour"
    return Line("together", f"{text}{but}" if now or hour else "not known")
