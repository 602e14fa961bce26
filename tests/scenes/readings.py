"""Readings of chargers and batteries as tests want them: all known, but for what is named."""

from typing import Any

from appliance.model import BatteryReading, ChargeStage, PowerReading, Quality
from tests.stand_ins.fakes import FakeClock


def charger_reading(clock: FakeClock, **changed: Any) -> PowerReading:
    """A controller at noon; a field set to None is ABSENT."""
    values: dict[str, Any] = {
        "pv_power_w": 300.0,
        "pv_voltage_v": 36.0,
        "battery_voltage_v": 13.4,
        "battery_current_a": 20.0,
        "battery_temperature_c": 18.0,
        "load_power_w": 25.0,
        "charge_stage": ChargeStage.BULK,
        "yield_today_wh": 900.0,
        **changed,
    }
    unknown = {name: Quality.ABSENT for name, value in values.items() if value is None}
    return PowerReading(clock.stamp(), "charger", **values, quality=unknown)


def battery_reading(clock: FakeClock, **changed: Any) -> BatteryReading:
    """A pack at noon."""
    values: dict[str, Any] = {
        "voltage_v": 13.35,
        "current_a": 18.0,
        "state_of_charge_pct": 60.0,
        "remaining_ah": 120.0,
        "full_ah": 200.0,
        "lowest_cell_voltage_v": 3.33,
        "highest_cell_voltage_v": 3.345,
        "lowest_temperature_c": 16.0,
        "highest_temperature_c": 17.0,
        "charge_allowed": True,
        "discharge_allowed": True,
        "alarms": "",
        **changed,
    }
    unknown = {name: Quality.ABSENT for name, value in values.items() if value is None}
    return BatteryReading(clock.stamp(), "pack", **values, quality=unknown)
