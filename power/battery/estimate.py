"""What the estimator carries from reading to reading, and which single values it can use at all.

Reads and writes: nothing; pure.
Never: turns a value that no battery of this kind can have into evidence.
"""

from dataclasses import dataclass
from datetime import datetime

from appliance.model import PowerReading, Stamp
from appliance.settings import BatterySettings
from power.battery.voltage_curve import capacity_ah, cell_of

COUNTED, FROM_VOLTAGE, FROM_BMS = "counted", "from voltage", "from the BMS"

WIDEST_SIGMA_PCT = 50.0  # a count this old says next to nothing
HIGHEST_C = 2.0  # a current of more than 2 C is a reading error
UNKNOWN_DRIFT = 2.5  # % a day, one sigma: a dead band of 0.1 to 0.5 A on 100 Ah


@dataclass(frozen=True, slots=True)
class Drift:
    """What the current sensor counts too much (% of the capacity a day), as far as it is known.

    `lean` is the covariance of charge and drift (% x % a day). Below 0: were the drift larger, the
    charge would be less. Whatever corrects the charge corrects the drift along it.
    """

    pct_per_day: float = 0.0
    sigma_pct_per_day: float = UNKNOWN_DRIFT
    lean: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What can be used of the last reading. `said_v` and `said_a` are what it said, `since_s` the
    uptime since when it has said exactly that. `measured` False: the current is worked out from
    sun and load. `draw_pct_per_h` is what the loads took when that was last known.
    """

    voltage_v: float | None = None
    current_a: float | None = None
    measured: bool = True
    said_v: float | None = None
    said_a: float | None = None
    since_s: float = 0.0
    draw_pct_per_h: float = 0.0


@dataclass(frozen=True, slots=True)
class Signs:
    """The uptimes since when the conditions of the anchors have held without a break."""

    tail_s: float | None = None
    float_s: float | None = None
    empty_s: float | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """The charges that all voltages of a while leave possible, the current being small."""

    since_s: float
    until_s: float
    least_pct: float
    most_pct: float


NOTHING_HEARD, NO_SIGNS, DRIFT_UNKNOWN = Heard(), Signs(), Drift()


@dataclass(frozen=True, slots=True)
class Belief:
    """What the estimator carries from reading to reading.

    `counted` is the moment up to which charge is counted, `current_a` the current then. `spilt_pct`
    is what the count went beyond 0 or 100 % since the last correction. `full_at` is when it was
    last full, `told_s` the uptime at which a BMS was last believed. `slept`: nobody looked for
    hours, so the first voltage is asked as well.
    """

    counted: Stamp
    charge_pct: float
    sigma_pct: float
    method: str
    current_a: float | None = None
    temperature_c: float | None = None
    drift: Drift = DRIFT_UNKNOWN
    heard: Heard = NOTHING_HEARD
    signs: Signs = NO_SIGNS
    quiet: Quiet | None = None
    spilt_pct: float = 0.0
    full_at: datetime | None = None
    told_s: float | None = None
    slept: bool = False


def believable_voltage_v(reading: PowerReading, settings: BatterySettings) -> float | None:
    """The battery voltage, or None where no battery of this kind can have it (0 V for absent)."""
    voltage_v = reading.battery_voltage_v
    if voltage_v is None or not 0.6 <= voltage_v / settings.nominal_voltage_v <= 1.35:
        return None
    return voltage_v


def believable_current_a(reading: PowerReading, settings: BatterySettings) -> float | None:
    """The battery current, or None where it is beyond what any battery of this size takes.

    0 A beside a voltage that cannot be is no current either: both stand for "absent".
    """
    current_a = reading.battery_current_a
    if current_a is None or not abs(current_a) <= HIGHEST_C * capacity_ah(settings):
        return None
    if current_a == 0 and believable_voltage_v(reading, settings) is None:
        return None
    return current_a


def charge_blocked(temperature_c: float | None, settings: BatterySettings) -> bool:
    """Whether the cells are too cold to be charged. An unknown temperature blocks nothing."""
    if temperature_c is None or cell_of(settings).charges_below_zero:
        return False
    return temperature_c < 0
