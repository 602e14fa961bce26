"""Seeded clouds: the share of the clear-sky power that they block, as a function of seed and time.

Reads and writes: nothing.
Never: keeps state. Whatever the steps and the order of calls, the clouds at one time are the same.

Two first-order autoregressive processes, weather of days and clouds of hours, added. Each is
written as the sum of its past shocks, and each shock is a hash of (seed, process, knot number).
"""

import math
from datetime import datetime
from functools import lru_cache
from random import Random

MOST_BLOCKED = 0.97  # under the thickest cloud some light is left
SHOCKS = 60  # shocks that count: the 60th weighs under 1 % in both processes
DAYS, HOURS = (6 * 3600.0, 30 * 3600.0), (600.0, 5400.0)  # knot distance, correlation time, in s


def compute_cloud_share(seed: int, cloudiness: float, at: datetime) -> float:
    """Share of the clear-sky power that clouds block at `at`: 0 to 0.97, `cloudiness` on
    average.
    """
    if cloudiness <= 0:
        return 0.0
    at_s = at.timestamp()
    normal = math.sqrt(0.5) * (interpolate(seed, DAYS, at_s) + interpolate(seed, HOURS, at_s))
    uniform = 0.5 * (1 + math.erf(normal / math.sqrt(2)))
    # The mean of uniform ** power is 1 / (1 + power).
    power = max(0.0, (MOST_BLOCKED - cloudiness) / cloudiness)
    return float(MOST_BLOCKED * uniform**power)


def interpolate(seed: int, process: tuple[float, float], at_s: float) -> float:
    """The process at a time, standard normal at its knots, cosine-smooth between them."""
    knot, part = divmod(at_s / process[0], 1.0)
    weight = 0.5 - 0.5 * math.cos(math.pi * part)
    before, after = sum_shocks(seed, process, int(knot)), sum_shocks(seed, process, int(knot) + 1)
    return before + weight * (after - before)


@lru_cache(maxsize=64)
def sum_shocks(seed: int, process: tuple[float, float], knot: int) -> float:
    """The process at one knot: the weighted sum of its shocks up to there."""
    kept = math.exp(-process[0] / process[1])
    past = sum(kept**age * draw_shock(seed, process, knot - age) for age in range(SHOCKS))
    return math.sqrt(1 - kept * kept) * past


@lru_cache(maxsize=256)
def draw_shock(seed: int, process: tuple[float, float], knot: int) -> float:
    """A standard normal number that belongs to this knot for ever."""
    return Random(f"{seed} {process[0]:g} {knot}").gauss(0, 1)
