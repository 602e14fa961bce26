"""Counts the charge that flows, and the doubt that grows with every minute of it.

Reads and writes: nothing; pure.
Never: counts with the wall clock, or counts a long silence as if it had been measured.
"""

from dataclasses import replace

from appliance.model import Stamp
from appliance.settings import BatterySettings
from power.belief import COUNTED, WIDEST_SIGMA_PCT, Belief
from power.voltage_curve import capacity_ah, cell_of

HOUR_S, DAY_S = 3600.0, 86_400.0
DRIFT_PCT_PER_DAY = 2.5  # a dead band of 0.1 to 0.5 A on 100 Ah
GAIN_ERROR = 0.01  # of the charge moved
UNMEASURED_PCT_PER_H = 1.0  # a unit built for four days without sun
BRIDGED_S = 600.0  # readings this close together are counted as if nothing were missing
GUESSED_S = 3600.0  # up to here the ends of a silence are still a fair guess of its middle


def count(belief: Belief, now: Stamp, current_a: float | None, settings: BatterySettings) -> Belief:
    """Add the charge that has flowed since the last count. Without a current the silence goes on.

    A short silence is bridged. Up to `GUESSED_S` its ends are the best guess of its middle, and
    half of the guess goes into sigma. A longer one is not counted at all.
    """
    elapsed_s = now.uptime_s - belief.counted.uptime_s
    if current_a is None or elapsed_s <= 0:
        return belief
    mean_a = current_a if belief.current_a is None else (belief.current_a + current_a) / 2
    moved_pct = mean_a * elapsed_s / HOUR_S / capacity_ah(settings) * 100
    if elapsed_s <= BRIDGED_S:
        doubt_pct = DRIFT_PCT_PER_DAY * elapsed_s / DAY_S + GAIN_ERROR * abs(moved_pct)
    elif elapsed_s <= GUESSED_S:
        doubt_pct = silence_pct(belief, elapsed_s, settings) + abs(moved_pct) / 2
    else:
        moved_pct, doubt_pct = 0.0, silence_pct(belief, elapsed_s, settings)
    if moved_pct > 0:
        moved_pct *= cell_of(settings).charge_efficiency
    return replace(
        belief,
        counted=now,
        charge_pct=min(100.0, max(0.0, belief.charge_pct + moved_pct)),
        sigma_pct=min(WIDEST_SIGMA_PCT, belief.sigma_pct + doubt_pct),
        current_a=current_a,
        method=COUNTED,
    )


def silence_pct(belief: Belief, silent_s: float, settings: BatterySettings) -> float:
    """What a silence adds to sigma: the last discharge may have gone on, or a usual one begun."""
    last_pct_per_h = -(belief.current_a or 0.0) / capacity_ah(settings) * 100
    return max(UNMEASURED_PCT_PER_H, last_pct_per_h) * silent_s / HOUR_S
