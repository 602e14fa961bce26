"""Check: does every service report that should run at this energy level?

Reads: the services' sentences. Writes: nothing.
Never: asks PID 1: for it a process that hangs is active.
"""

from appliance.checks.services import should_report
from appliance.model import ServiceState
from appliance.process.units import find_unit
from ota.health.sight import Items, Sight

ALWAYS = ("power", "sensors")
ONESHOT = frozenset(("plan", "backup", "checkin", "web"))  # or leave by themselves


def look(sight: Sight) -> Items:
    known = {*ALWAYS, *sight.store.list_values(ServiceState, "service")} - ONESHOT
    level = sight.level
    awake = sorted(name for name in known if name in ALWAYS or should_report(name, level))
    return {f"service {name}": find_silence(sight, name) for name in awake}


def find_silence(sight: Sight, name: str) -> str:
    if sight.find(ServiceState, service=name) is not None:
        return ""
    return f"{find_unit(name, sight.settings.camera)} does not report"
