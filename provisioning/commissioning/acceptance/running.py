"""All checks, one after the other; what one cannot do keeps no other from being done.

    findings, photographs = run_all(unit, {"switch": "lamp"}, World())

Reads: what the checks read. Writes: what the load check orders.
Never: ends with an error of one check: that is a check that failed, with its reason.
"""

from collections.abc import Callable
from typing import Any

from appliance.errors import ApplianceError
from appliance.wording.sentence import say
from provisioning.commissioning.acceptance.battery import check_battery
from provisioning.commissioning.acceptance.cameras import check_camera, list_cameras
from provisioning.commissioning.acceptance.computer import (
    check_clock,
    check_storage,
    check_watchdog,
)
from provisioning.commissioning.acceptance.inference import check_inference
from provisioning.commissioning.acceptance.load import check_load
from provisioning.commissioning.acceptance.power_cut import check_power_cut
from provisioning.commissioning.acceptance.remote import check_alarms, check_server
from provisioning.commissioning.acceptance.scene import Scene, World, open_scene
from provisioning.commissioning.acceptance.sun import check_sun
from provisioning.commissioning.findings import Finding, Verdict
from provisioning.commissioning.report.document import Photograph
from provisioning.commissioning.unit import Unit

Check = Callable[[Scene], Finding]
BEFORE: dict[str, Check] = {"sun": check_sun, "battery": check_battery, "load": check_load}
AFTER: dict[str, Check] = {
    "update server": check_server,
    "watchdog": check_watchdog,
    "storage": check_storage,
    "clock": check_clock,
    "alarms": check_alarms,
    "power cut": check_power_cut,
}


def run_all(
    unit: Unit, wishes: dict[str, Any], world: World
) -> tuple[tuple[Finding, ...], tuple[Photograph, ...]]:
    """The findings in their order, and what the cameras see. Raises `SettingsError`."""
    with open_scene(unit, world, wishes) as scene:
        found = [attempt(name, check, scene) for name, check in BEFORE.items()]
        photographs: list[Photograph] = []
        for name in list_cameras(scene):
            finding, photograph = look(scene, name)
            found.append(finding)
            photographs.append(photograph)
        found.append(attempt("inference", lambda one: check_inference(one, photographs), scene))
        found += [attempt(name, check, scene) for name, check in AFTER.items()]
    return tuple(found), tuple(photographs)


def attempt(name: str, check: Check, scene: Scene) -> Finding:
    """One check; an error of the world is a check that failed, with its text."""
    try:
        return check(scene)
    except (ApplianceError, OSError) as error:
        return make_failed(name, error)


def look(scene: Scene, name: str) -> tuple[Finding, Photograph]:
    """One camera."""
    try:
        return check_camera(scene, name)
    except (ApplianceError, OSError) as error:
        return make_failed(f"camera {name}", error), Photograph(name, None, str(error))


def make_failed(name: str, error: Exception) -> Finding:
    reason = say("it could not be done: {error}", error=str(error))
    return Finding(name, name, Verdict.FAILED, reason)
