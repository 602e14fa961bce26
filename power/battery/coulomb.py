"""Coulomb counting: adds the charge that flows, and the uncertainty that grows with it.

Reads and writes: nothing; pure.
Never: counts with the wall clock, or counts a long silence as if it had been measured.

Charge and sensor drift are estimated together (a Kalman filter of two states): the uncertainty of
the drift becomes uncertainty of the charge, and where the count is synchronised (full, empty) the
error that shows teaches the drift.
"""

from dataclasses import dataclass, replace

from appliance.model import PowerReading
from power.battery.capacity import spread_uncertainty
from power.battery.estimate import (
    COUNT_SIGMA_LIMIT_PCT,
    COUNTED,
    UNKNOWN_DRIFT_SIGMA,
    Drift,
    Estimate,
    EstimatorInputs,
)
from power.battery.voltage_curve import BatteryFacts

HOUR_S, DAY_S = 3600.0, 86_400.0
DRIFT_WANDERS_DAYS = 40.0  # after so long an offset that was known is hardly known any more
GAIN_VARIANCE = 0.01  # (%)^2 for each % of change: a full cycle is off by 1.4 %
LOSS_VARIANCE = 0.2  # the same where charging loses charge
DERIVED_VARIANCE = 0.1  # the same where sun and load were measured, not the current
UNMEASURED_PCT_PER_H = 1.0  # a unit built for four days without sun
CONTINUOUS_S = 600.0  # readings this close together are counted as if nothing were missing
INTERPOLATED_S = 6.5 * HOUR_S  # up to here the ends of a silence are a fair guess of its middle
LONG_SILENCE_S = 2 * HOUR_S  # after a silence this long one voltage may correct the count
ENDS_UNCERTAINTY = 0.5  # of the larger current at the ends of a silence
DRAW_UNCERTAINTY = 0.5  # of what the loads took
SUN_UNCERTAINTY = 0.3  # of the sun that shone before


@dataclass(frozen=True, slots=True)
class ChargeChange:
    """What has flowed since the last count (% of the capacity), and the variance of it (%^2)."""

    change_pct: float
    variance: float


def count_charge(
    estimate: Estimate, reading: PowerReading, inputs: EstimatorInputs, facts: BatteryFacts
) -> Estimate:
    """Add the charge that has flowed since the last count. Without a current the silence goes on.

    The ends of a silence are the best guess of its middle; sun is guessed for some hours only.
    """
    estimate = replace(estimate, temperature_c=reading.battery_temperature_c, inputs=inputs)
    elapsed_s = reading.stamp.uptime_s - estimate.counted_at.uptime_s
    if inputs.current_a is None or elapsed_s <= 0:
        return estimate
    change = measure_change(estimate, inputs, inputs.current_a, elapsed_s, facts)
    estimate = add_change(estimate, change, elapsed_s / DAY_S)
    is_long = elapsed_s > LONG_SILENCE_S
    return replace(
        estimate,
        counted_at=reading.stamp,
        method=COUNTED,
        current_a=inputs.current_a,
        bms_used_s=None if is_long else estimate.bms_used_s,
        after_long_silence=is_long or estimate.after_long_silence,
    )


def add_change(estimate: Estimate, change: ChargeChange, days: float) -> Estimate:
    """The estimate after that change of charge, with what is uncertain of it, of the capacity and
    of the drift.
    """
    unclamped_pct = estimate.charge_pct + change.change_pct - estimate.drift.pct_per_day * days
    charge_pct = min(100.0, max(0.0, unclamped_pct))
    sigma_pct, capacity = spread_uncertainty(
        estimate.sigma_pct, estimate.capacity, charge_pct - estimate.charge_pct
    )
    sigma_pct, drift = propagate_uncertainty(
        sigma_pct, estimate.drift, days=days, variance=change.variance
    )
    return replace(
        estimate,
        charge_pct=charge_pct,
        sigma_pct=sigma_pct,
        drift=drift,
        capacity=capacity,
        clamped_pct=estimate.clamped_pct + unclamped_pct - charge_pct,
    )


def measure_change(
    estimate: Estimate,
    inputs: EstimatorInputs,
    current_a: float,
    elapsed_s: float,
    facts: BatteryFacts,
) -> ChargeChange:
    """The change of charge since the last count; what flows in is kept with some loss."""
    last_a = current_a if estimate.current_a is None else estimate.current_a
    if elapsed_s <= CONTINUOUS_S:
        change_pct = (last_a + current_a) / 2 * elapsed_s * facts.pct_per_as
        per_pct = choose_variance(change_pct, inputs, facts)
        variance = abs(change_pct) * per_pct
    else:
        change_pct, sigma_pct = integrate_silence(
            estimate, last_a=last_a, current_a=current_a, elapsed_s=elapsed_s, facts=facts
        )
        variance = sigma_pct * sigma_pct
    if change_pct > 0:
        change_pct *= facts.profile.charge_efficiency
    return ChargeChange(change_pct, variance)


def choose_variance(change_pct: float, inputs: EstimatorInputs, facts: BatteryFacts) -> float:
    """The variance (%^2) that each % of change brings along."""
    if not inputs.current_measured:
        return DERIVED_VARIANCE
    is_lossy = change_pct > 0 and facts.profile.loses_charge
    return LOSS_VARIANCE if is_lossy else GAIN_VARIANCE


def propagate_uncertainty(
    sigma_pct: float, drift: Drift, *, days: float, variance: float
) -> tuple[float, Drift]:
    """Sigma and drift after `days` (the filter's prediction): what is unknown of the drift goes
    into the charge.
    """
    drift_variance = drift.sigma_pct_per_day * drift.sigma_pct_per_day
    covariance = drift.covariance - drift_variance * days
    grown = (sigma_pct * sigma_pct + variance - (drift.covariance + covariance) * days) ** 0.5
    if grown > COUNT_SIGMA_LIMIT_PCT:
        covariance *= COUNT_SIGMA_LIMIT_PCT / grown
        grown = COUNT_SIGMA_LIMIT_PCT
    unknown_variance = UNKNOWN_DRIFT_SIGMA * UNKNOWN_DRIFT_SIGMA
    drift_variance += (unknown_variance - drift_variance) * min(1.0, 2 * days / DRIFT_WANDERS_DAYS)
    return grown, Drift(drift.pct_per_day, drift_variance**0.5, covariance=covariance)


def integrate_silence(
    estimate: Estimate, *, last_a: float, current_a: float, elapsed_s: float, facts: BatteryFacts
) -> tuple[float, float]:
    """What has flowed in a silence that is over (%), and one sigma of it."""
    hours, pct_per_h = elapsed_s / HOUR_S, HOUR_S * facts.pct_per_as
    flow = (last_a + current_a) / 2 * pct_per_h
    if elapsed_s > INTERPOLATED_S:
        flow = min(flow, -estimate.inputs.draw_pct_per_h)
    ends = max(abs(last_a), abs(current_a)) * pct_per_h
    return flow * hours, max(UNMEASURED_PCT_PER_H, ENDS_UNCERTAINTY * ends) * hours


def extrapolate_silence(
    estimate: Estimate, silent_s: float, facts: BatteryFacts
) -> tuple[float, float]:
    """What a silence that lasts has taken (%), and one sigma of it: what was drawn goes on, no sun
    is assumed, and if it shone before, that it may go on is in the sigma.
    """
    flow = (estimate.current_a or 0.0) * HOUR_S * facts.pct_per_as
    draw = max(estimate.inputs.draw_pct_per_h, -flow)
    drawn_s = silent_s if flow < 0 else max(0.0, silent_s - CONTINUOUS_S)
    rate = max(UNMEASURED_PCT_PER_H, DRAW_UNCERTAINTY * draw, SUN_UNCERTAINTY * (flow + draw))
    return draw * drawn_s / HOUR_S, rate * silent_s / HOUR_S
