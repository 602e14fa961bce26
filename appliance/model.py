"""The data model: one frozen dataclass for each thing that the unit measures or decides.

Here is what all parts share, and energy; appliance/model_cameras.py has cameras, inference and
events.
Reads and writes: nothing. These are rows (appliance/store/tables.py says who writes which) and
values.
Never: computes, defaults an unknown to 0, or holds a quantity without its unit in its name.

SI units and UTC throughout. A field that may be unknown is `| None`; stale is treated as None.
Battery current is positive into the battery.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum

from appliance.wording.sentence import Said, say


class ChargeStage(Enum):
    """What the charge controller is doing, in the words of the manuals."""

    OFF = "off"
    BULK = "bulk"
    ABSORPTION = "absorption"
    FLOAT = "float"
    EQUALIZE = "equalize"
    FAULT = "fault"


class Quality(Enum):
    """Whether one value of a reading can be used; a value that is not OK is None downstream."""

    OK = "ok"
    STALE = "stale"
    IMPLAUSIBLE = "implausible"
    ABSENT = "absent"


class EnergyLevel(IntEnum):
    """How much the unit may do; ordered, so that `min()` of two sources is the stricter one."""

    OFF = 0
    HIBERNATE = 1
    SENTINEL = 2
    ECO = 3
    FULL = 4


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was so: wall time for people, boot and uptime for judging age.

    `boot_id` is the first 8 hex digits of the kernel's; `uptime_s` is CLOCK_BOOTTIME, which counts
    through suspend and never jumps when the wall clock is set.
    """

    utc: datetime
    boot_id: str
    uptime_s: float


@dataclass(frozen=True, slots=True)
class PowerReading:
    """One poll of all charge controllers and batteries together, in the unit's words.

    `device` names who answered. `quality` names only the fields that are not OK, `ages_s` only
    those that are older than the poll. `charge_allowed` and the lowest cell are what a BMS reports;
    None where there is none. `charge_allowed` False: no battery takes charge now.
    `discharge_share`: the share (0 to 1) of the batteries' capacity that can be discharged now; 0:
    their BMSs allow none, None: they do not say.
    `absorption_v`, `float_v` and `compensation_v_per_c` are what the chargers are set to (at 25 C),
    `lvd_v` where the first of their load outputs with loads disconnects, `cell_uvp_v` where the
    first of the BMSs does (V of one cell); None where a device does not give them
    (appliance/model_set_points.py has all of each device).
    """

    stamp: Stamp
    device: str
    pv_power_w: float | None
    pv_voltage_v: float | None
    battery_voltage_v: float | None
    battery_current_a: float | None
    battery_temperature_c: float | None
    load_power_w: float | None
    charge_stage: ChargeStage | None
    yield_today_wh: float | None
    quality: Mapping[str, Quality] = field(default_factory=dict)
    lowest_cell_voltage_v: float | None = None
    charge_allowed: bool | None = None
    ages_s: Mapping[str, float] = field(default_factory=dict)
    discharge_share: float | None = None
    absorption_v: float | None = None
    float_v: float | None = None
    compensation_v_per_c: float | None = None
    lvd_v: float | None = None
    cell_uvp_v: float | None = None


@dataclass(frozen=True, slots=True)
class BatteryReading:
    """One poll of one battery's BMS, or of a shunt: what it reports, not what the unit estimates.

    `device` is its name in the settings. `alarms` are its protections that have tripped, in words,
    "" where none has. `cell_voltages_v` are all cells by their number, None where they are not
    given or not all known. `quality` and `ages_s` as in `PowerReading`.
    """

    stamp: Stamp
    device: str
    voltage_v: float | None = None
    current_a: float | None = None
    state_of_charge_pct: float | None = None
    remaining_ah: float | None = None
    full_ah: float | None = None
    cycles: float | None = None
    lowest_cell_voltage_v: float | None = None
    highest_cell_voltage_v: float | None = None
    lowest_temperature_c: float | None = None
    highest_temperature_c: float | None = None
    charge_allowed: bool | None = None
    discharge_allowed: bool | None = None
    alarms: str | None = None
    quality: Mapping[str, Quality] = field(default_factory=dict)
    ages_s: Mapping[str, float] = field(default_factory=dict)
    cell_voltages_v: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class BatteryState:
    """The estimator's result. `state_of_charge_pct` is None only before the first usable reading.

    `sigma_pct` is one standard deviation. `energy_wh` is what can still be drawn at the present
    temperature. `time_to_go_s` is None while charging. `method` is how it was reached:
    "counted", "anchored full", "anchored empty", "from voltage", "from the BMS", "restored".
    `full_at` is when the battery was last known to be full, None where that is not known.
    `resistance_ohm`: from the battery to where its voltage is measured, as steps of the current
    have shown it; None while it is not learned.
    """

    stamp: Stamp
    state_of_charge_pct: float | None
    sigma_pct: float | None
    energy_wh: float | None
    capacity_wh: float
    time_to_go_s: float | None
    charge_blocked: bool
    method: str
    full_at: datetime | None = None
    resistance_ohm: float | None = None


@dataclass(frozen=True, slots=True)
class BatteryAge:
    """What the battery has gone through since `since`, and what it holds now.

    `charged_ah` and `discharged_ah`: all that has flowed in and out. `capacity_ah`: learned from
    discharges, with one standard deviation; None before the first. `since_full_s`: time since it
    was full last, or since `since`. `drawn_since_full_ah`, net of what was charged again, is None
    where a silence lay between; `charged_since_full_ah` makes it less certain.
    """

    stamp: Stamp
    since: datetime
    charged_ah: float
    discharged_ah: float
    since_full_s: float
    drawn_since_full_ah: float | None = None
    charged_since_full_ah: float = 0.0
    capacity_ah: float | None = None
    capacity_sigma_ah: float | None = None
    capacity_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EnergyBudget:
    """What the loads may draw together until `until`, and why. Stale means no budget at all.

    `sun_is_free`: PV power is curtailed by a full battery, surplus is available: what is drawn now
    costs nothing. The time for backlog, uploads and updates.
    """

    stamp: Stamp
    level: EnergyLevel
    power_w: float
    until: datetime
    reserve_wh: float
    reason: Said
    sun_is_free: bool = False


@dataclass(frozen=True, slots=True)
class EnergyPlanStep:
    """One step of the plan: what is expected from `starts` on, as step averages.

    `low_charge_pct` to `high_charge_pct` is the band in which eight of ten simulated scenarios lie.
    `source_power_w`: what a second source is expected to give; None in older plans.
    """

    stamp: Stamp
    starts: datetime
    pv_power_w: float
    load_power_w: float
    state_of_charge_pct: float
    level: EnergyLevel
    low_charge_pct: float | None = None
    high_charge_pct: float | None = None
    source_power_w: float | None = None


@dataclass(frozen=True, slots=True)
class SolarDay:
    """What the panels gave on one day, beside a cloudless day: the data that forecasts are made
    from.

    `day` is the midnight (UTC) of the local solar day's date. `hours` holds measured over clear-sky
    energy by local solar hour ("11": 0.83), only hours that were measured and not throttled.
    `yield_wh` is all energy of the day, also of the `curtailed_h` hours of daylight in which the
    battery took less than the panels could give. `clear_hours` had a clear sky and no curtailment:
    in them the panels gave `clear_hours_wh`, and `clear_hours_reference_wh` is their nominal power
    times the modelled irradiation over 1 kW/m2. `noon_pv_v` is their voltage while the sun was
    high, `highest_pv_v` the highest of the day. `steady_w` is their mean power in each half-hour
    that was steady and not curtailed, by the minutes from `day` to its middle ("735": 212.0).
    """

    stamp: Stamp
    day: datetime
    measured_wh: float
    clear_wh: float
    hours: Mapping[str, float] = field(default_factory=dict)
    coldest_c: float | None = None
    warmest_c: float | None = None
    yield_wh: float | None = None
    curtailed_h: float | None = None
    clear_hours: float | None = None
    clear_hours_wh: float | None = None
    clear_hours_reference_wh: float | None = None
    noon_pv_v: float | None = None
    highest_pv_v: float | None = None
    steady_w: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnergyPolicy:
    """The planner's result of one night: the utility of charge, hour by hour
    (power/plan/policy.py).

    `facts` are the numbers that it was made with, `worth` is its table.
    """

    stamp: Stamp
    starts: datetime
    ends: datetime
    facts: Mapping[str, float]
    worth: bytes
    reason: Said


@dataclass(frozen=True, slots=True)
class Sleep:
    """The unit goes to sleep: HIBERNATE (loads off, computer suspended or off) or OFF.

    `wakes` is for when a wake is armed, `armed` by what ("the clock of the computer"; "" where
    nothing could be armed). `expected` is when the unit should be at work again.
    """

    stamp: Stamp
    level: EnergyLevel
    wakes: datetime | None
    armed: Said
    expected: datetime | None
    state_of_charge_pct: float | None
    sigma_pct: float | None
    reason: Said


AFTER_CUT = say("after a power cut")  # a `cause` that others than the power service ask for


@dataclass(frozen=True, slots=True)
class Wake:
    """The unit is back, from sleep or from a power cut: how, and whether it stays.

    `asleep_since` is None where no sleep was recorded. `failed_boots` counts the boots in a row
    that did not last.
    """

    stamp: Stamp
    asleep_since: datetime | None
    cause: Said
    failed_boots: int
    state_of_charge_pct: float | None
    stays: bool
    reason: Said


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One reading of one GPU. A unit without a GPU has no rows of this."""

    stamp: Stamp
    gpu: str
    power_w: float | None
    temperature_c: float | None
    utilisation_pct: float | None
    memory_used_bytes: int | None


@dataclass(frozen=True, slots=True)
class EnvironmentReading:
    """The computer's own state. `computer_power_w` is without cameras and inference.

    `computer_power_measured` is False where the figure comes from the settings, not from a meter.
    """

    stamp: Stamp
    hottest_zone: str | None
    hottest_temperature_c: float | None
    disk_free_bytes: int
    disk_used_pct: float
    memory_available_bytes: int | None
    computer_power_w: float
    computer_power_measured: bool


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One sentence of one service about itself: the same that `systemctl status` shows."""

    stamp: Stamp
    service: str
    status: Said


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a person may have to repair. `cleared` is None while it lasts."""

    stamp: Stamp
    code: str
    source: str
    text: Said
    cleared: datetime | None


@dataclass(frozen=True, slots=True)
class EnergyTotal:
    """Energy that a meter (`sun`, `battery-in`, `battery-out`, `load`) has counted; it only rises.
    What flowed while nothing was measured is not in it.
    """

    stamp: Stamp
    meter: str
    energy_wh: float
