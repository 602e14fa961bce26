"""What the estimator carries from reading to reading, and which single values it can use at all.

Reads and writes: nothing; pure.
Never: turns a value that no battery of this kind can have into evidence.
"""

from dataclasses import dataclass

from appliance.model import PowerReading, Stamp
from appliance.settings import BatterySettings
from power.voltage_curve import capacity_ah, cell_of

COUNTED, FROM_VOLTAGE = "counted", "from voltage"

WIDEST_SIGMA_PCT = 50.0  # a count this old says next to nothing
HIGHEST_C = 2.0  # a current of more than 2 C is a reading error


@dataclass(frozen=True, slots=True)
class Belief:
    """What the estimator carries from reading to reading.

    `counted` is the moment up to which charge is counted. The `_since_s` fields are the uptimes
    from which on a condition has held without a break. `slept`: restored from another boot, so
    the first voltage is asked as well.
    """

    counted: Stamp
    charge_pct: float
    sigma_pct: float
    method: str
    current_a: float | None = None
    temperature_c: float | None = None
    tail_since_s: float | None = None
    float_since_s: float | None = None
    empty_since_s: float | None = None
    rested_since_s: float | None = None
    slept: bool = False


def believable_voltage_v(reading: PowerReading, settings: BatterySettings) -> float | None:
    """The battery voltage, or None where no battery of this kind can have it (0 V for absent)."""
    voltage_v = reading.battery_voltage_v
    if voltage_v is None or not 0.6 <= voltage_v / settings.nominal_voltage_v <= 1.35:
        return None
    return voltage_v


def believable_current_a(reading: PowerReading, settings: BatterySettings) -> float | None:
    """The battery current, or None where it is beyond what any battery of this size takes."""
    current_a = reading.battery_current_a
    if current_a is None or not abs(current_a) <= HIGHEST_C * capacity_ah(settings):
        return None
    return current_a


def charge_blocked(temperature_c: float | None, settings: BatterySettings) -> bool:
    """Whether the cells are too cold to be charged. An unknown temperature blocks nothing."""
    if temperature_c is None or cell_of(settings).charges_below_zero:
        return False
    return temperature_c < 0
