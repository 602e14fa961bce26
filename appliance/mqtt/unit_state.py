"""What the unit is now, as documents of retained messages. Pure but for the energy that it reads.

In: the status document (docs/status.md), `EnergyTotal` rows. Out: topic -> document.
Never: sends an old value as a present one: what is not fresh is null. Never says that all is well
while charge or level are unknown.
"""

from typing import Any

from appliance.model import EnergyTotal
from appliance.mqtt.topics import Document, Documents, Topics
from appliance.store.store import Store
from appliance.wording.shorten import shorten

# Meters of `EnergyTotal`, as the state names them.
METERS = {"sun": "sun_kwh", "battery-in": "battery_in_kwh", "battery-out": "battery_out_kwh"}
METERS |= {"load": "load_kwh"}
SILENT = "charge or energy level are unknown: the power service does not report"
STATE_LENGTH = 255  # Home Assistant takes no longer state
SHOWN_LENGTH = STATE_LENGTH - 30  # and how much is left out
WH_IN_KWH = 1000.0


def build_unit_states(topics: Topics, status: Document, store: Store) -> Documents:
    """The unit, and its update where it takes any. Raises `StoreError`."""
    found: Documents = {topics.state: build_state(status) | read_energy(store)}
    if status["update"]["takes_updates"]:
        found[topics.update] = build_update(status["update"])
    return found


def build_state(status: Document) -> dict[str, Any]:
    """The unit in a few numbers, each with the digits that mean something."""
    battery, sun, energy = (select_fresh(status[name]) for name in ("battery", "sun", "energy"))
    newest = status["events"]["newest"] or {}
    return {
        "charge_pct": round_to(battery.get("state_of_charge_pct"), 0),
        "charge_sigma_pct": round_to(battery.get("sigma_pct"), 0),
        "battery_voltage_v": round_to(battery.get("voltage_v"), 2),
        "battery_current_a": round_to(battery.get("current_a"), 1),
        "pv_power_w": round_to(sun.get("pv_power_w"), 0),
        "load_power_w": round_to(status["load"]["power_w"], 1),
        "level": energy.get("level"),
        "budget_w": round_to(energy.get("power_w"), 1),
        **describe_reason(energy.get("reason")),
        "events_24_h": status["events"]["last_24_h"],
        "last_event_at": newest.get("at"),
        **describe_faults(status, is_known=bool(battery and energy)),
        "sources": {one["name"]: {"energy_kwh": one["energy_kwh"]} for one in status["sources"]},
    }


def describe_faults(status: Document, *, is_known: bool) -> dict[str, Any]:
    """What is wrong. A unit whose charge or level is unknown has a problem, whatever else holds."""
    texts = [one["text"] for one in status["faults"]] + ([] if is_known else [SILENT])
    return {
        "problem": bool(texts),
        "faults": len(texts),
        "fault": texts[0] if texts else None,
        "fault_texts": texts,
    }


def describe_reason(reason: str | None) -> dict[str, Any]:
    """A reason as a state can hold it, and the whole of it."""
    return {"reason": reason and shorten(reason, SHOWN_LENGTH), "reason_whole": reason}


def read_energy(store: Store) -> dict[str, float | None]:
    """What has been counted, kWh; None where nothing has. Raises `StoreError`."""
    counted = {one.meter: one.energy_wh for one in store.rows(EnergyTotal)}
    return {key: to_kwh(counted.get(meter)) for meter, key in METERS.items()}


def build_update(update: Document) -> dict[str, Any]:
    """As Home Assistant's update entity takes it: no nulls."""
    running = update["running_release"] or "unknown"
    is_under_way = bool(update["release"]) and update["release"] != update["running_release"]
    is_busy = update["step"] not in ("idle", "report") and not update["waits_for"]
    found = {
        "installed_version": running,
        "latest_version": update["release"] if is_under_way else running,
        "release_summary": shorten(update["sentence"], SHOWN_LENGTH),
        "in_progress": is_under_way and is_busy,
    }
    if is_busy and is_under_way and update["progress_pct"] is not None:
        found["update_percentage"] = round(update["progress_pct"])
    return found


def select_fresh(part: Document | None) -> Document:
    """A part of the status document, or nothing where it is old or was never there."""
    return part if part and part.get("fresh") else {}


def round_to(value: float | None, digits: int) -> float | None:
    """A number with the digits that are meant."""
    if value is None:
        return None
    return round(value, digits) if digits else round(value)


def to_kwh(energy_wh: float | None) -> float | None:
    """Rounded to 1 Wh: what only rises still does."""
    return None if energy_wh is None else round(energy_wh / WH_IN_KWH, 3)
