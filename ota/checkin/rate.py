"""How often the unit asks its mirrors: by the energy level. Pure.

Reads and writes: nothing.
Never: asks more often while the energy is short.
"""

from datetime import datetime, timedelta
from zlib import crc32

from appliance.model import EnergyLevel

HOUR_S = 3600.0
EVERY_S = {
    EnergyLevel.FULL: 1 * HOUR_S,
    EnergyLevel.ECO: 4 * HOUR_S,
    EnergyLevel.SENTINEL: 12 * HOUR_S,
    EnergyLevel.HIBERNATE: 24 * HOUR_S,
    EnergyLevel.OFF: 24 * HOUR_S,
}
EARLY_S = 300.0  # a timer that comes a little early counts
JITTER = 0.1  # of the time between: a fleet does not ask at one moment


def find_next(last: datetime, level: EnergyLevel, unit: str) -> datetime:
    """When a unit of that name asks next. The same unit has the same delay: it can be told."""
    share = crc32(f"{unit} {last:%Y%m%d%H}".encode()) / 2**32
    return last + timedelta(seconds=EVERY_S[level] * (1 + JITTER * share))


def is_due(*, next_at: datetime | None, last: datetime | None, now: datetime) -> bool:
    """Whether it is time to ask; also where the clock was set back behind the last time."""
    if next_at is None or last is None or now < last:
        return True
    return now >= next_at - timedelta(seconds=EARLY_S)
