"""Which services use which settings, and so what is restarted after a change.

    orders = list_orders(changed, before, after)     # Orders for PID 1, in the order to give them

In: the changed keys, the settings before and after. Out: units and what becomes of each. Pure.
Never: restarts what reads the settings anew each time it runs (plan, backup, check-in, switches).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from appliance.process.touchscreen import is_shown
from appliance.process.units import format_unit, list_camera_units
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from appliance.settings_rules.places import Place
from appliance.wording.sentence import say

CAMERAS, WEB = "cameras", "web"


def name_all(words: str) -> frozenset[str]:
    """The words of a line."""
    return frozenset(words.split())


# The sections of which a resident service reads something; `unit` and `camera` are below. The page
# and MQTT show what many of them say.
SECTIONS: Mapping[str, frozenset[str]] = {
    "power": name_all(
        "site clock host charger bms meter panels battery energy computer switch source jetson gpu"
        " link"
    ),
    "sensors": name_all("clock computer link switch fleet update ddi"),
    CAMERAS: name_all("clock computer panels site"),
    "hints": name_all("clock"),
    "inference": name_all("clock computer inference"),
    "mqtt": name_all(
        "mqtt clock site battery bms meter panels energy source inference alarms recipient update"
        " web"
    ),
    "push": name_all("clock host fleet update"),
    "alarm": name_all("alarms alarm recipient channel site clock inference switch"),
    "proxy": name_all("web alarms"),
    "kiosk": name_all("kiosk"),
}
# Keys of [camera.NAME] that a service reads beside the camera's own; `*`: that there is a camera.
CAMERA_KEYS: Mapping[str, frozenset[str]] = {
    "power": name_all("* runs_from supply onvif"),
    "hints": name_all("* source user password_file onvif allow_local"),
    "inference": name_all("* zone line model clip_s timelapse_min"),
    "mqtt": name_all("* zone line runs_from"),
    "alarm": name_all("* zone line"),
}
# Keys that the camera's own process does not read.
NOT_THE_CAMERAS = frozenset({"zone", "line", "model", "timelapse_min", "device_ids"})
# Who shows the unit's name; the directories are everybody's.
NAMED: Mapping[Place, Collection[str]] = {
    ("unit", "name"): {"mqtt", "push", "alarm"},
    ("unit", "id"): {"mqtt", "push", "alarm"},
}
TITLES = {
    "power": say("the energy service"),
    "sensors": say("the sensor service"),
    "hints": say("the service of the cameras' own alarms"),
    "inference": say("the inference service"),
    "mqtt": say("the MQTT service"),
    "push": say("the service of the fleet's hints"),
    "alarm": say("the alarm service"),
    "proxy": say("the TLS proxy"),
    "kiosk": say("the touchscreen"),
    WEB: say("this page"),
}


class Verb(Enum):
    """What becomes of a unit."""

    STOP = "stop"
    RESTART = "restart"  # also where it had nothing to do
    TRY_RESTART = "try-restart"  # where it runs


@dataclass(frozen=True, slots=True)
class UnitOrder:
    """One unit, what becomes of it, and its name for people."""

    unit: str
    verb: Verb
    title: str


def list_orders(
    changed: Iterable[Place], before: Settings | None, after: Settings
) -> list[UnitOrder]:
    """The orders, in the order to give them: what goes, the guard, the others, at last the page."""
    changed = list(changed)
    old = before.camera if before else {}
    if not changed:
        return []
    new_units, old_units = list_camera_units(after.camera), list_camera_units(old)
    gone = [unit for unit in old_units if unit not in new_units]
    stops = [UnitOrder(f"{unit}.service", Verb.STOP, title_camera(unit)) for unit in gone]
    used = [name for name in SECTIONS if name != CAMERAS and uses(name, changed, old, after)]
    cameras = [
        UnitOrder(f"{unit}.service", Verb.TRY_RESTART, title_camera(unit))
        for unit in new_units
        if unit in old_units and is_camera_changed(unit, changed, old, after.camera)
    ]
    orders = [UnitOrder(format_unit(name), choose_verb(name, after), TITLES[name]) for name in used]
    page = UnitOrder(format_unit(WEB), Verb.TRY_RESTART, TITLES[WEB])
    return [*stops, *orders[:1], *cameras, *orders[1:], page]


def uses(service: str, changed: Iterable[Place], old: Collection[str], after: Settings) -> bool:
    """Whether a service reads one of the changed keys."""
    added = set(old) ^ set(after.camera)
    return any(reads(service, where, added) for where in changed)


def reads(service: str, where: Place, added: Collection[str]) -> bool:
    """Whether a service reads that key; `added`: cameras that come or go."""
    if where[0] == "unit":
        return service in NAMED.get(where, SECTIONS)
    if where[0] != "camera":
        return where[0] in SECTIONS[service]
    keys = CAMERA_KEYS.get(service, frozenset())
    return (where[1] in added and "*" in keys) or (len(where) > 2 and where[2] in keys)


def is_camera_changed(
    unit: str,
    changed: Iterable[Place],
    old: Mapping[str, CameraSettings],
    new: Mapping[str, CameraSettings],
) -> bool:
    """Whether a unit's cameras are others than before, or one of them reads a changed key."""
    members, members_before = list_members(unit, new), list_members(unit, old)
    return members != members_before or any(is_own(where, members) for where in changed)


def is_own(where: Place, members: Collection[str]) -> bool:
    if where[0] == "unit":
        return where not in NAMED
    if where[0] != "camera":
        return where[0] in SECTIONS[CAMERAS]
    return where[1] in members and not (len(where) > 2 and where[2] in NOT_THE_CAMERAS)


def list_members(unit: str, cameras: Mapping[str, CameraSettings]) -> list[str]:
    """The cameras that run in a unit."""
    level = list_camera_units(cameras).get(unit)
    return [name for name, one in cameras.items() if level is not None and one.runs_from == level]


def title_camera(unit: str) -> str:
    """For people: "the process of camera gate", "the process of the cameras of level eco"."""
    kind, _, instance = unit.partition("@")
    if kind.endswith("camera"):
        return say("the process of camera {name}", name=instance)
    return say("the process of the cameras of level {level}", level=instance)


def choose_verb(service: str, after: Settings) -> Verb:
    """What left because it had nothing to do is started where it has something now."""
    has_work = {
        "mqtt": bool(after.mqtt.host),
        "push": bool(after.fleet.push),
        "kiosk": is_shown(after),
    }
    return Verb.RESTART if has_work.get(service) else Verb.TRY_RESTART


def format_titles(orders: Iterable[UnitOrder]) -> Iterator[str]:
    """What happens, in words."""
    for order in orders:
        if order.verb is Verb.STOP:
            yield say("{service} is stopped", service=order.title)
        else:
            yield say("{service} is restarted", service=order.title)
