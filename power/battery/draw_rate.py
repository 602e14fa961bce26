"""How fast the battery is drawn from, as a C-rate: what the cold makes unavailable depends on it.

Reads and writes: nothing; pure.
Never: takes a surge for what the loads draw: it is a mean of about an hour.
"""

from dataclasses import replace
from math import exp

from power.battery.coulomb import CONTINUOUS_S, HOUR_S
from power.battery.estimate import Estimate
from power.battery.voltage_curve import BatteryFacts

MEAN_OVER_S = HOUR_S


def follow_draw(estimate: Estimate, before: Estimate | None) -> Estimate:
    """The estimate with the mean of what the loads have drawn; unknown draws change nothing."""
    draw_pct_per_h = estimate.inputs.draw_pct_per_h
    if draw_pct_per_h <= 0:
        return estimate
    mean = None if before is None else before.mean_draw_pct_per_h
    if before is None or mean is None:
        return replace(estimate, mean_draw_pct_per_h=draw_pct_per_h)
    passed_s = estimate.counted_at.uptime_s - before.counted_at.uptime_s
    left = exp(-min(max(0.0, passed_s), CONTINUOUS_S) / MEAN_OVER_S)
    return replace(estimate, mean_draw_pct_per_h=mean * left + draw_pct_per_h * (1 - left))


def compute_c_rate(estimate: Estimate, loads_w: float | None, facts: BatteryFacts) -> float | None:
    """The C-rate at which the battery will be drawn from: the mean of the last hour, or what the
    unit's own loads draw at most, whichever is more; None where neither is known.
    """
    known = []
    if estimate.mean_draw_pct_per_h is not None:
        known.append(estimate.mean_draw_pct_per_h / 100)
    if loads_w is not None:
        known.append(loads_w / facts.capacity_wh)
    return max(known, default=None)
