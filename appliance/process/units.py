"""The names of the unit files in systemd/, made from a service's own name.

In: a service's name as it is in the database ("power", "camera@front"). Out: its unit. And which
units a site's cameras run in: several of one level are forked from one process, so that they share
its memory (docs/decisions/0033-cameras-are-forked.md).
Never: asks PID 1; a test compares with the files in systemd/.
"""

from collections.abc import Mapping

from appliance.model import EnergyLevel
from appliance.sections.cameras import CameraSettings
from appliance.wording.sentence import say

PREFIX = "appliance-"
CAMERA, CAMERAS = f"{PREFIX}camera@", f"{PREFIX}cameras@"


def format_unit(service: str) -> str:
    """The name for `systemctl`: "power" gives "appliance-power.service"."""
    return f"{PREFIX}{service}.service"


def list_camera_units(cameras: Mapping[str, CameraSettings]) -> dict[str, EnergyLevel]:
    """The units of a site's cameras and the level that each runs from: one alone at its level has
    its own, several have one together.
    """
    names: dict[EnergyLevel, list[str]] = {}
    for name, camera in cameras.items():
        names.setdefault(camera.runs_from, []).append(name)
    return {
        f"{CAMERA}{own[0]}" if len(own) == 1 else f"{CAMERAS}{level.name.lower()}": level
        for level, own in names.items()
    }


def find_unit(service: str, cameras: Mapping[str, CameraSettings]) -> str:
    """The unit in which a service runs: that of a camera may be one for several."""
    unit = format_unit(service)
    name = service.removeprefix("camera@")
    if name == service or name not in cameras:
        return unit
    level = cameras[name].runs_from
    found = [one for one, lowest in list_camera_units(cameras).items() if lowest == level]
    return f"{found[0]}.service"


def find_other_unit(unit: str, cameras: Mapping[str, CameraSettings]) -> str:
    """Why a camera unit that PID 1 has started has nothing to do; "" where it has. A restart of
    `appliance.target` starts those again that the settings before had, and nobody would stop them.
    """
    units = list_camera_units(cameras)
    if unit in units:
        return ""
    others = ", ".join(units) or "no others"
    return say(
        "no camera runs in {unit} any more: by the settings there are {others}",
        unit=unit,
        others=others,
    )
