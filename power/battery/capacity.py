"""The capacity that the count takes for 100 %: what has been learned of it, and how far that is
uncertain.

Reads and writes: nothing; pure.
Never: narrows the uncertainty of a capacity that nobody has measured.

A capacity that is smaller than assumed makes each percent that is drawn more than one. So the
uncertainty of the charge grows with the charge that has flowed since it was known, and shrinks
again on the way back (a third state of the filter, `covariance` ties it to the charge).
"""

from dataclasses import dataclass, replace

from appliance.chemistry import compute_capacity_ah
from appliance.settings import BatterySettings
from power.battery.estimate import COUNT_SIGMA_LIMIT_PCT, UNKNOWN_CAPACITY, CountCapacity, Estimate

LEAST_SHARE, MOST_SHARE = 0.3, 1.15  # of the rated capacity: another is a measuring error
SHARE_STEP = 0.01  # in which it is used: the facts of a battery are derived once for each
LARGEST_CORRELATION = 0.95  # of charge and capacity: not all of an uncertainty comes from it
LEAST_SIGMA = 0.02


@dataclass(frozen=True, slots=True)
class Capacity:
    """A measured capacity and one standard deviation of it."""

    capacity_ah: float
    sigma_ah: float


def take_capacity(battery: BatterySettings, estimate: Estimate) -> BatterySettings:
    """The battery of the settings with the capacity that the count assumes."""
    share = estimate.capacity.share
    return battery if share == 1 else replace(battery, capacity_wh=battery.capacity_wh * share)


def adopt_capacity(
    estimate: Estimate, found: Capacity | None, battery: BatterySettings
) -> Estimate:
    """The estimate with the capacity that was learned. What has flowed since the charge was known
    is then another part of it.
    """
    if found is None:
        return estimate
    share, sigma = find_share(found, battery)
    before = estimate.capacity
    if share == before.share and abs(sigma - before.sigma) < LEAST_SIGMA / 10:
        return estimate
    flowed_pct = before.covariance / before.sigma**2 if before.sigma else 0.0
    charge_pct = estimate.charge_pct + flowed_pct * (before.share / share - 1)
    own_variance = max(0.0, estimate.sigma_pct**2 - (flowed_pct * before.sigma) ** 2)
    return replace(
        estimate,
        charge_pct=min(100.0, max(0.0, charge_pct)),
        sigma_pct=min(COUNT_SIGMA_LIMIT_PCT, (own_variance + (flowed_pct * sigma) ** 2) ** 0.5),
        capacity=CountCapacity(share, sigma, covariance=flowed_pct * sigma**2),
    )


def find_share(found: Capacity, battery: BatterySettings) -> tuple[float, float]:
    """The capacity over the rated one, and one standard deviation over itself."""
    share = round(found.capacity_ah / compute_capacity_ah(battery) / SHARE_STEP) * SHARE_STEP
    sigma = max(LEAST_SIGMA, found.sigma_ah / found.capacity_ah)
    return min(MOST_SHARE, max(LEAST_SHARE, share)), min(UNKNOWN_CAPACITY.sigma, sigma)


def spread_uncertainty(
    sigma_pct: float, capacity: CountCapacity, change_pct: float
) -> tuple[float, CountCapacity]:
    """Sigma of the charge after a change by the count, with what is uncertain of the capacity."""
    per_pct = capacity.sigma**2
    variance = sigma_pct**2 + 2 * capacity.covariance * change_pct + per_pct * change_pct**2
    covariance = capacity.covariance + per_pct * change_pct
    return max(0.0, variance) ** 0.5, replace(capacity, covariance=covariance)


def correct_covariance(
    capacity: CountCapacity, before_pct: float, after_pct: float
) -> CountCapacity:
    """After a correction that took the sigma of the charge from `before_pct` to `after_pct`."""
    if before_pct <= 0:
        return replace(capacity, covariance=0.0)
    return replace(
        capacity, covariance=capacity.covariance * min(1.0, (after_pct / before_pct) ** 2)
    )


def restore_capacity(charge_pct: float, sigma_pct: float) -> CountCapacity:
    """What is known of it after a restart, until the learned one is here: what is missing to full
    has made a part of the uncertainty. A charge that is surer than that was corrected since, and
    the part has become less with it: to charge the battery again makes it no surer.
    """
    sigma = UNKNOWN_CAPACITY.sigma
    missing_sigma_pct = (100 - charge_pct) * sigma
    flowed = replace(UNKNOWN_CAPACITY, covariance=-missing_sigma_pct * sigma)
    corrected = correct_covariance(flowed, missing_sigma_pct, sigma_pct)
    least = -LARGEST_CORRELATION * sigma_pct * sigma
    return replace(corrected, covariance=max(least, corrected.covariance))
