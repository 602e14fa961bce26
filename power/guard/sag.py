"""The voltage under a large current: what the resistance takes is not missing in the battery.

Reads and writes: nothing; pure.
Never: counts with more than the least resistance that is sure, without a measured current of the
same moment, or without a count that is sure too: then the voltage is what it is.

An inverter's surge of 0.6C may take 2 V of 13 for a minute. Where the count is sure that the
battery is not empty, so much is added to the voltage as half of the usual resistance of its size
takes (or four fifths of the one that was learned); true resistances between half and double that
are then safe. Nothing is added to a voltage at which a cell, the load output or the inverter
disconnects, nor for a single weak cell. It ends: loads stop after five minutes below the floor, and
after half an hour the voltage counts as it is.
"""

from dataclasses import replace

from appliance.model import BatteryState, EnergyLevel, PowerReading, Stamp
from power.guard.limits import Limits
from power.guard.observations import (
    LOW_FOR_S,
    NO_SAG,
    GuardState,
    Observation,
    Sag,
    is_of_now,
    measured_at_s,
    observe,
)
from power.guard.verdict import Verdict, forbid_loads, format_duration

LEAST_C_RATE, MOST_C_RATE = 0.1, 2.0  # less needs no help, and more is a reading error
SURE_SHARE, LEARNED_SHARE = 0.5, 0.8  # of the default and of a learned resistance
SURE_SIGMA_PCT, SURE_PCT = 5.0, 20.0  # a sure count, and what it must say at two sigma
TOGETHER_S = 1.0  # ages of values of one moment differ by less
SAG_FOR_S = 1800.0
NO_SAG_NOW = Verdict(EnergyLevel.FULL, "the voltage does not sag")


def follow_sag(
    state: GuardState,
    reading: PowerReading | None,
    battery: BatteryState | None,
    limits: Limits,
    now: Stamp,
) -> tuple[GuardState, Observation | None]:
    """Since when the voltage sags, and the observation with what the current takes added."""
    measured = observe(reading, limits, now)
    if measured is None:
        return state, None
    if measured.cell_v >= limits.cell.low_v:
        return replace(state, sag_since_s=None, deep_sag_since_s=None), measured
    sag = find_sag(reading, battery, limits, now) if state.was_good else NO_SAG
    if sag is NO_SAG:
        return state, measured
    state = note_sag(state, measured, limits)
    since_s = measured.at_s if state.sag_since_s is None else state.sag_since_s
    if measured.at_s - since_s >= SAG_FOR_S:
        return state, measured
    added = observe(reading, limits, now, sag) or measured
    if state.confirmed:  # a low voltage stays low until it is measured to be good
        highest_v = max(measured.cell_v, min(added.cell_v, limits.cell.floor_v))
        added = added._replace(cell_v=highest_v)
    return state, added


def note_sag(state: GuardState, measured: Observation, limits: Limits) -> GuardState:
    """Since when the voltage sags, and since when below the floor."""
    since_s, deep_s = state.sag_since_s, state.deep_sag_since_s
    if measured.cell_v >= limits.cell.floor_v:
        deep_s = None
    elif deep_s is None:
        deep_s = measured.at_s
    since_s = measured.at_s if since_s is None else since_s
    return replace(state, sag_since_s=since_s, deep_sag_since_s=deep_s)


def find_sag(
    reading: PowerReading | None, battery: BatteryState | None, limits: Limits, now: Stamp
) -> Sag:
    """What the present current surely takes of the voltage; `NO_SAG` where that is not known."""
    if reading is None or not is_of_now(reading, now) or not is_surely_charged(battery):
        return NO_SAG
    current_a, voltage_v = reading.battery_current_a, reading.battery_voltage_v
    if current_a is None or voltage_v is None:
        return NO_SAG
    if not LEAST_C_RATE * limits.capacity_ah <= -current_a <= MOST_C_RATE * limits.capacity_ah:
        return NO_SAG
    ages_s = [measured_at_s(reading, name) for name in ("battery_voltage_v", "battery_current_a")]
    if not abs(ages_s[0] - ages_s[1]) <= TOGETHER_S or voltage_v < limits.deepest_sag_v:
        return NO_SAG
    learned_ohm = None if battery is None else battery.resistance_ohm
    ohm = SURE_SHARE * limits.resistance_ohm
    if learned_ohm is not None and learned_ohm > 0:
        ohm = min(LEARNED_SHARE * learned_ohm, limits.resistance_ohm)
    cell_ohm = min(SURE_SHARE * limits.cell_ohm, ohm / limits.cells)
    return Sag(-current_a * ohm / limits.cells, -current_a * cell_ohm)


def is_surely_charged(battery: BatteryState | None) -> bool:
    """Whether a sure count says that the battery is far from empty, whatever the low-temperature
    derating is.
    """
    if battery is None or battery.state_of_charge_pct is None or battery.sigma_pct is None:
        return False
    charge_pct, sigma_pct, drawable_pct = battery.state_of_charge_pct, battery.sigma_pct, 100.0
    if battery.energy_wh is not None and battery.capacity_wh > 0:
        drawable_pct = battery.energy_wh / battery.capacity_wh * 100
    if not (0 <= sigma_pct <= SURE_SIGMA_PCT and charge_pct <= 100):
        return False
    return min(charge_pct, drawable_pct) - 2 * sigma_pct >= SURE_PCT


def judge_sag(state: GuardState, observation: Observation | None) -> Verdict:
    """No rise while the voltage sags; no loads where it has been below the floor for minutes."""
    if state.sag_since_s is None or observation is None:
        return NO_SAG_NOW
    deep_s = state.deep_sag_since_s
    if deep_s is not None and observation.at_s - deep_s >= LOW_FOR_S:
        for_s = format_duration(observation.at_s - deep_s)
        return forbid_loads(f"a large current has held the voltage below the floor for {for_s}")
    return Verdict(EnergyLevel.FULL, "the voltage sags under a large current", may_rise=False)
