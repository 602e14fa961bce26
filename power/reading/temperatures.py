"""Temperatures that a sensor cannot have measured, and the fault of a sensor that stays so.

Reads and writes: nothing; it keeps since when each device's temperature is false, and its last.
Never: takes a temperature for true whose sensor the device itself reports as faulty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.errors import BusError
from appliance.model import BatteryReading, PowerReading, Quality
from appliance.wording.sentence import say

SENSOR_END_C = -40.0  # controllers and BMSs show this, or less, of a sensor that is torn off
# Some show 0 or 25 C where no sensor is fitted; their tables take these for none. A temperature
# that was near may truly have come there.
LIKE_NONE_C, NEAR_C = (0.0, 25.0), 3.0
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
    known = {name: getattr(reading, name, None) for name in list_fields(reading)}
    return tuple(
        name for name, value_c in known.items() if value_c is not None and value_c <= SENSOR_END_C
    )


def has_sensor_alarm(pack: BatteryReading) -> bool:
    return not SENSOR_ALARMS.isdisjoint((pack.alarms or "").split(", "))


def list_fields(reading: PowerReading | BatteryReading | None) -> tuple[str, ...]:
    return PACK_FIELDS if isinstance(reading, BatteryReading) else CHARGER_FIELDS


@dataclass
class TemperatureFaults:
    """Since when each device's temperature is false or gone, and the last one that it had, by its
    title.
    """

    _since_s: dict[str, float] = field(default_factory=dict)
    _last_c: dict[str, float] = field(default_factory=dict)

    def follow(
        self, readings: Mapping[str, PowerReading | BatteryReading], now_s: float
    ) -> list[TemperatureSensor]:
        """One fault for each device whose temperature has been false for ten minutes. `readings`:
        of the devices that answered and are not frozen; one that is silent is another fault.
        """
        self._last_c |= {
            title: value_c
            for title, one in readings.items()
            if (value_c := get_value_c(one)) is not None
        }
        false = [
            title for title, one in readings.items() if is_false(one) or self._is_gone(title, one)
        ]
        self._since_s = {title: self._since_s.get(title, now_s) for title in false}
        return [
            make_fault(title)
            for title, since_s in self._since_s.items()
            if now_s - since_s >= FALSE_AFTER_S
        ]

    def _is_gone(self, title: str, reading: PowerReading | BatteryReading) -> bool:
        """Whether the device has no temperature any more, and had one that was none of those that
        stand for a missing sensor.
        """
        last_c = self._last_c.get(title)
        absent = get_quality(reading) is Quality.ABSENT and get_value_c(reading) is None
        return absent and last_c is not None and all(abs(last_c - c) > NEAR_C for c in LIKE_NONE_C)


def is_false(reading: PowerReading | BatteryReading) -> bool:
    return get_quality(reading) is Quality.IMPLAUSIBLE


def get_value_c(reading: PowerReading | BatteryReading) -> float | None:
    """The temperature, of a pack the lowest."""
    value_c: float | None = getattr(reading, list_fields(reading)[0])
    return value_c


def get_quality(reading: PowerReading | BatteryReading) -> Quality | None:
    return reading.quality.get(list_fields(reading)[0])


def make_fault(title: str) -> TemperatureSensor:
    """The fault of one device."""
    error = TemperatureSensor(
        say(
            "{title}: the battery's temperature is not used: its sensor has given what cannot "
            "be, or nothing, for {minutes:.0f} minutes and more, or the device itself "
            "reports it as faulty. Check that the sensor is plugged in and its wire is whole",
            title=title,
            minutes=FALSE_AFTER_S / 60,
        )
    )
    error.code = f"temperature-{title.replace(' ', '-')}"
    return error
