"""The battery estimator: counts charge, anchors the count where the battery itself speaks.

Reads and writes: nothing; a pure step from one belief and one reading to the next belief.
Never: trusts a controller's own state of charge, counts with the wall clock, or counts a silence.

Sigma is one standard deviation. It grows with the current sensor's dead band, with the charge
moved and with every unmeasured minute; it shrinks at an anchor (full, empty) and where a rested
voltage says more than the count does.
"""

import math
from dataclasses import dataclass, replace

from appliance.model import BatteryState, ChargeStage, PowerReading, Stamp
from appliance.settings import BatterySettings
from power.voltage_curve import (
    Evidence,
    capacity_ah,
    cell_count,
    cell_of,
    charge_from_voltage,
    hidden_pct,
)

COUNTED, FULL, EMPTY = "counted", "anchored full", "anchored empty"
FROM_VOLTAGE, RESTORED, UNKNOWN = "from voltage", "restored", "unknown"

HOUR_S, DAY_S = 3600.0, 86_400.0
DRIFT_PCT_PER_DAY = 2.5  # a dead band of 0.1 to 0.5 A on 100 Ah
GAIN_ERROR = 0.01  # of the charge moved
UNMEASURED_PCT_PER_H = 1.0  # a unit built for four days without sun
OFF_PCT_PER_H = 5.0  # the computer was off: the sun may have charged unseen
REBOOT_PCT = 3.0  # least doubt after a boot, and what a quick power cycle costs
WIDEST_SIGMA_PCT = 50.0  # a count this old says next to nothing
LOST_SIGMA_PCT = 30.0  # of a charge that could be anything
BRIDGED_S = 600.0  # readings this close together are counted as if nothing were missing
GUESSED_S = 3600.0  # up to here the ends of a silence are still a fair guess of its middle
ANCHOR_S = 300.0
FLOAT_ANCHOR_S = 1800.0
TAIL_C = 0.02  # C/50: full below this while charging, rested below this at all
DRAIN_C = 0.005  # C/200: a floating battery gives less than this
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


def restore(state: BatteryState, now: Stamp) -> Belief | None:
    """The belief to start with after a restart, from the last stored state.

    Within one boot the time between is a silence like any other. Over a boot it is judged by the
    wall clock, for want of a better; a clock that went backwards means that nothing is known.
    """
    if state.state_of_charge_pct is None or state.sigma_pct is None:
        return None
    charge_pct = min(100.0, max(0.0, state.state_of_charge_pct))
    if state.stamp.boot_id == now.boot_id:
        return Belief(state.stamp, charge_pct, state.sigma_pct, RESTORED)
    away_h = (now.utc - state.stamp.utc).total_seconds() / HOUR_S
    doubt_pct = LOST_SIGMA_PCT if away_h < 0 else max(REBOOT_PCT, OFF_PCT_PER_H * away_h)
    sigma_pct = min(LOST_SIGMA_PCT, state.sigma_pct + doubt_pct)
    return Belief(now, charge_pct, sigma_pct, RESTORED, slept=True)


def estimate(
    previous: Belief | None, reading: PowerReading | None, settings: BatterySettings
) -> Belief | None:
    """The belief after `reading`; None only while there has never been a usable voltage."""
    if reading is None:
        return previous
    voltage_v = believable_voltage_v(reading, settings)
    current_a = believable_current_a(reading, settings)
    if previous is None:
        return first(reading, voltage_v, current_a, settings)
    belief = count(previous, reading.stamp, current_a, settings)
    belief = replace(belief, temperature_c=reading.battery_temperature_c)
    if voltage_v is None:
        return belief
    if belief.slept:
        belief = combine(belief, said_by(voltage_v, current_a, belief, settings))
    broken = reading.stamp.uptime_s - previous.counted.uptime_s > BRIDGED_S
    belief = watch(belief, reading, voltage_v, current_a, settings, broken)
    return anchor(belief, reading.stamp, voltage_v, current_a, settings)


def state(
    belief: Belief | None, reading: PowerReading | None, settings: BatterySettings, now: Stamp
) -> BatteryState:
    """The belief as it stands `now`, a silence since the last count included in its sigma."""
    if belief is None:
        return BatteryState(now, None, None, None, settings.capacity_wh, None, False, UNKNOWN)
    silent_s = max(0.0, now.uptime_s - belief.counted.uptime_s)
    sigma_pct = min(WIDEST_SIGMA_PCT, belief.sigma_pct + silence_pct(belief, silent_s, settings))
    drawable_pct = max(0.0, belief.charge_pct - hidden_pct(settings, belief.temperature_c))
    energy_wh = drawable_pct / 100 * settings.capacity_wh
    return BatteryState(
        stamp=now,
        state_of_charge_pct=belief.charge_pct,
        sigma_pct=sigma_pct,
        energy_wh=energy_wh,
        capacity_wh=settings.capacity_wh,
        time_to_go_s=time_to_go_s(energy_wh, reading, settings),
        charge_blocked=charge_blocked(belief.temperature_c, settings),
        method=belief.method,
    )


# --- counting ------------------------------------------------------------------------------------


def first(
    reading: PowerReading,
    voltage_v: float | None,
    current_a: float | None,
    settings: BatterySettings,
) -> Belief | None:
    """The first belief of a battery that nobody has counted: its voltage, the load taken off."""
    if voltage_v is None:
        return None
    celsius = reading.battery_temperature_c
    said = charge_from_voltage(voltage_v, current_a, settings, celsius)
    return Belief(
        counted=reading.stamp,
        charge_pct=said.charge_pct,
        sigma_pct=said.sigma_pct,
        method=FROM_VOLTAGE,
        current_a=current_a,
        temperature_c=celsius,
    )


def count(belief: Belief, now: Stamp, current_a: float | None, settings: BatterySettings) -> Belief:
    """Add the charge that has flowed since the last count. Without a current the silence goes on.

    A short silence is bridged. Up to `GUESSED_S` its ends are the best guess of its middle, and
    half of the guess goes into sigma. A longer one is not counted at all.
    """
    elapsed_s = now.uptime_s - belief.counted.uptime_s
    if current_a is None or elapsed_s <= 0:
        return belief
    mean_a = current_a if belief.current_a is None else (belief.current_a + current_a) / 2
    moved_pct = mean_a * elapsed_s / HOUR_S / capacity_ah(settings) * 100
    if elapsed_s <= BRIDGED_S:
        doubt_pct = DRIFT_PCT_PER_DAY * elapsed_s / DAY_S + GAIN_ERROR * abs(moved_pct)
    elif elapsed_s <= GUESSED_S:
        doubt_pct = silence_pct(belief, elapsed_s, settings) + abs(moved_pct) / 2
    else:
        moved_pct, doubt_pct = 0.0, silence_pct(belief, elapsed_s, settings)
    if moved_pct > 0:
        moved_pct *= cell_of(settings).charge_efficiency
    return replace(
        belief,
        counted=now,
        charge_pct=min(100.0, max(0.0, belief.charge_pct + moved_pct)),
        sigma_pct=min(WIDEST_SIGMA_PCT, belief.sigma_pct + doubt_pct),
        current_a=current_a,
        method=COUNTED,
    )


def silence_pct(belief: Belief, silent_s: float, settings: BatterySettings) -> float:
    """What a silence adds to sigma: the last discharge may have gone on, or a usual one begun."""
    last_pct_per_h = -(belief.current_a or 0.0) / capacity_ah(settings) * 100
    return max(UNMEASURED_PCT_PER_H, last_pct_per_h) * silent_s / HOUR_S


# --- anchoring -----------------------------------------------------------------------------------


def watch(
    belief: Belief,
    reading: PowerReading,
    voltage_v: float,
    current_a: float | None,
    settings: BatterySettings,
    broken: bool,
) -> Belief:
    """Note since when each anchor's condition holds; a `broken` series of readings starts anew."""
    cell, cell_v = cell_of(settings), voltage_v / cell_count(settings)
    blocked = charge_blocked(reading.battery_temperature_c, settings)
    now_s = reading.stamp.uptime_s
    tail_a, drain_a = TAIL_C * capacity_ah(settings), DRAIN_C * capacity_ah(settings)
    small = current_a is not None and abs(current_a) < tail_a
    discharging = current_a is None or current_a < 0
    # A BMS that has cut the charge also shows the charger's voltage and no current. So the tail
    # must begin with charge flowing in, and cells that are too cold are never called full.
    tail = small and cell_v >= cell.full_v and not blocked
    tail = tail and (belief.tail_since_s is not None or (current_a or 0.0) > 0)
    floating = reading.charge_stage is ChargeStage.FLOAT and cell_v >= cell.floating_v
    floating = floating and not blocked and (current_a or 0.0) > -drain_a
    empty = discharging and cell_v <= cell.empty_v

    def since(before_s: float | None, holds: bool) -> float | None:
        if not holds:
            return None
        return now_s if before_s is None or broken else before_s

    return replace(
        belief,
        tail_since_s=since(belief.tail_since_s, tail),
        float_since_s=since(belief.float_since_s, floating),
        empty_since_s=since(belief.empty_since_s, empty),
        rested_since_s=since(belief.rested_since_s, small),
    )


def anchor(
    belief: Belief,
    now: Stamp,
    voltage_v: float,
    current_a: float | None,
    settings: BatterySettings,
) -> Belief:
    """Correct the count where a condition has held for long enough; empty before full."""

    def lasted(since_s: float | None, for_s: float) -> bool:
        return since_s is not None and now.uptime_s - since_s >= for_s

    cell = cell_of(settings)
    if lasted(belief.empty_since_s, ANCHOR_S):
        # In the cold it is empty early: what the cold hides is still in it.
        hidden = hidden_pct(settings, belief.temperature_c)
        left = Evidence(cell.empty.charge_pct + hidden, cell.empty.sigma_pct + hidden / 4)
        return anchored(belief, now, left, EMPTY)
    if lasted(belief.tail_since_s, ANCHOR_S):
        return anchored(belief, now, cell.full, FULL)
    if lasted(belief.float_since_s, FLOAT_ANCHOR_S):
        return anchored(belief, now, cell.floating, FULL)
    if lasted(belief.rested_since_s, cell.rest_s):
        said = said_by(voltage_v, current_a, belief, settings)
        if says_more(said, belief):
            return anchored(belief, now, said, FROM_VOLTAGE)
    return belief


def said_by(
    voltage_v: float, current_a: float | None, belief: Belief, settings: BatterySettings
) -> Evidence:
    return charge_from_voltage(voltage_v, current_a, settings, belief.temperature_c)


def says_more(said: Evidence, belief: Belief) -> bool:
    """Whether a rested voltage is clearly surer than the count, or the two cannot both be true."""
    apart_pct = abs(said.charge_pct - belief.charge_pct)
    impossible = apart_pct > 2 * math.hypot(said.sigma_pct, belief.sigma_pct)
    return impossible or said.sigma_pct < 0.7 * belief.sigma_pct


def anchored(belief: Belief, now: Stamp, said: Evidence, method: str) -> Belief:
    return replace(
        belief, counted=now, charge_pct=said.charge_pct, sigma_pct=said.sigma_pct, method=method
    )


def combine(belief: Belief, said: Evidence) -> Belief:
    """Weigh what was stored before the boot against the first voltage; the two are independent."""
    old, new = belief.sigma_pct**-2, said.sigma_pct**-2
    return replace(
        belief,
        charge_pct=(belief.charge_pct * old + said.charge_pct * new) / (old + new),
        sigma_pct=(old + new) ** -0.5,
        slept=False,
    )


# --- single values -------------------------------------------------------------------------------


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


def time_to_go_s(
    energy_wh: float, reading: PowerReading | None, settings: BatterySettings
) -> float | None:
    """Seconds until `energy_wh` is drawn at the present net discharge; None while charging."""
    if reading is None:
        return None
    voltage_v = believable_voltage_v(reading, settings)
    current_a = believable_current_a(reading, settings)
    if voltage_v is None or current_a is None or current_a >= 0:
        return None
    return energy_wh / (-current_a * voltage_v) * HOUR_S
