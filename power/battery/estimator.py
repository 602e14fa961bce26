"""The battery estimator: counts charge, and sets the count right where the battery itself speaks.

Reads and writes: nothing; a pure step from one belief and one reading to the next belief.
Never: trusts a controller's own state of charge, counts with the wall clock, or invents sun.

Sigma is one standard deviation. It grows with what is unknown of the current sensor's drift, with
the charge moved and with every unmeasured minute; it shrinks at an anchor (full, empty), which
also teaches the drift, and where a voltage leaves only some of the believed charges possible.
"""

from appliance.model import BatteryState, PowerReading, Stamp
from appliance.settings import BatterySettings
from power.battery.corrections import (
    correct_by_bms,
    correct_by_voltage,
    measured_temperature_c,
    update_rest_window,
)
from power.battery.coulomb import CONTINUOUS_S, DAY_S, HOUR_S, count_charge, extrapolate_silence
from power.battery.estimate import (
    COUNT_SIGMA_LIMIT_PCT,
    FROM_VOLTAGE,
    NO_CONDITIONS,
    UNKNOWN_DRIFT_SIGMA,
    Drift,
    Estimate,
    EstimatorInputs,
    is_too_cold_to_charge,
    plausible_current_a,
    plausible_voltage_v,
)
from power.battery.inputs import select_inputs
from power.battery.synchronise import synchronise, update_conditions
from power.battery.voltage_curve import cell_unavailable_pct, derive_facts, estimate_from_voltage

RESTORED, UNKNOWN = "restored", "unknown"
OFF_SIGMA_PER_H = 5.0  # the computer was off: the sun may have charged unseen
REBOOT_SIGMA_PCT = 3.0  # least doubt after a boot, and what a quick power cycle costs
LOST_SIGMA_PCT = 30.0  # of a charge that could be anything
LARGEST_CORRELATION = 0.95  # of what sigma and drift allow: not all of a doubt is drift


def restore(state: BatteryState, now: Stamp) -> Estimate | None:
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
        doubt_pct = (
            LOST_SIGMA_PCT if away_h < 0 else max(REBOOT_SIGMA_PCT, OFF_SIGMA_PER_H * away_h)
        )
        sigma_pct = min(LOST_SIGMA_PCT, sigma_pct + doubt_pct)
        counted, slept = now, True
    return Estimate(
        counted,
        charge_pct,
        sigma_pct,
        RESTORED,
        drift=restore_drift(state),
        full_at=state.full_at,
        after_long_silence=slept,
    )


def restore_drift(state: BatteryState) -> Drift:
    """The drift is not stored. What of the stored sigma it has made since the last full charge
    is known, and so the next anchor teaches it all the same.
    """
    sigma_pct = state.sigma_pct or 0.0
    lean = LARGEST_CORRELATION * sigma_pct * UNKNOWN_DRIFT_SIGMA
    if state.full_at is not None:
        days = max(0.0, (state.stamp.utc - state.full_at).total_seconds() / DAY_S)
        lean = min(lean, UNKNOWN_DRIFT_SIGMA**2 * days)
    return Drift(covariance=-lean)


def update(
    previous: Estimate | None,
    reading: PowerReading | None,
    settings: BatterySettings,
    bms_pct: float | None = None,
) -> Estimate | None:
    """The belief after `reading`; None only while there has never been a usable voltage.

    `said_pct` is what BMS or shunts say of the charge themselves, where they say something.
    """
    if reading is None:
        return previous
    facts = derive_facts(settings)
    heard = select_inputs(previous, reading, settings, facts)
    if previous is None:
        belief = start(reading, heard, settings)
        return (
            belief
            if belief is None or bms_pct is None
            else correct_by_bms(belief, reading, bms_pct)
        )
    broken = reading.stamp.uptime_s - previous.counted_at.uptime_s > CONTINUOUS_S
    signs = update_conditions(previous.conditions, reading, heard, settings, facts, broken)
    quiet = update_rest_window(previous.rest, reading, heard, settings, facts, broken)
    belief = count_charge(previous, reading, heard, signs, quiet, facts)
    if signs is not NO_CONDITIONS:
        belief = synchronise(belief, reading, facts)
    if quiet is not None:
        belief = correct_by_voltage(belief, facts)
    return belief if bms_pct is None else correct_by_bms(belief, reading, bms_pct)


def report_state(
    belief: Estimate | None, reading: PowerReading | None, settings: BatterySettings, now: Stamp
) -> BatteryState:
    """The belief as it stands `now`, with what a silence since the last count may have taken."""
    if belief is None:
        return BatteryState(now, None, None, None, settings.capacity_wh, None, False, UNKNOWN)
    facts = derive_facts(settings)
    charge_pct, sigma_pct = belief.charge_pct, belief.sigma_pct
    silent_s = now.uptime_s - belief.counted_at.uptime_s
    if silent_s > 0:
        drawn_pct, doubt_pct = extrapolate_silence(belief, silent_s, facts)
        charge_pct = max(0.0, charge_pct - drawn_pct)
        sigma_pct = min(
            COUNT_SIGMA_LIMIT_PCT, (sigma_pct * sigma_pct + doubt_pct * doubt_pct) ** 0.5
        )
    drawable_pct = charge_pct - cell_unavailable_pct(facts.cell, belief.temperature_c)
    energy_wh = drawable_pct / 100 * facts.capacity_wh if drawable_pct > 0 else 0.0
    refused = reading is not None and reading.charge_allowed is False
    return BatteryState(
        now,
        charge_pct,
        sigma_pct,
        energy_wh,
        settings.capacity_wh,
        time_to_go_s(energy_wh, reading, settings),
        refused or is_too_cold_to_charge(belief.temperature_c, settings),
        belief.method,
        belief.full_at,
    )


def start(
    reading: PowerReading, heard: EstimatorInputs, settings: BatterySettings
) -> Estimate | None:
    """The first belief of a battery that nobody has counted: its voltage, the load taken off."""
    if heard.voltage_v is None:
        return None
    said = estimate_from_voltage(
        heard.voltage_v,
        heard.current_a,
        settings,
        measured_temperature_c(reading.battery_temperature_c),
    )
    return Estimate(
        reading.stamp,
        said.charge_pct,
        said.sigma_pct,
        FROM_VOLTAGE,
        heard.current_a,
        reading.battery_temperature_c,
        inputs=heard,
    )


def time_to_go_s(
    energy_wh: float, reading: PowerReading | None, settings: BatterySettings
) -> float | None:
    """Seconds until `energy_wh` is drawn at the present net discharge; None while charging."""
    if reading is None or (reading.battery_current_a or 0.0) >= 0:
        return None
    voltage_v = plausible_voltage_v(reading, settings)
    current_a = plausible_current_a(reading, settings)
    if voltage_v is None or current_a is None:
        return None
    return energy_wh / (-current_a * voltage_v) * HOUR_S
