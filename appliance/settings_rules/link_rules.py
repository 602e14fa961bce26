"""What must hold of the mobile link: its switch, its levels, its windows.

In: settings. Out: the places that break a rule, and why. Pure.
Never: checks a value by itself (its type and range); appliance/settings_file.py does that.
"""

import re
from collections.abc import Iterator

from appliance.sections.loads import RunsWhen
from appliance.settings import Settings
from appliance.settings_rules.places import Error
from appliance.strict_json import show

INTERFACE = re.compile(r"[A-Za-z0-9_.:@-]{0,15}")
APN = re.compile(r"[A-Za-z0-9.-]{0,100}")


def check_link(settings: Settings) -> Iterator[Error]:
    """It can be switched, and a window fits between two beginnings."""
    own = settings.link
    if not INTERFACE.fullmatch(own.interface):
        yield ("link", "interface"), f"is {show(own.interface)}: a name such as wwan0 is meant"
    if not APN.fullmatch(own.apn):
        yield ("link", "apn"), f"is {show(own.apn)}: letters A to Z, digits, dots and - are meant"
    if own.windows_from > own.on_from:
        name = own.on_from.name.lower()
        yield ("link", "windows_from"), f"must be at most on_from ({name})"
    if own.window_min > own.window_every_min:
        text = f"must be at most window_every_min ({own.window_every_min:g})"
        yield ("link", "window_min"), text
    yield from check_switch(settings)


def check_switch(settings: Settings) -> Iterator[Error]:
    """It must be a plain switch, which is on at its level and feeds nothing but the modem."""
    name, where = settings.link.switch, ("link", "switch")
    own = settings.switch.get(name)
    if not name:
        return
    if own is None:
        yield where, f"names no switch: there is no [switch.{name}]"
    elif own.runs_when is not RunsWhen.LEVEL or own.is_host:
        yield where, f"names [switch.{name}], which is no plain switch: `runs_when` or `full_w`"
    elif name in settings.source_switches:
        yield where, f"names [switch.{name}], which starts a source"
    elif any(camera.supply == name for camera in settings.camera.values()):
        yield where, f"names [switch.{name}], which feeds a camera"
