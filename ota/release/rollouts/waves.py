"""Who is in a wave: named units, or a share of the group in an order that nobody chooses. Pure.

    choose_units(wave, rollout="december", free=free, assigned=assigned)

Reads and writes: nothing.
Never: gives more units a release than the share of the wave allows.
"""

from collections.abc import Collection
from hashlib import sha256

from ota.release.rollouts.definition import Wave


def order_units(rollout: str, units: Collection[str]) -> list[str]:
    """Differently in each rollout, so that it is not always the same units that go first."""
    return sorted(units, key=lambda one: sha256(f"{rollout} {one}".encode()).digest())


def find_quota(percent: int, known: int) -> int:
    """How many units that share of `known` is, rounded up."""
    return -(-percent * known // 100)


def choose_units(
    wave: Wave, *, rollout: str, free: Collection[str], assigned: Collection[str]
) -> list[str]:
    """The units that the wave adds. `free`: those that may be given the release now: of the named
    ones, or of the group. `assigned`: those of all waves before; they count.
    """
    if wave.percent is None:
        return list(free)
    quota = find_quota(wave.percent, len(free) + len(assigned))
    return order_units(rollout, free)[: max(0, quota - len(assigned))]
