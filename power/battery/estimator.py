"""The battery estimator: counts charge, and sets the count right where the battery itself speaks.

Reads and writes: nothing; a pure step from one belief and one reading to the next belief.
Never: trusts a controller's own state of charge, counts with the wall clock, or invents sun.

Sigma is one standard deviation. It grows with what is unknown of the current sensor's drift, with
the charge moved and with every unmeasured minute; it shrinks at an anchor (full, empty), which
also teaches the drift, and where a voltage leaves only some of the believed charges possible.
"""

from appliance.model import BatteryState, PowerReading, Stamp
from appliance.settings import BatterySettings
from power.battery.corrections import ask_bms, ask_voltage, known_c, look
from power.battery.coulomb import BRIDGED_S, DAY_S, HOUR_S, count, in_silence
from power.battery.estimate import (
    FROM_VOLTAGE,
    NO_SIGNS,
    UNKNOWN_DRIFT,
    WIDEST_SIGMA_PCT,
    Belief,
    Drift,
    Heard,
    believable_current_a,
    believable_voltage_v,
    charge_blocked,
)
from power.battery.inputs import hear
from power.battery.synchronise import anchor, watch
from power.battery.voltage_curve import charge_from_voltage, facts_of, hidden_in

RESTORED, UNKNOWN = "restored", "unknown"
OFF_PCT_PER_H = 5.0  # the computer was off: the sun may have charged unseen
REBOOT_PCT = 3.0  # least doubt after a boot, and what a quick power cycle costs
LOST_SIGMA_PCT = 30.0  # of a charge that could be anything
LARGEST_LEAN = 0.95  # of what sigma and drift allow: not all of a doubt is drift


def restore(state: BatteryState, now: Stamp) -> Belief | None:
    """The belief to start with after a restart, from the last stored state.

    Within one boot the time between is a silence like any other. Over a boot it is judged by the
    wall clock, for want of a better; a clock that went backwards means that nothing is known.
    """
    if state.state_of_charge_pct is None or state.sigma_pct is None:
        return None
    charge_pct = min(100.0, max(0.0, state.state_of_charge_pct))
    sigma_pct, counted, slept = state.sigma_pct, state.stamp, False
    if state.stamp.boot_id != now.boot_id:
        away_h = (now.utc - state.stamp.utc).total_seconds() / HOUR_S
        doubt_pct = LOST_SIGMA_PCT if away_h < 0 else max(REBOOT_PCT, OFF_PCT_PER_H * away_h)
        sigma_pct = min(LOST_SIGMA_PCT, sigma_pct + doubt_pct)
        counted, slept = now, True
    return Belief(
        counted,
        charge_pct,
        sigma_pct,
        RESTORED,
        drift=unlearned(state),
        full_at=state.full_at,
        slept=slept,
    )


def unlearned(state: BatteryState) -> Drift:
    """The drift is not stored. What of the stored sigma it has made since the last full charge
    is known, and so the next anchor teaches it all the same.
    """
    sigma_pct = state.sigma_pct or 0.0
    lean = LARGEST_LEAN * sigma_pct * UNKNOWN_DRIFT
    if state.full_at is not None:
        days = max(0.0, (state.stamp.utc - state.full_at).total_seconds() / DAY_S)
        lean = min(lean, UNKNOWN_DRIFT**2 * days)
    return Drift(lean=-lean)


def estimate(
    previous: Belief | None,
    reading: PowerReading | None,
    settings: BatterySettings,
    said_pct: float | None = None,
) -> Belief | None:
    """The belief after `reading`; None only while there has never been a usable voltage.

    `said_pct` is what BMS or shunts say of the charge themselves, where they say something.
    """
    if reading is None:
        return previous
    facts = facts_of(settings)
    heard = hear(previous, reading, settings, facts)
    if previous is None:
        belief = first(reading, heard, settings)
        return belief if belief is None or said_pct is None else ask_bms(belief, reading, said_pct)
    broken = reading.stamp.uptime_s - previous.counted.uptime_s > BRIDGED_S
    signs = watch(previous.signs, reading, heard, settings, facts, broken)
    quiet = look(previous.quiet, reading, heard, settings, facts, broken)
    belief = count(previous, reading, heard, signs, quiet, facts)
    if signs is not NO_SIGNS:
        belief = anchor(belief, reading, facts)
    if quiet is not None:
        belief = ask_voltage(belief, facts)
    return belief if said_pct is None else ask_bms(belief, reading, said_pct)


def state(
    belief: Belief | None, reading: PowerReading | None, settings: BatterySettings, now: Stamp
) -> BatteryState:
    """The belief as it stands `now`, with what a silence since the last count may have taken."""
    if belief is None:
        return BatteryState(now, None, None, None, settings.capacity_wh, None, False, UNKNOWN)
    facts = facts_of(settings)
    charge_pct, sigma_pct = belief.charge_pct, belief.sigma_pct
    silent_s = now.uptime_s - belief.counted.uptime_s
    if silent_s > 0:
        drawn_pct, doubt_pct = in_silence(belief, silent_s, facts)
        charge_pct = max(0.0, charge_pct - drawn_pct)
        sigma_pct = min(WIDEST_SIGMA_PCT, (sigma_pct * sigma_pct + doubt_pct * doubt_pct) ** 0.5)
    drawable_pct = charge_pct - hidden_in(facts.cell, belief.temperature_c)
    energy_wh = drawable_pct / 100 * facts.capacity_wh if drawable_pct > 0 else 0.0
    refused = reading is not None and reading.charge_allowed is False
    return BatteryState(
        now,
        charge_pct,
        sigma_pct,
        energy_wh,
        settings.capacity_wh,
        time_to_go_s(energy_wh, reading, settings),
        refused or charge_blocked(belief.temperature_c, settings),
        belief.method,
        belief.full_at,
    )


def first(reading: PowerReading, heard: Heard, settings: BatterySettings) -> Belief | None:
    """The first belief of a battery that nobody has counted: its voltage, the load taken off."""
    if heard.voltage_v is None:
        return None
    said = charge_from_voltage(
        heard.voltage_v, heard.current_a, settings, known_c(reading.battery_temperature_c)
    )
    return Belief(
        reading.stamp,
        said.charge_pct,
        said.sigma_pct,
        FROM_VOLTAGE,
        heard.current_a,
        reading.battery_temperature_c,
        heard=heard,
    )


def time_to_go_s(
    energy_wh: float, reading: PowerReading | None, settings: BatterySettings
) -> float | None:
    """Seconds until `energy_wh` is drawn at the present net discharge; None while charging."""
    if reading is None or (reading.battery_current_a or 0.0) >= 0:
        return None
    voltage_v = believable_voltage_v(reading, settings)
    current_a = believable_current_a(reading, settings)
    if voltage_v is None or current_a is None:
        return None
    return energy_wh / (-current_a * voltage_v) * HOUR_S
