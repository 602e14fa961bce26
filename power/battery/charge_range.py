"""The charges that a voltage leaves possible, set against a normally distributed estimate.

Reads and writes: nothing; pure.
Never: makes an estimate surer than the range alone, unless it was so before.
"""

from math import erf, exp, hypot, inf, pi, sqrt
from typing import NamedTuple

from power.battery.voltage_curve import VOLTAGE_SIGMA_LIMIT_PCT, WIDTH_PER_SIGMA, UncertainCharge

EDGE_SIGMA_PCT = 3.0  # how soft the ends of the range are


class ChargeRange(NamedTuple):
    """The least and the most charge (%) that a voltage leaves possible."""

    least_pct: float
    most_pct: float


def summarise_range(bounds: ChargeRange) -> UncertainCharge:
    """What the voltages say without any count: the middle of the range, and its sigma."""
    most_pct = min(100.0, bounds.most_pct)
    width_pct = most_pct - bounds.least_pct
    return UncertainCharge(
        (most_pct + bounds.least_pct) / 2,
        min(VOLTAGE_SIGMA_LIMIT_PCT, hypot(width_pct / WIDTH_PER_SIGMA, EDGE_SIGMA_PCT)),
    )


def recover_charge(charge_pct: float, bounds: ChargeRange) -> UncertainCharge:
    """The charge after a count that cannot be true: the voltage's, but rather less than more."""
    if charge_pct > bounds.least_pct:
        return summarise_range(bounds)
    return truncate(charge_pct, VOLTAGE_SIGMA_LIMIT_PCT, bounds)


def normalise_edges(
    charge_pct: float, sigma_pct: float, bounds: ChargeRange
) -> tuple[float, float, float]:
    """The ends of the range, in `spread`s from the charge, and that spread (%)."""
    spread = hypot(sigma_pct, EDGE_SIGMA_PCT)
    low = (bounds.least_pct - charge_pct) / spread if bounds.least_pct > 0 else -inf
    high = (bounds.most_pct - charge_pct) / spread if bounds.most_pct < 100 else inf
    return low, high, spread


def probability_inside(charge_pct: float, sigma_pct: float, bounds: ChargeRange) -> float:
    """How much (0 to 1) of an estimate lies within the range."""
    low, high, _ = normalise_edges(charge_pct, sigma_pct, bounds)
    return normal_cdf(high) - normal_cdf(low)


def truncate(charge_pct: float, sigma_pct: float, bounds: ChargeRange) -> UncertainCharge:
    """The estimate without its impossible part: mean and sigma of a truncated normal distribution.

    Never surer than the voltage alone, unless the count was.
    """
    low, high, spread = normalise_edges(charge_pct, sigma_pct, bounds)
    inside = max(1e-9, normal_cdf(high) - normal_cdf(low))
    mean = (normal_pdf(low) - normal_pdf(high)) / inside
    low_end = low * normal_pdf(low) if low > -inf else 0.0
    high_end = high * normal_pdf(high) if high < inf else 0.0
    narrower = 1 - (1 + (low_end - high_end) / inside - mean * mean)  # share of the variance
    gain = sigma_pct**2 / spread**2
    left = sigma_pct**2 * (1 - gain * narrower)
    least = min(sigma_pct, summarise_range(bounds).sigma_pct)
    found_pct = charge_pct + gain * spread * mean
    return UncertainCharge(min(100.0, max(0.0, found_pct)), sqrt(max(left, least**2)))


def normal_cdf(edge: float) -> float:
    """The share of a normal distribution below `edge` sigmas."""
    return 0.5 * (1 + erf(edge / sqrt(2)))


def normal_pdf(edge: float) -> float:
    """The density of a normal distribution at `edge` sigmas."""
    return exp(-edge * edge / 2) / sqrt(2 * pi)
