"""Check: does every service that should run report?

Reads: the services' sentences, and the energy level. Writes: nothing.
Never: asks PID 1: for it a process that hangs is active, but here it no longer reports.
"""

from appliance.checks import NO_DATABASE, Finding
from appliance.clock import Clock
from appliance.model import EnergyBudget, EnergyLevel
from appliance.process.units import find_unit
from appliance.settings import Settings
from appliance.status import status_document
from appliance.store.store import Store
from appliance.store.tables import PLAN
from appliance.wording.counts import format_count

NAME = "services"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if store is None:
        return Finding(NAME, NO_DATABASE, ok=None)
    budget = store.latest(EnergyBudget)
    awake = [
        entry
        for entry in status_document.describe_services(store, settings)
        if should_report(entry["service"], budget.level if budget else EnergyLevel.OFF)
    ]
    silent = [entry["service"] for entry in awake if not entry["fresh"]]
    if silent:
        advice = f"`systemctl status {find_unit(silent[0], settings.camera)}` says why"
        return Finding(NAME, f"silent: {', '.join(silent)}", advice, ok=False)
    names = ", ".join(entry["service"] for entry in awake)
    return Finding(NAME, f"{format_count(len(awake), 'report')} up to date: {names}", ok=True)


def should_report(service: str, level: EnergyLevel) -> bool:
    """Whether a service runs at a level: without energy neither cameras nor inference need to.

    The plan is a oneshot; its age shows in `unitctl status`.
    """
    needs = {"inference": EnergyLevel.ECO, "camera": EnergyLevel.SENTINEL}
    return service != PLAN and level >= needs.get(service.partition("@")[0], EnergyLevel.OFF)
