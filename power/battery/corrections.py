"""What weighs against the count: the charges that a voltage leaves possible, an anchor, a BMS.

Reads and writes: nothing; pure.
Never: takes one voltage told a hundred times for a hundred voltages, or a BMS alone for the truth.

A voltage's error (meter, hysteresis) stays the same for days. So it is not averaged: it only says
which charges it leaves possible, and a belief that lies well inside of them is left as it is.
"""

from dataclasses import replace
from math import erf, exp, hypot, inf, pi, sqrt
from typing import NamedTuple

from appliance.model import PowerReading
from appliance.settings import BatterySettings
from power.battery.coulomb import DAY_S
from power.battery.estimate import (
    FROM_BMS,
    FROM_VOLTAGE,
    UNKNOWN_DRIFT_SIGMA,
    Drift,
    Estimate,
    EstimatorInputs,
    RestWindow,
    is_too_cold_to_charge,
)
from power.battery.voltage_curve import (
    VOLTAGE_SIGMA_LIMIT_PCT,
    WIDTH_PER_SIGMA,
    BatteryFacts,
    UncertainCharge,
    bound_charge,
    raise_for_cold,
)

EDGE_SIGMA_PCT = 3.0  # how soft the ends of what is possible are
ENOUGH_INSIDE = 0.3  # of the belief: less than this inside needs a correction, however sure it is
COUNT_LOST_BELOW = 0.01  # less than this: the count has been lost, nobody knows when
CHARGING_C_RATE = 0.01  # C/100: with less the charger's voltage need not be the cells'
DISCHARGING_C_RATE = 0.001
NO_PROBE_C = 25.0  # exactly: LibreSolar's firmware and others say so where no probe is connected
OUTLIER_SIGMAS = 3.0  # what lies further off is held against the sensor only so far
LEAST_DRIFT_SIGMA, LARGEST_DRIFT = (
    0.7,
    8.0,
)  # % a day: what stays unknown, and what no sensor reaches
LEAST_COVARIANCE = 0.1  # a battery that is held full: minutes teach nothing
BMS_SIGMA_PCT, BMS_LEAST_SIGMA_PCT = 10.0, 5.0
BMS_SIGMA_PER_DAY = 1.5  # % a day since it was last full: it counts with the same kind of sensor
BMS_DISTANCE_SHARE = 1 / 3  # of the distance: what is three sigma off is worth nothing
BMS_UNKNOWN_DAYS = 14.0


class ChargeRange(NamedTuple):
    """The least and the most charge (%) that a voltage leaves possible."""

    least_pct: float
    most_pct: float


def update_rest_window(
    before: RestWindow | None,
    reading: PowerReading,
    heard: EstimatorInputs,
    settings: BatterySettings,
    facts: BatteryFacts,
    broken: bool,
) -> RestWindow | None:
    """The charges that the voltages leave possible; None while the current is too large to ask.

    A silence between two quiet looks counts as rest, and the voltage after it as a rested one: a
    unit that sleeps looks once in an hour.
    """
    voltage_v, current_a = heard.voltage_v, heard.current_a
    if voltage_v is None or current_a is None:
        return None
    ah, cell = facts.capacity_ah, facts.cell
    if abs(current_a) > cell.rest_c_rate * ah:
        return None
    celsius = reading.battery_temperature_c
    frost = celsius is None or celsius < 0 or celsius == NO_PROBE_C
    least_pct, most_pct = bound_charge(voltage_v, current_a, frost, facts)
    if voltage_v / facts.cells >= cell.held_v and is_held_by_charger(
        reading, current_a, settings, ah
    ):
        least_pct = 0.0
    now_s = reading.stamp.uptime_s
    if before is None or is_complete(before, facts):
        return RestWindow(now_s, now_s, least_pct, most_pct)
    if broken:
        return RestWindow(before.since_s, now_s, least_pct, most_pct)
    return RestWindow(
        before.since_s,
        now_s,
        min(before.least_pct, least_pct),
        max(before.most_pct, most_pct),
    )


def is_held_by_charger(
    reading: PowerReading, current_a: float, settings: BatterySettings, ah: float
) -> bool:
    """Whether the voltage may be the charger's alone: the battery has cut, or takes nothing."""
    if reading.charge_allowed is False or is_too_cold_to_charge(
        reading.battery_temperature_c, settings
    ):
        return True
    return -DISCHARGING_C_RATE * ah < current_a < CHARGING_C_RATE * ah


def measured_temperature_c(celsius: float | None) -> float | None:
    """The temperature, unless it is the one that many controllers say without a probe."""
    return None if celsius == NO_PROBE_C else celsius


def is_complete(quiet: RestWindow, facts: BatteryFacts) -> bool:
    """Whether its voltages have said the same for long enough to be believed."""
    return quiet.until_s - quiet.since_s >= facts.cell.rest_s


def correct_by_voltage(belief: Estimate, facts: BatteryFacts) -> Estimate:
    """Weigh what the voltages have said. After hours without a look, one voltage is enough."""
    quiet = belief.rest
    if quiet is None or not (belief.after_long_silence or is_complete(quiet, facts)):
        return belief
    if belief.after_long_silence:
        belief = replace(belief, after_long_silence=False)
    most_pct = raise_for_cold(quiet.most_pct, measured_temperature_c(belief.temperature_c), facts)
    possible = ChargeRange(quiet.least_pct, most_pct)
    charge_pct, sigma_pct = belief.charge_pct, belief.sigma_pct
    share = probability_inside(charge_pct, sigma_pct, possible)
    if share >= ENOUGH_INSIDE and sigma_pct <= summarise_range(possible).sigma_pct:
        return belief
    if share < COUNT_LOST_BELOW:
        drift = Drift(belief.drift.pct_per_day)
        return apply_correction(belief, recover_charge(charge_pct, possible), FROM_VOLTAGE, drift)
    said = truncate(charge_pct, sigma_pct, possible)
    return apply_correction(belief, said, FROM_VOLTAGE, correct_drift(belief, said))


def correct_by_bms(belief: Estimate, reading: PowerReading, said_pct: float) -> Estimate:
    """Weigh a BMS's own state of charge: once a day, where it is surer, and never 0 or above 100.

    It teaches nothing about the drift: it may count with the same sensor.
    """
    now_s, sigma_pct = reading.stamp.uptime_s, belief.sigma_pct
    if not 0 < said_pct <= 100:
        return belief
    if belief.bms_used_s is not None and now_s - belief.bms_used_s < DAY_S:
        return belief
    doubt_pct = hypot(BMS_SIGMA_PCT, BMS_SIGMA_PER_DAY * days_since_full(belief, reading))
    doubt_pct += BMS_DISTANCE_SHARE * abs(said_pct - belief.charge_pct)
    if sigma_pct <= doubt_pct:
        return belief
    gain = sigma_pct**2 / (sigma_pct**2 + doubt_pct**2)
    said = UncertainCharge(
        belief.charge_pct + gain * (said_pct - belief.charge_pct),
        max(BMS_LEAST_SIGMA_PCT, sigma_pct * sqrt(1 - gain)),
    )
    drift = replace(belief.drift, covariance=belief.drift.covariance * (1 - gain))
    return apply_correction(replace(belief, bms_used_s=now_s), said, FROM_BMS, drift)


def days_since_full(belief: Estimate, reading: PowerReading) -> float:
    """By the wall clock, for want of a better; unknown, or a clock that was set, is a fortnight."""
    if belief.full_at is None:
        return BMS_UNKNOWN_DAYS
    days = (reading.stamp.utc - belief.full_at).total_seconds() / DAY_S
    return days if days >= 0 else BMS_UNKNOWN_DAYS


def apply_correction(
    belief: Estimate, said: UncertainCharge, method: str, drift: Drift
) -> Estimate:
    return replace(
        belief,
        charge_pct=said.charge_pct,
        sigma_pct=said.sigma_pct,
        method=method,
        drift=drift,
        clamped_pct=0.0,
    )


def summarise_range(possible: ChargeRange) -> UncertainCharge:
    """What the voltages say without any count."""
    most_pct = min(100.0, possible.most_pct)
    width_pct = most_pct - possible.least_pct
    return UncertainCharge(
        (most_pct + possible.least_pct) / 2,
        min(VOLTAGE_SIGMA_LIMIT_PCT, hypot(width_pct / WIDTH_PER_SIGMA, EDGE_SIGMA_PCT)),
    )


def recover_charge(charge_pct: float, possible: ChargeRange) -> UncertainCharge:
    """The charge after a count that cannot be true: the voltage's, but rather less than more."""
    if charge_pct > possible.least_pct:
        return summarise_range(possible)
    return truncate(charge_pct, VOLTAGE_SIGMA_LIMIT_PCT, possible)


def normalise_edges(
    charge_pct: float, sigma_pct: float, possible: ChargeRange
) -> tuple[float, float, float]:
    """The ends of what is possible, in `spread`s from the charge, and that spread (%)."""
    spread = hypot(sigma_pct, EDGE_SIGMA_PCT)
    low = (possible.least_pct - charge_pct) / spread if possible.least_pct > 0 else -inf
    high = (possible.most_pct - charge_pct) / spread if possible.most_pct < 100 else inf
    return low, high, spread


def probability_inside(charge_pct: float, sigma_pct: float, possible: ChargeRange) -> float:
    """How much (0 to 1) of a belief lies within what is possible."""
    low, high, _ = normalise_edges(charge_pct, sigma_pct, possible)
    return normal_cdf(high) - normal_cdf(low)


def truncate(charge_pct: float, sigma_pct: float, possible: ChargeRange) -> UncertainCharge:
    """The belief without its impossible part: mean and sigma of a normal curve cut at both ends.

    Never surer than the voltage alone, unless the count was.
    """
    low, high, spread = normalise_edges(charge_pct, sigma_pct, possible)
    inside = max(1e-9, normal_cdf(high) - normal_cdf(low))
    mean = (normal_pdf(low) - normal_pdf(high)) / inside
    ends = (low * normal_pdf(low) if low > -inf else 0.0) - (
        high * normal_pdf(high) if high < inf else 0.0
    )
    narrower = 1 - (1 + ends / inside - mean * mean)  # share of the variance that goes
    gain = sigma_pct**2 / spread**2
    left = sigma_pct**2 * (1 - gain * narrower)
    least = min(sigma_pct, summarise_range(possible).sigma_pct)
    found_pct = charge_pct + gain * spread * mean
    return UncertainCharge(min(100.0, max(0.0, found_pct)), sqrt(max(left, least**2)))


def normal_cdf(edge: float) -> float:
    """The share of a normal curve below `edge` sigmas."""
    return 0.5 * (1 + erf(edge / sqrt(2)))


def normal_pdf(edge: float) -> float:
    """The height of a normal curve at `edge` sigmas."""
    return exp(-edge * edge / 2) / sqrt(2 * pi)


def correct_drift(belief: Estimate, said: UncertainCharge) -> Drift:
    """The drift after the charge has been corrected to `said`: it moves along its lean."""
    drift, variance = belief.drift, belief.sigma_pct**2
    slope = drift.covariance / variance
    known = drift.sigma_pct_per_day**2 - slope**2 * (variance - said.sigma_pct**2)
    return Drift(
        limit_drift(drift.pct_per_day + slope * (said.charge_pct - belief.charge_pct)),
        sqrt(max(known, LEAST_DRIFT_SIGMA**2)),
        slope * said.sigma_pct**2,
    )


def learn_drift(belief: Estimate, said: UncertainCharge) -> Drift:
    """The drift after an anchor has said what the count should have been, `spilt_pct` included."""
    drift = belief.drift
    if drift.covariance > -LEAST_COVARIANCE:
        return Drift(drift.pct_per_day, drift.sigma_pct_per_day)
    total = belief.sigma_pct**2 + said.sigma_pct**2
    most_pct = OUTLIER_SIGMAS * sqrt(total)
    missed_pct = said.charge_pct - belief.charge_pct - belief.clamped_pct
    known = max(drift.sigma_pct_per_day**2 - drift.covariance**2 / total, LEAST_DRIFT_SIGMA**2)
    if abs(missed_pct) > most_pct:
        missed_pct, known = max(-most_pct, min(missed_pct, most_pct)), UNKNOWN_DRIFT_SIGMA**2
    return Drift(
        limit_drift(drift.pct_per_day + drift.covariance / total * missed_pct), sqrt(known), 0.0
    )


def limit_drift(pct_per_day: float) -> float:
    return max(-LARGEST_DRIFT, min(pct_per_day, LARGEST_DRIFT))
