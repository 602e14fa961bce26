"""What a load before the shunt may have taken, while nothing has borne the count out yet.

Reads and writes: nothing; pure.
Never: doubts a count again that was right from one full charge to the next.

No meter sees such a load, and on LFP's plateau no voltage does for days. So what it may have taken
is uncertain, until the battery was full twice and the count between agrees as far as the drift of a
sensor allows. It stands beside the count's own sigma, not in its drift: that would learn a drift
from the error of the first charge.
"""

from dataclasses import replace

from power.battery.estimate import COUNT_SIGMA_LIMIT_PCT, Estimate
from power.battery.voltage_curve import BatteryFacts, UncertainCharge

HIDDEN_W = 15.0  # one sigma: two are a router, a lamp or a small inverter
MOST_PCT_PER_DAY = 14.0  # of a small battery: 30 W of 2.5 kWh take 28 %
APART_DAYS = 0.5  # of two full charges
FULL_FROM_PCT = 95.0
OFFSET_PCT_PER_DAY, FIRST_PCT = 5.0, 5.0  # what a sound sensor may be off by, and a full charge
HOURS_A_DAY = 24.0


def doubt_count(estimate: Estimate, days: float, facts: BatteryFacts) -> Estimate:
    """The estimate with what such a load may have taken in `days`. Lead-acid's rested voltage shows
    within a day what is missing.
    """
    if estimate.is_borne_out or facts.profile.loses_charge:
        return estimate
    hidden_pct_per_day = HIDDEN_W * HOURS_A_DAY / facts.capacity_wh * 100
    grown_pct = estimate.hidden_sigma_pct + min(MOST_PCT_PER_DAY, hidden_pct_per_day) * days
    return replace(estimate, hidden_sigma_pct=min(COUNT_SIGMA_LIMIT_PCT, grown_pct))


def is_borne_out_by(estimate: Estimate, shown: UncertainCharge, days: float) -> bool:
    """Whether the count agrees from the full charge `days` ago to the one that is `shown` now: the
    count alone, without what voltages have moved it by.
    """
    if estimate.is_borne_out:
        return True
    is_full = min(shown.charge_pct, estimate.moves.charge_pct) >= FULL_FROM_PCT
    if not is_full or estimate.full_at is None or days < APART_DAYS:
        return False
    counted_pct = estimate.charge_pct + estimate.clamped_pct - estimate.moves.moved_pct
    return abs(shown.charge_pct - counted_pct) <= OFFSET_PCT_PER_DAY * days + FIRST_PCT


def join_sigma(estimate: Estimate) -> Estimate:
    """The estimate whose sigma has both parts, to be corrected."""
    return replace(estimate, sigma_pct=estimate.whole_sigma_pct, hidden_sigma_pct=0.0)


def part_sigma(corrected: Estimate, before: Estimate) -> Estimate:
    """What was corrected with both parts, with each as large a part of it as `before`."""
    if before.hidden_sigma_pct == 0 or corrected.hidden_sigma_pct > 0:
        return corrected
    kept = corrected.sigma_pct / before.whole_sigma_pct
    return replace(
        corrected,
        sigma_pct=before.sigma_pct * kept,
        hidden_sigma_pct=before.hidden_sigma_pct * kept,
    )
