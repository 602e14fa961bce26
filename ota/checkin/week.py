"""The last week's sun, and how long the battery would last without any: for the report.

Reads: the hourly means of power, the newest battery state. Writes: nothing.
Never: takes hours that were not measured for hours without sun or load.
"""

from datetime import timedelta
from typing import Any

from appliance.model import BatteryState
from appliance.store.hours import read_hours
from appliance.store.store import Store

WEEK = timedelta(days=7)
LEAST_S = 24 * 3600.0  # of load that was measured, before its mean is believed
WS_PER_WH, WH_PER_KWH, DAY_H = 3600.0, 1000.0, 24.0


def describe_week(store: Store) -> dict[str, Any]:
    """`sun_week_kwh`, `autonomy_days`; None where it is not known. Raises `StoreError`."""
    sun_ws = load_ws = sun_s = load_s = 0.0
    now = store.clock.stamp().utc
    for mean, seconds in read_hours(store, now - WEEK, now):
        if (sun_w := mean.get("pv_power_w")) is not None:
            sun_ws, sun_s = sun_ws + sun_w * seconds, sun_s + seconds
        if (load_w := mean.get("load_power_w")) is not None:
            load_ws, load_s = load_ws + load_w * seconds, load_s + seconds
    load_w = load_ws / load_s if load_s >= LEAST_S else None
    return {
        "sun_week_kwh": round(sun_ws / WS_PER_WH / WH_PER_KWH, 2) if sun_s else None,
        "autonomy_days": find_autonomy(store, load_w),
    }


def find_autonomy(store: Store, load_w: float | None) -> float | None:
    """Days that what can be drawn now lasts at the mean load of the week."""
    battery = store.latest(BatteryState)
    if battery is None or battery.energy_wh is None or not load_w or load_w <= 0:
        return None
    return round(battery.energy_wh / (load_w * DAY_H), 1)
