"""The stored counts of a battery, without what no battery can have: a row may be damaged.

Reads and writes: nothing; pure.
Never: takes a capacity of nothing, by which the charge would be divided in every cycle.
"""

from dataclasses import replace

from appliance.model import BatteryAge

LEAST_SHARE, MOST_SHARE = 0.1, 3.0  # of the rated capacity
MOST_AH = 1e9
MOST_S = 1e10


def select_usable(stored: BatteryAge, rated_ah: float) -> BatteryAge:
    """What is possible of it; what is not counts as never learned, or as nothing."""
    capacity_ah, sigma_ah = stored.capacity_ah, stored.capacity_sigma_ah
    is_learned = (
        capacity_ah is not None
        and sigma_ah is not None
        and LEAST_SHARE * rated_ah <= capacity_ah <= MOST_SHARE * rated_ah
        and 0 < sigma_ah <= MOST_SHARE * rated_ah
    )
    if not is_learned:
        stored = replace(stored, capacity_ah=None, capacity_sigma_ah=None, capacity_at=None)
    return replace(
        stored,
        charged_ah=limit(stored.charged_ah, MOST_AH),
        discharged_ah=limit(stored.discharged_ah, MOST_AH),
        since_full_s=limit(stored.since_full_s, MOST_S),
    )


def limit(figure: float, most: float) -> float:
    """`figure`, or 0 where it cannot be."""
    return figure if 0 <= figure <= most else 0.0
