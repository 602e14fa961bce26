"""One moment of energy as the page's JSON: level and reason, battery, sun, loads, cameras.

Reads: unit.db, through appliance/status/energy_moment.py. Writes: nothing.
Never: gives a figure of another time without saying so (`fresh` False).
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from appliance.log import redact_all
from appliance.model import BatteryState, EnergyBudget, PowerReading, Sleep, Wake
from appliance.settings import Settings
from appliance.status.camera_moment import CameraMoment
from appliance.status.energy_moment import (
    find_cameras_then,
    find_energy_moment,
    find_loads_then,
    was_fresh,
)
from appliance.store.rows import encode_time
from appliance.store.store import Store

BATTERY = ("state_of_charge_pct", "sigma_pct", "energy_wh", "charge_blocked", "method")
READING = (
    "pv_power_w",
    "pv_voltage_v",
    "battery_voltage_v",
    "battery_current_a",
    "battery_temperature_c",
    "load_power_w",
    "yield_today_wh",
)


def describe_energy_moment(
    store: Store, settings: Settings, at: datetime, now: datetime
) -> dict[str, Any]:
    """The document; raises `WhyError` where nothing is known of that time, and `StoreError`."""
    zone = settings.site.timezone
    moment = find_energy_moment(store, at, now=now, zone=zone)
    cameras = find_cameras_then(store, tuple(settings.camera), at, zone)
    return redact_all(
        {
            "at": encode_time(at),
            "level": describe_budget(moment.budget),
            "ended": describe_budget(moment.ended),
            "before": describe_budget(moment.before),
            "after": describe_budget(moment.after),
            "sleep": describe_sleep(moment.sleep, moment.wake),
            "battery": describe_row(moment.battery, BATTERY, at),
            "reading": describe_row(moment.reading, READING, at),
            "loads": [asdict(one) for one in find_loads_then(store, cameras, at)],
            "cameras": [describe_camera(one) for one in cameras],
        }
    )


def describe_budget(budget: EnergyBudget | None) -> dict[str, Any] | None:
    """A budget with its reason."""
    if budget is None:
        return None
    return {
        "at": encode_time(budget.stamp.utc),
        "until": encode_time(budget.until),
        "level": budget.level.name,
        "power_w": budget.power_w,
        "reason": budget.reason,
    }


def describe_sleep(sleep: Sleep | None, wake: Wake | None) -> dict[str, Any] | None:
    """The sleep that the unit was in, and what ended it."""
    if sleep is None:
        return None
    return {
        "since": encode_time(sleep.stamp.utc),
        "level": sleep.level.name,
        "reason": sleep.reason,
        "woke": encode_time(wake.stamp.utc) if wake else None,
        "woke_reason": wake.reason if wake else None,
    }


def describe_row(
    row: BatteryState | PowerReading | None, names: tuple[str, ...], at: datetime
) -> dict[str, Any] | None:
    """These figures of a row; None where their quality is not OK."""
    if row is None:
        return None
    bad: Mapping[str, Any] = row.quality if isinstance(row, PowerReading) else {}
    figures = {name: None if name in bad else getattr(row, name) for name in names}
    return {"at": encode_time(row.stamp.utc), "fresh": was_fresh(row, at), **figures}


def describe_camera(moment: CameraMoment) -> dict[str, Any]:
    """What a camera did, and why."""
    mode = moment.state if moment.reported else None
    known = mode or moment.change
    return {
        "camera": moment.camera,
        "reported": moment.reported,
        "mode": known.mode.value if known else None,
        "reason": known.reason if known else "",
        "at": encode_time(known.stamp.utc) if known else None,
    }
