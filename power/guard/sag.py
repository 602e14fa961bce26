"""The voltage under a large current: what the resistance takes is not missing in the battery.

Reads and writes: nothing; pure.
Never: counts with more than the least resistance that is sure, without a measured current of the
same moment, or without a count that is sure too: then the voltage is what it is.

An inverter's surge of 0.6C may take 2 V of 13 for a minute. Where the count is sure that the
battery is not empty, so much is added to the voltage as its resistance surely takes: four fifths of
the one that was learned; else of the one that the step into this current shows, from a sound
voltage seconds before; else half of the usual one of its size. True resistances between half and
double the usual one are then safe. Nothing is added to a voltage at which a cell, the load output
or the inverter disconnects, nor for a single weak cell. It ends: loads stop after five minutes
below the floor, and after half an hour the voltage counts as it is.
"""

from dataclasses import replace
from math import isfinite

from appliance.model import BatteryState, EnergyLevel, PowerReading, Stamp
from appliance.wording.sentence import say
from power.guard.limits import Limits
from power.guard.observations import (
    LOW_FOR_S,
    NO_SAG,
    GuardState,
    Moment,
    Observation,
    Sag,
    is_of_now,
    measured_at_s,
    observe,
)
from power.guard.verdict import Verdict, forbid_loads, format_duration

LEAST_C_RATE, MOST_C_RATE = 0.1, 2.0  # less needs no help, and more is a reading error
SURE_SHARE, LEARNED_SHARE = 0.5, 0.8  # of the default and of a measured resistance
STEP_FOR_S = 15.0  # after the last sound voltage: what a slow meter needs for all of a step
MOST_OHM = 2.0  # of the default: more in one step is more than resistance
SURE_SIGMA_PCT, SURE_PCT = 5.0, 20.0  # a sure count, and what it must say at two sigma
TOGETHER_S = 1.0  # ages of values of one moment differ by less
SAG_FOR_S = 1800.0
NO_SAG_NOW = Verdict(EnergyLevel.FULL, say("the voltage does not sag"))


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
    state = note_step(state, measured, reading, limits)
    if measured.cell_v >= limits.cell.low_v:
        return replace(state, sag_since_s=None, deep_sag_since_s=None), measured
    sag = NO_SAG
    if state.was_good:
        sag = find_sag(reading, battery, limits, now, step_ohm=state.step_ohm)
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


def note_step(
    state: GuardState, measured: Observation, reading: PowerReading | None, limits: Limits
) -> GuardState:
    """The last sound moment, and what the step from it to a low voltage shows of the resistance."""
    moment = None if reading is None else find_moment(reading)
    if measured.cell_v >= limits.cell.low_v:
        is_sound = measured.cell_v >= limits.cell.sound_v
        return replace(state, before_sag=moment if is_sound else None, step_ohm=None)
    before = state.before_sag
    if before is None or moment is None or moment.at_s - before.at_s > STEP_FOR_S:
        return state
    step_a = before.current_a - moment.current_a
    if step_a < LEAST_C_RATE * limits.capacity_ah:
        return state
    # A voltage that a charger may hold is no sound one: its fall is not the resistance's alone.
    before_v = min(before.voltage_v, limits.cells * limits.cell.held_v)
    step_ohm = max(0.0, before_v - moment.voltage_v) / step_a
    return replace(state, step_ohm=min(step_ohm, MOST_OHM * limits.resistance_ohm))


def find_moment(reading: PowerReading) -> Moment | None:
    """Voltage and current, where both were measured at one moment."""
    voltage_v, current_a = reading.battery_voltage_v, reading.battery_current_a
    if voltage_v is None or current_a is None or not isfinite(current_a):
        return None
    ages_s = [measured_at_s(reading, name) for name in ("battery_voltage_v", "battery_current_a")]
    if not abs(ages_s[0] - ages_s[1]) <= TOGETHER_S:
        return None
    return Moment(voltage_v, current_a, ages_s[0])


def find_sag(
    reading: PowerReading | None,
    battery: BatteryState | None,
    limits: Limits,
    now: Stamp,
    *,
    step_ohm: float | None,
) -> Sag:
    """What the present current surely takes of the voltage; `NO_SAG` where that is not known."""
    if reading is None or not is_of_now(reading, now) or not is_surely_charged(battery):
        return NO_SAG
    moment = find_moment(reading)
    if moment is None or not moment.voltage_v >= limits.deepest_sag_v:
        return NO_SAG
    current_a = moment.current_a
    if not LEAST_C_RATE * limits.capacity_ah <= -current_a <= MOST_C_RATE * limits.capacity_ah:
        return NO_SAG
    learned_ohm = None if battery is None else battery.resistance_ohm
    ohm = find_least_ohm(learned_ohm, step_ohm, limits)
    cell_ohm = min(SURE_SHARE * limits.cell_ohm, ohm / limits.cells)
    return Sag(-current_a * ohm / limits.cells, -current_a * cell_ohm)


def find_least_ohm(learned_ohm: float | None, step_ohm: float | None, limits: Limits) -> float:
    """The least resistance (ohm) that is sure."""
    if learned_ohm is not None and learned_ohm > 0:
        return min(LEARNED_SHARE * learned_ohm, limits.resistance_ohm)
    if step_ohm is not None:
        return LEARNED_SHARE * step_ohm
    return SURE_SHARE * limits.resistance_ohm


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
        return forbid_loads(
            say("a large current has held the voltage below the floor for {for_s}", for_s=for_s)
        )
    return Verdict(EnergyLevel.FULL, say("the voltage sags under a large current"), may_rise=False)
