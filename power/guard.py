"""The guard: what the unit may do at most, judged from voltage, charge and silence alone.

Reads and writes: nothing; pure, and it needs no other part of this package.
Never: believes an estimate against a voltage, raises, or lets a longer silence allow more.

Its three voices are independent and the most careful one counts. The planner cannot overrule it.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from appliance.model import BatteryState, EnergyLevel, PowerReading, Stamp
from appliance.settings import BatterySettings, Chemistry, EnergySettings, Settings

HOLD_AFTER_S, ECO_AFTER_S, SENTINEL_AFTER_S = 60.0, 600.0, 3600.0
LOW_FOR_S = 30.0
CHARGING_C = 0.01  # C/100: a current sensor may be off by half of that
CHARGE_HELPS_S = 600.0  # a voltage that is still low after this is not being charged
CELL_LOST_S = 600.0  # so long a cell that was low stays low while only the mean of all is heard
LARGEST_RESERVE = 0.3  # of the capacity: a larger reserve would leave nothing to work with


class CellVoltages(NamedTuple):
    """Of one cell, under load: below `floor` it is low, until `over`; at `sound` never empty."""

    nominal: float
    floor: float
    over: float
    sound: float


# The floor is 12.0 V for four LFP cells (controllers cut at 11.1 V, a BMS at 10.0 to 11.2 V) and
# 11.6 V for six of lead.
CELLS = {
    Chemistry.LFP: CellVoltages(nominal=3.2, floor=3.0, over=3.05, sound=3.2),
    Chemistry.LEAD_ACID: CellVoltages(nominal=2.0, floor=1.93, over=1.96, sound=2.04),
}
# Of the nominal voltage. Outside of this no computer would run to see it: a reading error.
BELIEVABLE = (0.6, 1.35)


@dataclass(frozen=True, slots=True)
class GuardState:
    """Since which uptime the voltage has been low as far as anybody heard, and whether a second
    low reading, at least `LOW_FOR_S` later, has confirmed it. `cell_low_s`: when a BMS last told a
    low cell.
    """

    low_since_s: float | None = None
    confirmed: bool = False
    cell_low_s: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The most that is allowed. `may_rise` False: whatever the level is, it may not go up now."""

    max_level: EnergyLevel
    power_off: bool
    reason: str
    may_rise: bool = True


def judge(
    state: GuardState,
    reading: PowerReading | None,
    reading_age_s: float | None,
    battery: BatteryState | None,
    settings: Settings,
    now: Stamp,
) -> tuple[GuardState, Verdict]:
    """The guard's verdict `now`.

    `reading` is the last usable one while it is fresh (`HOLD_AFTER_S`), then None.
    `reading_age_s` is its age however old, None where there was none in this boot.
    """
    state = watch_voltage(state, reading, settings.battery)
    voices = (
        by_voltage(state, reading, settings.battery, now),
        by_charge(reading, battery, settings),
        by_silence(reading_age_s),
    )
    hardest = min(voices, key=lambda voice: (voice.max_level, voice.may_rise))
    return state, replace(
        hardest,
        power_off=any(voice.power_off for voice in voices),
        may_rise=all(voice.may_rise for voice in voices),
    )


def watch_voltage(
    state: GuardState, reading: PowerReading | None, settings: BatterySettings
) -> GuardState:
    """Note when the voltage fell below the floor; only a better voltage ends that, no silence, and
    for a weak cell not the mean of all, where a poll did not bring the cells.
    """
    cell_v = cell_voltage_v(reading, settings)
    limits = CELLS[settings.chemistry]
    if reading is None or cell_v is None:
        return state
    seen_s = reading.stamp.uptime_s  # not now: one reading looked at twice confirms nothing
    mean_only = reading.lowest_cell_voltage_v is None
    if cell_v >= limits.floor:
        if mean_only and state.cell_low_s is not None and seen_s - state.cell_low_s < CELL_LOST_S:
            return state
        return state if state.confirmed and cell_v < limits.over else GuardState()
    since_s = seen_s if state.low_since_s is None else state.low_since_s
    confirmed = state.confirmed or seen_s - since_s >= LOW_FOR_S
    return GuardState(since_s, confirmed, state.cell_low_s if mean_only else seen_s)


def by_voltage(
    state: GuardState, reading: PowerReading | None, settings: BatterySettings, now: Stamp
) -> Verdict:
    """No loads once the voltage is low for 30 s; power off unless charge is coming in at last."""
    if state.low_since_s is None:
        return Verdict(EnergyLevel.FULL, False, "the voltage is good")
    limits = CELLS[settings.chemistry]
    low_s = now.uptime_s - state.low_since_s
    cell_v = cell_voltage_v(reading, settings)
    if cell_v is None and low_s >= LOW_FOR_S:
        said = f"the last voltage heard was below {limits.floor:g} V per cell"
        return Verdict(EnergyLevel.HIBERNATE, False, said, may_rise=False)
    if cell_v is None or not state.confirmed:
        return Verdict(EnergyLevel.FULL, False, "the voltage has just fallen", may_rise=False)
    if cell_v >= limits.floor:
        said = f"the voltage was low and is not back at {limits.over:g} V per cell"
        return Verdict(EnergyLevel.HIBERNATE, False, said, may_rise=False)
    said = f"{cell_v:.2f} V per cell is below {limits.floor:g} V for {spell(low_s)}"
    if low_s < CHARGE_HELPS_S and charging(reading, settings):
        return Verdict(EnergyLevel.HIBERNATE, False, f"{said}, but charging", may_rise=False)
    return Verdict(EnergyLevel.OFF, True, said, may_rise=False)


def by_charge(
    reading: PowerReading | None, battery: BatteryState | None, settings: Settings
) -> Verdict:
    """The lower bound of the charge against the floors."""
    least_pct = lower_bound_pct(battery)
    if least_pct is None:
        return Verdict(EnergyLevel.SENTINEL, False, "the charge of the battery is unknown")
    energy = settings.energy
    said = f"there may be only {max(0.0, least_pct):.0f} % left to draw"
    if least_pct < energy.off_below_pct:
        said += f", the floor is {energy.off_below_pct:g} %"
        objection = why_stay_on(least_pct, reading, battery, settings)
        if objection:
            return Verdict(EnergyLevel.HIBERNATE, False, f"{said}, but {objection}")
        return Verdict(EnergyLevel.OFF, True, said)
    if least_pct < (rest_pct := hibernate_below_pct(settings)):
        said += f", the rest below {rest_pct:.0f} % is kept to stay alive"
        return Verdict(EnergyLevel.HIBERNATE, False, said)
    if least_pct < energy.sentinel_from_pct:
        return Verdict(EnergyLevel.SENTINEL, False, said)
    return Verdict(EnergyLevel.FULL, False, "there is charge enough")


def by_silence(reading_age_s: float | None) -> Verdict:
    """What an old or missing reading still allows: less the longer nobody has looked."""
    if reading_age_s is None or not math.isfinite(reading_age_s):
        said = "the charger has not answered since the start"
        return Verdict(EnergyLevel.SENTINEL, False, said, may_rise=False)
    said = f"the charger has not answered for {spell(reading_age_s)}"
    if reading_age_s > SENTINEL_AFTER_S:
        return Verdict(EnergyLevel.SENTINEL, False, said, may_rise=False)
    if reading_age_s > ECO_AFTER_S:
        return Verdict(EnergyLevel.ECO, False, said, may_rise=False)
    if reading_age_s > HOLD_AFTER_S:
        return Verdict(EnergyLevel.FULL, False, said, may_rise=False)
    return Verdict(EnergyLevel.FULL, False, "the charger answers")


def reserve_wh(battery: BatterySettings, energy: EnergySettings) -> float:
    """Energy that hibernating through the dark, cold days takes; at most 30 % of the capacity."""
    wanted_wh = energy.hibernate_power_w * 24 * energy.reserve_days
    return min(wanted_wh, LARGEST_RESERVE * battery.capacity_wh)


def hibernate_below_pct(settings: Settings) -> float:
    """Charge below which no load runs: halfway from power-off to SENTINEL, or the reserve."""
    halfway_pct = (settings.energy.off_below_pct + settings.energy.sentinel_from_pct) / 2
    kept_wh = reserve_wh(settings.battery, settings.energy)
    return max(halfway_pct, kept_wh / settings.battery.capacity_wh * 100)


def lower_bound_pct(battery: BatteryState | None) -> float | None:
    """Charge less one sigma, or what can be drawn in this cold if that is less; None if unknown.

    Not both at once: makers give cold capacities for currents far above ours.
    """
    if battery is None or battery.state_of_charge_pct is None or battery.sigma_pct is None:
        return None
    least_pct = battery.state_of_charge_pct - battery.sigma_pct
    if battery.energy_wh is not None:
        drawable_pct = battery.energy_wh / battery.capacity_wh * 100
        least_pct = min(least_pct, drawable_pct)
    return least_pct if math.isfinite(least_pct) else None


def why_stay_on(
    least_pct: float,
    reading: PowerReading | None,
    battery: BatteryState | None,
    settings: Settings,
) -> str:
    """What speaks against a power-off below the floor of charge; empty where nothing does.

    Charge that comes in, or a sound voltage where doubt alone says empty. A unit that powered off
    for nothing might not come back until somebody visits it.
    """
    if charging(reading, settings.battery):
        return "charging"
    cell_v = cell_voltage_v(reading, settings.battery)
    sigma_pct = battery.sigma_pct if battery and battery.sigma_pct is not None else 0.0
    doubt_alone = least_pct + sigma_pct >= settings.energy.sentinel_from_pct
    sound = cell_v is not None and cell_v >= CELLS[settings.battery.chemistry].sound
    return "the voltage is sound" if doubt_alone and sound else ""


def cell_voltage_v(reading: PowerReading | None, settings: BatterySettings) -> float | None:
    """The lowest cell that the BMS sees, or the mean of all, whichever is less; None where neither
    was measured or can be (0 V for absent).
    """
    if reading is None:
        return None
    seen = (mean_cell_v(reading, settings), reading.lowest_cell_voltage_v)
    return min((volts for volts in seen if volts is not None), default=None)


def mean_cell_v(reading: PowerReading, settings: BatterySettings) -> float | None:
    """The battery's voltage over its cells."""
    if reading.battery_voltage_v is None:
        return None
    low, high = BELIEVABLE
    if not low <= reading.battery_voltage_v / settings.nominal_voltage_v <= high:
        return None
    nominal_v = CELLS[settings.chemistry].nominal
    return reading.battery_voltage_v / max(1, round(settings.nominal_voltage_v / nominal_v))


def charging(reading: PowerReading | None, settings: BatterySettings) -> bool:
    """Whether clearly more flows into the battery than out; an unknown current is none."""
    if reading is None or reading.battery_current_a is None:
        return False
    capacity_ah = settings.capacity_wh / settings.nominal_voltage_v
    return reading.battery_current_a > CHARGING_C * capacity_ah


def spell(seconds: float) -> str:
    """A duration in words: 40 s, 14 min, 3 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
