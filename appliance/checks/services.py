"""Check: does every service that should run report?

Reads: the services' sentences, the energy level, the settings. Writes: nothing.
Never: asks PID 1: for it a process that hangs is active, but here it no longer reports.
"""

from appliance.checks import NO_DATABASE, Finding
from appliance.clock import Clock
from appliance.model import EnergyBudget, EnergyLevel
from appliance.process.units import find_unit
from appliance.settings import Settings
from appliance.status import status_document
from appliance.store.store import Store
from appliance.store.tables import ALARM, CAMERA, CHECKIN, HINTS, PLAN
from appliance.wording.counts import format_count

NAME = "services"
VISITED = frozenset((PLAN, CHECKIN, ALARM, "backup", "web"))  # they leave when they are done


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if store is None:
        return Finding(NAME, NO_DATABASE, ok=None)
    budget = store.latest(EnergyBudget)
    level = budget.level if budget else EnergyLevel.OFF
    awake = [
        entry
        for entry in status_document.describe_services(store, settings)
        if should_report(entry["service"], level, settings)
    ]
    silent = [entry["service"] for entry in awake if not entry["fresh"]]
    if silent:
        advice = f"`systemctl status {find_unit(silent[0], settings.camera)}` says why"
        return Finding(NAME, f"silent: {', '.join(silent)}", advice, ok=False)
    names = ", ".join(entry["service"] for entry in awake)
    return Finding(NAME, f"{format_count(len(awake), 'report')} up to date: {names}", ok=True)


def should_report(service: str, level: EnergyLevel, settings: Settings) -> bool:
    """Whether a service stays at a level: without energy neither cameras nor inference need to.

    A sentence of what has left is no news of it: a oneshot's age shows in `unitctl status`.
    """
    needs = {"inference": EnergyLevel.ECO, CAMERA: EnergyLevel.SENTINEL}
    enough = level >= needs.get(service.partition("@")[0], EnergyLevel.OFF)
    return enough and has_work(service, settings)


def has_work(service: str, settings: Settings) -> bool:
    """Whether a service stays with these settings; what they give nothing to do says so and leaves,
    and what they name no more was stopped.
    """
    kind, _, name = service.partition("@")
    if kind == CAMERA:
        return name in settings.camera
    if kind == HINTS:
        return any(one.onvif for one in settings.camera.values())
    return service not in VISITED and (kind != "mqtt" or bool(settings.mqtt.host))
