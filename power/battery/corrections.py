"""Corrections of the count: by the charges that a voltage leaves possible, and by a BMS.

Reads and writes: nothing; pure.
Never: takes one voltage reported a hundred times for a hundred voltages, or trusts a BMS alone.

A voltage's error (meter, hysteresis) stays the same for days. So it is not averaged: it only limits
which charges it leaves possible, and an estimate that lies well inside of them is left as it is.
"""

from dataclasses import replace
from math import hypot, sqrt

from appliance.model import PowerReading
from appliance.settings import BatterySettings
from power.battery.capacity import correct_covariance
from power.battery.charge_range import (
    ChargeRange,
    probability_inside,
    recover_charge,
    summarise_range,
    truncate,
)
from power.battery.coulomb import DAY_S
from power.battery.estimate import (
    FROM_BMS,
    FROM_VOLTAGE,
    HOLDING,
    NO_PROBE_C,
    UNKNOWN_DRIFT_SIGMA,
    Drift,
    Estimate,
    EstimatorInputs,
    RestWindow,
    find_measured_temperature_c,
    is_too_cold_to_charge,
)
from power.battery.voltage_curve import BatteryFacts, UncertainCharge, bound_charge, raise_for_cold

ENOUGH_INSIDE = 0.3  # of the estimate: less than this inside needs a correction, however sure it is
COUNT_LOST_BELOW = 0.01  # inside: the count has been lost, nobody knows when
CHARGING_C_RATE = 0.01  # C/100: with less the charger's voltage need not be the cells'
DISCHARGING_C_RATE = 0.001
OUTLIER_SIGMAS = 3.0  # what lies further off is held against the sensor only so far
LEAST_DRIFT_SIGMA = 0.7  # % a day that always stays unknown
LARGEST_DRIFT = 40.0  # % a day: a load that no meter sees, of C/60
LARGEST_SOURCE = 8.0  # % a day: what a sensor reaches; a source that no meter sees comes and goes
SURPRISING_SIGMAS = 2.5  # of what the count could be off by: more flows than is measured
FOUND_SHARE, FOUND_SIGMA = 0.7, 0.5  # of what then has flowed a day: the drift, and its sigma
LARGEST_DRIFT_SIGMA = 20.0
LEAST_DAYS = 0.5
SENSOR_DRIFT = 5.0  # % a day: what is more is a load or a source, and is not constant
LOAD_SIGMA = 0.6  # of what is more
LEAST_COVARIANCE = 0.1  # a battery that is held full: minutes teach nothing
BMS_SIGMA_PCT, BMS_LEAST_SIGMA_PCT = 10.0, 5.0
BMS_SIGMA_PER_DAY = 1.5  # % a day since it was last full: it counts with the same kind of sensor
BMS_DISTANCE_SHARE = 1 / 3  # of the distance: what is three sigma off has no weight
BMS_UNKNOWN_DAYS = 14.0


def update_rest_window(
    previous: Estimate,
    reading: PowerReading,
    inputs: EstimatorInputs,
    settings: BatterySettings,
    facts: BatteryFacts,
    *,
    is_broken: bool,
) -> RestWindow | None:
    """The charges that the voltages leave possible; None while the current is too large for that.

    `is_broken`: there was a silence before `reading`. It counts as rest, and the voltage after it
    as a rested one: a unit that sleeps has one reading in an hour.
    """
    voltage_v, current_a = inputs.voltage_v, inputs.current_a
    if voltage_v is None or current_a is None:
        return None
    if abs(current_a) > facts.profile.rest_c_rate * facts.capacity_ah:
        return None
    celsius = reading.battery_temperature_c
    may_be_freezing = celsius is None or celsius < 0 or celsius == NO_PROBE_C
    least_pct, most_pct = bound_charge(
        voltage_v,
        current_a,
        may_be_freezing=may_be_freezing,
        facts=facts,
        resistance=previous.resistance,
    )
    may_be_held = voltage_v / facts.cells >= facts.profile.held_v or reading.charge_stage in HOLDING
    is_held = may_be_held and is_held_by_charger(reading, current_a, settings, facts.capacity_ah)
    if is_held or proves_no_least(previous, current_a, facts):
        least_pct = 0.0
    now_s, before = reading.stamp.uptime_s, previous.rest
    if before is None or is_complete(before, facts):
        return RestWindow(since_s=now_s, until_s=now_s, least_pct=least_pct, most_pct=most_pct)
    if not is_broken:
        least_pct, most_pct = min(before.least_pct, least_pct), max(before.most_pct, most_pct)
    return RestWindow(since_s=before.since_s, until_s=now_s, least_pct=least_pct, most_pct=most_pct)


def is_held_by_charger(
    reading: PowerReading, current_a: float, settings: BatterySettings, ah: float
) -> bool:
    """Whether the voltage may be the charger's alone: its pack has opened, or takes nothing."""
    too_cold = is_too_cold_to_charge(reading.battery_temperature_c, settings)
    if reading.charge_allowed is False or too_cold:
        return True
    return -DISCHARGING_C_RATE * ah < current_a < CHARGING_C_RATE * ah


def proves_no_least(estimate: Estimate, current_a: float, facts: BatteryFacts) -> bool:
    """Whether the voltage may be that of a source which the current does not show, and proves no
    charge: where the battery is charged by less than is measured, or seems to be discharged.
    """
    if estimate.has_unmeasured_source:
        return True
    source = estimate.source
    if source is None:
        return False
    return not source.is_measured or current_a < CHARGING_C_RATE * facts.capacity_ah


def is_complete(window: RestWindow, facts: BatteryFacts) -> bool:
    """Whether its voltages have lasted for long enough to be used."""
    return window.until_s - window.since_s >= facts.profile.rest_s


def correct_by_voltage(estimate: Estimate, facts: BatteryFacts) -> Estimate:
    """Correct by a complete rest window; after hours without a reading, by one voltage."""
    window = estimate.rest
    if window is None or not (estimate.after_long_silence or is_complete(window, facts)):
        return estimate
    if estimate.after_long_silence:
        estimate = replace(estimate, after_long_silence=False)
    celsius = find_measured_temperature_c(estimate.temperature_c)
    bounds = ChargeRange(window.least_pct, raise_for_cold(window.most_pct, celsius, facts))
    charge_pct, sigma_pct = estimate.charge_pct, estimate.sigma_pct
    inside = probability_inside(charge_pct, sigma_pct, bounds)
    if inside >= ENOUGH_INSIDE and sigma_pct <= summarise_range(bounds).sigma_pct:
        return estimate
    if inside < COUNT_LOST_BELOW:
        corrected = recover_charge(charge_pct, bounds)
        drift = Drift(estimate.drift.pct_per_day)
    else:
        corrected = truncate(charge_pct, sigma_pct, bounds)
        drift = correct_drift(estimate, corrected)
        # What lead-acid loses while it charges is more than any offset; a current that was turned
        # proves nothing full, and voltages alone would make a drift of what they leave open.
        if facts.profile.loses_charge or estimate.inputs.is_turned:
            drift = replace(estimate.drift, covariance=drift.covariance)
    estimate = follow_moves(estimate, corrected.charge_pct - charge_pct)
    drift = doubt_drift(estimate, drift, estimate.moves.moved_pct)
    return apply_correction(estimate, corrected, FROM_VOLTAGE, drift)


def correct_by_bms(estimate: Estimate, reading: PowerReading, bms_pct: float) -> Estimate:
    """Correct by a BMS's own state of charge: once a day, where it is surer, and never by 0 or
    above 100.

    It teaches nothing about the drift: it may count with the same sensor.
    """
    now_s, sigma_pct = reading.stamp.uptime_s, estimate.sigma_pct
    if not 0 < bms_pct <= 100:
        return estimate
    if estimate.bms_used_s is not None and now_s - estimate.bms_used_s < DAY_S:
        return estimate
    bms_sigma_pct = hypot(
        BMS_SIGMA_PCT, BMS_SIGMA_PER_DAY * compute_days_since_full(estimate, reading)
    )
    bms_sigma_pct += BMS_DISTANCE_SHARE * abs(bms_pct - estimate.charge_pct)
    if sigma_pct <= bms_sigma_pct:
        return estimate
    gain = sigma_pct**2 / (sigma_pct**2 + bms_sigma_pct**2)
    corrected = UncertainCharge(
        estimate.charge_pct + gain * (bms_pct - estimate.charge_pct),
        max(BMS_LEAST_SIGMA_PCT, sigma_pct * sqrt(1 - gain)),
    )
    drift = replace(estimate.drift, covariance=estimate.drift.covariance * (1 - gain))
    return apply_correction(replace(estimate, bms_used_s=now_s), corrected, FROM_BMS, drift)


def compute_days_since_full(estimate: Estimate, reading: PowerReading) -> float:
    """By the wall clock, for want of a better; unknown, or a clock that was set, is a fortnight."""
    if estimate.full_at is None:
        return BMS_UNKNOWN_DAYS
    days = (reading.stamp.utc - estimate.full_at).total_seconds() / DAY_S
    return days if days >= 0 else BMS_UNKNOWN_DAYS


def apply_correction(
    estimate: Estimate, charge: UncertainCharge, method: str, drift: Drift
) -> Estimate:
    """The estimate with this charge and drift; what was clamped before is settled by it."""
    return replace(
        estimate,
        charge_pct=charge.charge_pct,
        sigma_pct=charge.sigma_pct,
        method=method,
        drift=drift,
        capacity=correct_covariance(estimate.capacity, estimate.sigma_pct, charge.sigma_pct),
        clamped_pct=0.0,
        absent=estimate.absent_corrected,
    )


def correct_drift(estimate: Estimate, charge: UncertainCharge) -> Drift:
    """The drift after a correction to `charge`: it changes in proportion to the covariance."""
    drift, variance = estimate.drift, estimate.sigma_pct**2
    slope = drift.covariance / variance
    known = drift.sigma_pct_per_day**2 - slope**2 * (variance - charge.sigma_pct**2)
    pct_per_day = limit_drift(drift.pct_per_day + slope * (charge.charge_pct - estimate.charge_pct))
    least = compute_least_sigma(pct_per_day)
    return Drift(
        pct_per_day, max(sqrt(max(0.0, known)), least), covariance=slope * charge.sigma_pct**2
    )


def follow_moves(estimate: Estimate, by_pct: float) -> Estimate:
    """The estimate that remembers by how much voltages have moved it since it was set."""
    moves = estimate.moves
    return replace(estimate, moves=replace(moves, moved_pct=moves.moved_pct + by_pct))


def doubt_drift(estimate: Estimate, drift: Drift, moved_pct: float) -> Drift:
    """The drift, unless the count was off by more than it could be: then what flows that is not
    measured may be as much as that needs.
    """
    moves, now_s = estimate.moves, estimate.counted_at.uptime_s
    days = max(LEAST_DAYS, (now_s - moves.since_s) / DAY_S)
    could_pct = hypot(
        moves.sigma_pct,
        UNKNOWN_DRIFT_SIGMA * days,
        estimate.capacity.sigma * (moves.charge_pct - estimate.charge_pct),
    )
    # A source comes and goes, and is no drift.
    if -moved_pct < SURPRISING_SIGMAS * could_pct:
        return drift
    per_day = moved_pct / days
    sigma = max(drift.sigma_pct_per_day, min(LARGEST_DRIFT_SIGMA, FOUND_SIGMA * abs(per_day)))
    return Drift(limit_drift(moves.drift_pct_per_day - FOUND_SHARE * per_day), sigma)


def learn_drift(estimate: Estimate, charge: UncertainCharge) -> Drift:
    """The drift after the count was synchronised to `charge`; `clamped_pct` counts as an error."""
    drift = estimate.drift
    if drift.covariance > -LEAST_COVARIANCE:
        return Drift(drift.pct_per_day, drift.sigma_pct_per_day)
    total = estimate.sigma_pct**2 + charge.sigma_pct**2
    most_pct = OUTLIER_SIGMAS * sqrt(total)
    error_pct = charge.charge_pct - estimate.charge_pct - estimate.clamped_pct
    found = doubt_drift(estimate, drift, estimate.moves.moved_pct + error_pct)
    if found is not drift:
        return replace(found, covariance=0.0)
    known = max(drift.sigma_pct_per_day**2 - drift.covariance**2 / total, LEAST_DRIFT_SIGMA**2)
    if abs(error_pct) > most_pct:
        error_pct, known = max(-most_pct, min(error_pct, most_pct)), UNKNOWN_DRIFT_SIGMA**2
    pct_per_day = drift.pct_per_day + drift.covariance / total * error_pct
    pct_per_day = limit_drift(pct_per_day)
    return Drift(pct_per_day, max(sqrt(known), compute_least_sigma(pct_per_day)), covariance=0.0)


def compute_least_sigma(pct_per_day: float) -> float:
    """What always stays unknown of a drift: more of one that is more than any sensor's."""
    return max(LEAST_DRIFT_SIGMA, LOAD_SIGMA * (abs(pct_per_day) - SENSOR_DRIFT))


def limit_drift(pct_per_day: float) -> float:
    """The drift, at most what a sensor can reach."""
    return max(-LARGEST_SOURCE, min(pct_per_day, LARGEST_DRIFT))
