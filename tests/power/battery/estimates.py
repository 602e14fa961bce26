"""Estimates and readings that the estimator's tests begin with."""

from dataclasses import replace
from typing import Any

from appliance.model import PowerReading
from appliance.settings import BatterySettings, Chemistry
from power.battery.estimate import (
    COUNTED,
    CountCapacity,
    Drift,
    Estimate,
)
from power.battery.estimator import update
from tests.scenes.readings import charger_reading
from tests.stand_ins.fakes import FakeClock

PACK = BatterySettings()  # 2560 Wh, 12.8 V LFP: 200 Ah
LEAD = replace(PACK, chemistry=Chemistry.LEAD_ACID, nominal_voltage_v=12.0)
DAY_S = 86_400.0
LOADS: dict[str, Any] = {"pv_power_w": 0.0, "load_power_w": 26.0, "battery_temperature_c": 18.0}


def night(clock: FakeClock, volts: float = 13.15, amps: float = -2.0, **more: Any) -> PowerReading:
    values = {**LOADS, "battery_voltage_v": volts, "battery_current_a": amps, **more}
    return charger_reading(clock, **values)


def make_estimate(
    clock: FakeClock, charge_pct: float, sigma_pct: float, drift: Drift | None = None
) -> Estimate:
    """An estimate whose capacity is known."""
    estimate = Estimate(
        clock.stamp(),
        charge_pct,
        sigma_pct,
        COUNTED,
        current_a=-2.0,
        capacity=CountCapacity(1.0, 0.02),
    )
    return estimate if drift is None else replace(estimate, drift=drift)


def after(
    estimate: Estimate | None,
    clock: FakeClock,
    hours: float,
    pack: BatterySettings = PACK,
    step_s: float = 60.0,
    reported_pct: float | None = None,
    **parts: Any,
) -> Estimate:
    """The estimate after readings with these values; the last digit of the current changes."""
    amps = parts.pop("amps", -2.0)
    for step in range(int(hours * 3600 / step_s)):
        clock.advance(step_s)
        reading = night(clock, amps=amps + 0.001 * (step % 2), **parts)
        estimate = update(estimate, reading, pack, reported_pct)
    assert estimate is not None
    return estimate
