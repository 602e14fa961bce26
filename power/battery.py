"""The battery estimator: counts charge, anchors the count where the battery itself speaks.

Reads and writes: nothing; a pure step from one belief and one reading to the next belief.
Never: trusts a controller's own state of charge, counts with the wall clock, or counts a silence.

Sigma is one standard deviation. It grows with the current sensor's dead band, with the charge
moved and with every unmeasured minute; it shrinks at an anchor (full, empty) and where a rested
voltage says more than the count does.
"""

from dataclasses import replace

from appliance.model import BatteryState, PowerReading, Stamp
from appliance.settings import BatterySettings
from power.anchors import anchor, combine, said_by, watch
from power.belief import (
    FROM_VOLTAGE,
    WIDEST_SIGMA_PCT,
    Belief,
    believable_current_a,
    believable_voltage_v,
    charge_blocked,
)
from power.counting import BRIDGED_S, HOUR_S, count, silence_pct
from power.voltage_curve import charge_from_voltage, hidden_pct

RESTORED, UNKNOWN = "restored", "unknown"
OFF_PCT_PER_H = 5.0  # the computer was off: the sun may have charged unseen
REBOOT_PCT = 3.0  # least doubt after a boot, and what a quick power cycle costs
LOST_SIGMA_PCT = 30.0  # of a charge that could be anything


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
        charge_blocked=charge_blocked(belief.temperature_c, settings)
        or (reading is not None and reading.charge_allowed is False),
        method=belief.method,
    )


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
