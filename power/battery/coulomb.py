"""Counts the charge that flows, and the doubt that grows with every minute of it.

Reads and writes: nothing; pure.
Never: counts with the wall clock, or counts a long silence as if it had been measured.

Charge and sensor drift are estimated together (a Kalman filter of two states): between anchors the
doubt about the drift becomes doubt about the charge, and at an anchor it is paid back.
"""

from appliance.model import PowerReading
from power.battery.estimate import (
    COUNT_SIGMA_LIMIT_PCT,
    COUNTED,
    UNKNOWN_DRIFT_SIGMA,
    Drift,
    Estimate,
    EstimatorInputs,
    RestWindow,
    SyncConditions,
)
from power.battery.voltage_curve import BatteryFacts

HOUR_S, DAY_S = 3600.0, 86_400.0
DRIFT_WANDERS_DAYS = 40.0  # after so long an offset that was known is hardly known any more
GAIN_VARIANCE = 0.01  # (%)^2 for each % moved: a full cycle is off by 1.4 %
LOSS_VARIANCE = 0.2  # the same where charging loses charge
DERIVED_VARIANCE = 0.1  # the same where sun and load were measured, not the current
UNMEASURED_PCT_PER_H = 1.0  # a unit built for four days without sun
CONTINUOUS_S = 600.0  # readings this close together are counted as if nothing were missing
INTERPOLATED_S = 6.5 * HOUR_S  # up to here the ends of a silence are a fair guess of its middle
LONG_SILENCE_S = 2 * HOUR_S  # after a silence this long the first voltage is asked
ENDS_UNCERTAINTY = 0.5  # of the larger current at the ends of a silence
DRAW_UNCERTAINTY, SUN_UNCERTAINTY = (
    0.5,
    0.3,
)  # of what the loads took, and of the sun that shone before


def count_charge(
    belief: Estimate,
    reading: PowerReading,
    heard: EstimatorInputs,
    signs: SyncConditions,
    quiet: RestWindow | None,
    facts: BatteryFacts,
) -> Estimate:
    """Add the charge that has flowed since the last count. Without a current the silence goes on.

    The ends of a silence are the best guess of its middle; sun is guessed for some hours only.
    """
    now, current_a = reading.stamp, heard.current_a
    elapsed_s = now.uptime_s - belief.counted_at.uptime_s
    charge_pct, sigma_pct, drift = belief.charge_pct, belief.sigma_pct, belief.drift
    slept, told_s, spilt_pct = belief.after_long_silence, belief.bms_used_s, belief.clamped_pct
    counted, method = belief.counted_at, belief.method
    if current_a is None or elapsed_s <= 0:
        current_a = belief.current_a
    else:
        last_a = current_a if belief.current_a is None else belief.current_a
        counted, method = now, COUNTED
        if elapsed_s <= CONTINUOUS_S:
            moved_pct = (last_a + current_a) / 2 * elapsed_s * facts.pct_per_as
            variance = abs(moved_pct) * choose_variance(moved_pct, heard.current_measured, facts)
        else:
            moved_pct, doubt_pct = integrate_silence(belief, last_a, current_a, elapsed_s, facts)
            variance = doubt_pct * doubt_pct
            if elapsed_s > LONG_SILENCE_S:
                slept, told_s = True, None
        if moved_pct > 0:
            moved_pct *= facts.cell.charge_efficiency
        days = elapsed_s / DAY_S
        wanted_pct = charge_pct + moved_pct - drift.pct_per_day * days
        charge_pct = min(100.0, max(0.0, wanted_pct))
        spilt_pct += wanted_pct - charge_pct
        sigma_pct, drift = propagate_uncertainty(sigma_pct, drift, days, variance)
    return Estimate(
        counted,
        charge_pct,
        sigma_pct,
        method,
        current_a,
        reading.battery_temperature_c,
        drift,
        heard,
        signs,
        quiet,
        spilt_pct,
        belief.full_at,
        told_s,
        slept,
    )


def choose_variance(moved_pct: float, measured: bool, facts: BatteryFacts) -> float:
    """The variance (%^2) that each % moved brings along."""
    if not measured:
        return DERIVED_VARIANCE
    lossy = moved_pct > 0 and facts.cell.loses_charge
    return LOSS_VARIANCE if lossy else GAIN_VARIANCE


def propagate_uncertainty(
    sigma_pct: float, drift: Drift, days: float, variance: float
) -> tuple[float, Drift]:
    """Sigma and drift after `days`: what is unknown of the drift goes into the charge."""
    unknown = drift.sigma_pct_per_day * drift.sigma_pct_per_day
    lean = drift.covariance - unknown * days
    grown = (sigma_pct * sigma_pct + variance - (drift.covariance + lean) * days) ** 0.5
    if grown > COUNT_SIGMA_LIMIT_PCT:
        lean *= COUNT_SIGMA_LIMIT_PCT / grown
        grown = COUNT_SIGMA_LIMIT_PCT
    unknown += (UNKNOWN_DRIFT_SIGMA * UNKNOWN_DRIFT_SIGMA - unknown) * min(
        1.0, 2 * days / DRIFT_WANDERS_DAYS
    )
    return grown, Drift(drift.pct_per_day, unknown**0.5, lean)


def integrate_silence(
    belief: Estimate, last_a: float, current_a: float, elapsed_s: float, facts: BatteryFacts
) -> tuple[float, float]:
    """What has flowed in a silence that is over (%), and one sigma of it."""
    hours, pct_per_h = elapsed_s / HOUR_S, HOUR_S * facts.pct_per_as
    flow = (last_a + current_a) / 2 * pct_per_h
    if elapsed_s > INTERPOLATED_S:
        flow = min(flow, -belief.inputs.draw_pct_per_h)
    ends = max(abs(last_a), abs(current_a)) * pct_per_h
    return flow * hours, max(UNMEASURED_PCT_PER_H, ENDS_UNCERTAINTY * ends) * hours


def extrapolate_silence(
    belief: Estimate, silent_s: float, facts: BatteryFacts
) -> tuple[float, float]:
    """What a silence that lasts has taken (%), and one sigma of it: what was drawn goes on, no sun
    is assumed, and if it shone before, that it may go on is in the sigma.
    """
    flow = (belief.current_a or 0.0) * HOUR_S * facts.pct_per_as
    draw = max(belief.inputs.draw_pct_per_h, -flow)
    drawn_s = silent_s if flow < 0 else max(0.0, silent_s - CONTINUOUS_S)
    rate = max(UNMEASURED_PCT_PER_H, DRAW_UNCERTAINTY * draw, SUN_UNCERTAINTY * (flow + draw))
    return draw * drawn_s / HOUR_S, rate * silent_s / HOUR_S
