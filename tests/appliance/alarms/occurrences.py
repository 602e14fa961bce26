"""Occurrences for the tests of alarms."""

from datetime import UTC, datetime
from typing import Any

from appliance.alarms.occurrences import Occurrence
from appliance.model import EnergyLevel
from appliance.model_alarms import AlarmKind

AT = datetime(2026, 4, 15, 1, 10, tzinfo=UTC)


def person(**other: Any) -> Occurrence:
    """A person at the gate by night."""
    usual: dict[str, Any] = {
        "kind": AlarmKind.EVENT,
        "at": AT,
        "place": "gate",
        "text": "a person at the gate",
        "level": EnergyLevel.SENTINEL,
        "label": "person",
        "zone": "drive",
        "event_id": "e1",
    }
    return Occurrence(**(usual | other))


def fault(code: str) -> Occurrence:
    """A fault of the charger."""
    return Occurrence(
        AlarmKind.FAULT, AT, "power", "the charger is silent", EnergyLevel.ECO, code=code
    )
