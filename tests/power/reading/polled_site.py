"""A charger and a pack on one battery, and the checks of their readings, poll by poll."""

from dataclasses import dataclass
from typing import Any

from power.devices.epever import EpeverTracer
from power.reading.checks import CheckedPoll, DeviceChecks
from power.reading.combine import Charger
from tests.scenes.readings import battery_reading, charger_reading
from tests.stand_ins.fakes import FakeClock

DARK: dict[str, Any] = {"pv_power_w": 0.0, "pv_voltage_v": 0.0, "charge_stage": None}


@dataclass
class Site:
    """A charger and a pack, polled every 10 s; `loads_on_battery` as in the settings."""

    clock: FakeClock
    loads_on_battery: bool = False

    def __post_init__(self) -> None:
        self.checks = DeviceChecks()

    def poll(
        self, charger: dict[str, Any] | None = None, pack: dict[str, Any] | None = None
    ) -> CheckedPoll:
        """One poll; a device that is None does not exist."""
        self.clock.advance(10)
        chargers, batteries = {}, {}
        if charger is not None:
            reading = charger_reading(self.clock, **charger)
            chargers["main"] = Charger(EpeverTracer(), self.loads_on_battery, reading)
        if pack is not None:
            batteries["pack"] = battery_reading(self.clock, **pack)
        return self.checks.check(chargers, batteries, self.clock.stamp().uptime_s)
