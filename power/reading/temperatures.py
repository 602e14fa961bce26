"""Temperatures that a sensor cannot have measured, and the fault of a sensor that stays so.

Reads and writes: nothing; it keeps since when each device's temperature is false.
Never: takes a temperature for true whose sensor the device itself reports as faulty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.errors import BusError
from appliance.model import BatteryReading, PowerReading, Quality

SENSOR_END_C = -40.0  # what controllers and BMSs show of a sensor that is torn off
SENSOR_ALARMS = {"temperature sensor", "fault of a temperature sensor"}  # of cells, of all BMSs
FALSE_AFTER_S = 600.0
CHARGER_FIELDS = ("battery_temperature_c",)
PACK_FIELDS = ("lowest_temperature_c", "highest_temperature_c")


class TemperatureSensor(BusError):  # noqa: N818  (named for what it is)
    """A temperature sensor gives what cannot be."""

    code = "temperature"


def find_false_temperatures(reading: PowerReading | BatteryReading | None) -> tuple[str, ...]:
    """The fields with a temperature that is at the end of its sensor's range, or that the device
    itself doubts.
    """
    if isinstance(reading, BatteryReading) and has_sensor_alarm(reading):
        return PACK_FIELDS
    return tuple(
        name for name in list_fields(reading) if getattr(reading, name, None) == SENSOR_END_C
    )


def has_sensor_alarm(pack: BatteryReading) -> bool:
    return not SENSOR_ALARMS.isdisjoint((pack.alarms or "").split(", "))


def list_fields(reading: PowerReading | BatteryReading | None) -> tuple[str, ...]:
    return PACK_FIELDS if isinstance(reading, BatteryReading) else CHARGER_FIELDS


@dataclass
class TemperatureFaults:
    """Since when each device's temperature is false, by its title."""

    _since_s: dict[str, float] = field(default_factory=dict)

    def follow(
        self, readings: Mapping[str, PowerReading | BatteryReading], now_s: float
    ) -> list[TemperatureSensor]:
        """One fault for each device whose temperature has been false for ten minutes. `readings`:
        of the devices that answered and are not frozen; one that is silent is another fault.
        """
        false = [title for title, one in readings.items() if is_false(one)]
        self._since_s = {title: self._since_s.get(title, now_s) for title in false}
        return [
            make_fault(title)
            for title, since_s in self._since_s.items()
            if now_s - since_s >= FALSE_AFTER_S
        ]


def is_false(reading: PowerReading | BatteryReading) -> bool:
    return reading.quality.get(list_fields(reading)[0]) is Quality.IMPLAUSIBLE


def make_fault(title: str) -> TemperatureSensor:
    """The fault of one device."""
    error = TemperatureSensor(
        f"{title}: the battery's temperature is not used: its sensor has given what cannot be for "
        f"{FALSE_AFTER_S / 60:.0f} minutes and more, or the device itself reports it as faulty. "
        "Check that the sensor is plugged in and its wire is whole"
    )
    error.code = f"temperature-{title.replace(' ', '-')}"
    return error
