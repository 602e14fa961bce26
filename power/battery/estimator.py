"""The battery estimator: counts charge (coulomb counting), and corrects the count where the battery
itself shows what is in it.

Reads and writes: nothing; a pure step from one estimate and one reading to the next estimate.
Never: trusts a controller's own state of charge, counts with the wall clock, or assumes sun.

Sigma is one standard deviation. It grows with what is unknown of the current sensor's drift, with
the charge that flows and with every unmeasured minute. It shrinks where the count is synchronised
(full, empty), which also teaches the drift, and where a voltage leaves only some charges possible.
"""

from dataclasses import replace
from datetime import datetime

from appliance.chemistry import take_share
from appliance.model import BatteryState, PowerReading, Stamp
from appliance.settings import BatterySettings
from power.battery.capacity import (
    Capacity,
    adopt_capacity,
    restore_capacity,
    spread_uncertainty,
    take_capacity,
)
from power.battery.connected_share import follow_share
from power.battery.corrections import (
    correct_by_bms,
    correct_by_voltage,
    update_rest_window,
)
from power.battery.coulomb import CONTINUOUS_S, DAY_S, HOUR_S, count_charge, extrapolate_silence
from power.battery.draw_rate import compute_c_rate, follow_draw
from power.battery.estimate import (
    COUNT_SIGMA_LIMIT_PCT,
    FROM_VOLTAGE,
    NO_CONDITIONS,
    UNKNOWN_DRIFT_SIGMA,
    Drift,
    Estimate,
    EstimatorInputs,
    Moves,
    find_plausible_current_a,
    find_plausible_voltage_v,
    is_too_cold_to_charge,
)
from power.battery.first_charge import estimate_first_charge
from power.battery.found_flow import adopt_flow
from power.battery.inputs import select_inputs
from power.battery.resistance import learn_resistance, restore_resistance
from power.battery.synchronise import synchronise, update_conditions
from power.battery.unmeasured_flow import RunningSource, UnmeasuredFlow
from power.battery.unmeasured_source import follow_rise, follow_source, widen_for_source
from power.battery.voltage_curve import (
    BatteryFacts,
    compute_profile_unavailable_pct,
    derive_facts,
)

RESTORED, UNKNOWN = "restored", "unknown"  # methods, as stored
OFF_SIGMA_PER_H = 5.0  # the computer was off: the sun may have charged unseen
REBOOT_SIGMA_PCT = 3.0  # least uncertainty after a boot, and what a quick power cycle costs
LOST_SIGMA_PCT = 30.0  # of a charge that could be anything
LARGEST_CORRELATION = 0.95  # of charge and drift: not all of an uncertainty is drift


def restore(state: BatteryState, now: Stamp, *, clock_went_on: bool) -> Estimate | None:
    """The estimate to start with after a restart, from the last stored state.

    Within one boot the time between is a silence like any other. Over a boot the wall clock says
    how long it was, if it `clock_went_on` without power. One that was only saved at the end shows
    seconds for a fortnight: then, or if it went backwards, nothing is known. A row whose figures no
    battery can have is damaged, and says nothing.
    """
    charge_pct, sigma_pct = state.state_of_charge_pct, state.sigma_pct
    if charge_pct is None or sigma_pct is None:
        return None
    if not (0 <= charge_pct <= 100 and 0 <= sigma_pct <= 100):
        return None
    same_boot = state.stamp.boot_id == now.boot_id
    if not same_boot:
        sigma_pct = min(
            LOST_SIGMA_PCT,
            sigma_pct + compute_time_off_sigma_pct(state.stamp, now, clock_went_on=clock_went_on),
        )
    return Estimate(
        counted_at=state.stamp if same_boot else now,
        charge_pct=charge_pct,
        sigma_pct=sigma_pct,
        method=RESTORED,
        drift=restore_drift(state),
        full_at=find_past(state.full_at, now),
        resistance=restore_resistance(state.resistance_ohm),
        capacity=restore_capacity(charge_pct, sigma_pct),
        moves=Moves(now.uptime_s, charge_pct, sigma_pct),
        after_long_silence=not same_boot,
    )


def compute_time_off_sigma_pct(last: Stamp, now: Stamp, *, clock_went_on: bool) -> float:
    """Uncertainty (%) that the time without a running computer adds."""
    off_h = (now.utc - last.utc).total_seconds() / HOUR_S
    return (
        LOST_SIGMA_PCT
        if off_h < 0 or not clock_went_on
        else max(REBOOT_SIGMA_PCT, OFF_SIGMA_PER_H * off_h)
    )


def find_past(at: datetime | None, now: Stamp) -> datetime | None:
    """A time that was noted; None where it is yet to come: the clock was wrong then, or is now."""
    return at if at is not None and at.tzinfo is not None and at <= now.utc else None


def restore_drift(state: BatteryState) -> Drift:
    """The drift is not stored. How much of the stored sigma it has made since the last full charge
    is known, and so the next full charge teaches it all the same.
    """
    sigma_pct = state.sigma_pct or 0.0
    covariance = LARGEST_CORRELATION * sigma_pct * UNKNOWN_DRIFT_SIGMA
    if state.full_at is not None:
        days = max(0.0, (state.stamp.utc - state.full_at).total_seconds() / DAY_S)
        covariance = min(covariance, UNKNOWN_DRIFT_SIGMA**2 * days)
    return Drift(covariance=-covariance)


def update(
    previous: Estimate | None,
    reading: PowerReading | None,
    settings: BatterySettings,
    bms_pct: float | None = None,
    capacity: Capacity | None = None,
    flow: UnmeasuredFlow | None = None,
    source: RunningSource | None = None,
) -> Estimate | None:
    """The estimate after `reading`; None only while there has never been a usable voltage.

    `bms_pct`: the charge that BMS or shunts report themselves, where they do. `capacity`: of the
    whole battery, as far as it was learned. `flow`: what the balance of the charge has found.
    `source`: one beside the sun that is on.
    """
    if reading is None:
        return previous
    if previous is not None:
        previous = follow_share(previous, reading.discharge_share)
        previous = adopt_capacity(previous, capacity, settings)
        settings = take_capacity(take_share(settings, previous.share), previous)
    facts = derive_facts(settings)
    if previous is not None:
        previous = adopt_flow(previous, flow, facts)
        previous = follow_source(previous, source, reading.stamp.uptime_s, facts)
    inputs = select_inputs(previous, reading, settings, facts)
    if previous is None:
        estimate = start(reading, inputs, settings)
    else:
        estimate = advance(previous, reading, inputs, settings, facts)
    if estimate is None:
        return None
    estimate = follow_draw(estimate, previous)
    if bms_pct is None:
        return estimate
    return correct_by_bms(estimate, reading, bms_pct)


def advance(
    previous: Estimate,
    reading: PowerReading,
    inputs: EstimatorInputs,
    settings: BatterySettings,
    facts: BatteryFacts,
) -> Estimate:
    """Count the charge since the last reading, then synchronise and correct."""
    is_broken = reading.stamp.uptime_s - previous.counted_at.uptime_s > CONTINUOUS_S
    conditions = update_conditions(previous, reading, inputs, settings, facts, is_broken=is_broken)
    resistance = learn_resistance(previous, reading, inputs, facts)
    rise = follow_rise(previous, reading, inputs, facts)
    previous = replace(previous, resistance=resistance, rise=rise)
    rest = update_rest_window(previous, reading, inputs, settings, facts, is_broken=is_broken)
    previous = replace(previous, conditions=conditions, rest=rest)
    estimate = widen_for_source(previous, count_charge(previous, reading, inputs, facts))
    if conditions is not NO_CONDITIONS:
        estimate = synchronise(estimate, reading, facts)
    return estimate if rest is None else correct_by_voltage(estimate, facts)


def report_state(
    estimate: Estimate | None,
    reading: PowerReading | None,
    settings: BatterySettings,
    now: Stamp,
    *,
    loads_w: float | None = None,
) -> BatteryState:
    """The estimate as it stands `now`, with what a silence since the last count may have taken.

    `loads_w`: what the unit's loads draw at most. What can be drawn in the cold depends on it.
    """
    if estimate is None:
        return report_unknown(settings, now)
    settings = take_capacity(take_share(settings, estimate.share), estimate)
    facts = derive_facts(settings)
    charge_pct, sigma_pct = predict_charge(estimate, now, facts)
    c_rate = compute_c_rate(estimate, loads_w, facts)
    cold_pct = compute_profile_unavailable_pct(facts.profile, estimate.temperature_c, c_rate)
    drawable_pct = charge_pct - cold_pct
    energy_wh = drawable_pct / 100 * facts.capacity_wh if drawable_pct > 0 else 0.0
    is_refused = reading is not None and reading.charge_allowed is False
    return BatteryState(
        stamp=now,
        state_of_charge_pct=charge_pct,
        sigma_pct=sigma_pct,
        energy_wh=energy_wh,
        capacity_wh=settings.capacity_wh,
        time_to_go_s=compute_time_to_go_s(energy_wh, reading, settings),
        charge_blocked=is_refused or is_too_cold_to_charge(estimate.temperature_c, settings),
        method=estimate.method,
        full_at=estimate.full_at,
        resistance_ohm=estimate.resistance.ohm,
    )


def predict_charge(estimate: Estimate, now: Stamp, facts: BatteryFacts) -> tuple[float, float]:
    """Charge and sigma (%) `now`, after the silence since the last count."""
    charge_pct, sigma_pct = estimate.charge_pct, estimate.sigma_pct
    silent_s = now.uptime_s - estimate.counted_at.uptime_s
    if silent_s <= 0:
        return charge_pct, sigma_pct
    drawn_pct, more_pct = extrapolate_silence(estimate, silent_s, facts)
    sigma_pct, _ = spread_uncertainty(sigma_pct, estimate.capacity, -min(charge_pct, drawn_pct))
    sigma_pct = (sigma_pct * sigma_pct + more_pct * more_pct) ** 0.5
    return max(0.0, charge_pct - drawn_pct), min(COUNT_SIGMA_LIMIT_PCT, sigma_pct)


def report_unknown(settings: BatterySettings, now: Stamp) -> BatteryState:
    """The state before the first usable voltage."""
    return BatteryState(
        stamp=now,
        state_of_charge_pct=None,
        sigma_pct=None,
        energy_wh=None,
        capacity_wh=settings.capacity_wh,
        time_to_go_s=None,
        charge_blocked=False,
        method=UNKNOWN,
    )


def start(
    reading: PowerReading, inputs: EstimatorInputs, settings: BatterySettings
) -> Estimate | None:
    """The first estimate, without any count: from the voltage."""
    if inputs.voltage_v is None:
        return None
    charge = estimate_first_charge(reading, inputs, inputs.voltage_v, settings)
    return Estimate(
        counted_at=reading.stamp,
        charge_pct=charge.charge_pct,
        sigma_pct=charge.sigma_pct,
        method=FROM_VOLTAGE,
        current_a=inputs.current_a,
        temperature_c=reading.battery_temperature_c,
        inputs=inputs,
        share=reading.discharge_share or 1.0,
        moves=Moves(reading.stamp.uptime_s, charge.charge_pct, charge.sigma_pct),
    )


def compute_time_to_go_s(
    energy_wh: float, reading: PowerReading | None, settings: BatterySettings
) -> float | None:
    """Seconds until `energy_wh` is drawn at the present net discharge; None while charging."""
    if reading is None or (reading.battery_current_a or 0.0) >= 0:
        return None
    voltage_v = find_plausible_voltage_v(reading, settings)
    current_a = find_plausible_current_a(reading, settings)
    if voltage_v is None or current_a is None:
        return None
    return energy_wh / (-current_a * voltage_v) * HOUR_S
