"""Waits until a service shows the effect, in real seconds.

    wait_for(unit, 90.0, lambda: find_fresh(unit, PowerReading))

Reads: the unit's clock, what the question reads. Writes: nothing.
Never: takes what was measured of the old part for the new one.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import TypeVar

from appliance.model import Stamp
from provisioning.commissioning.replacing.changes import Change
from provisioning.commissioning.unit import Unit

T = TypeVar("T")
ANSWERS_IN_S, LOOK_EVERY_S = 90.0, 0.5


def wait_for(unit: Unit, limit_s: float, find: Callable[[], T | None]) -> T | None:
    """What is found within that time."""
    clock, never = unit.clock, Event()
    ends_s = clock.media_s() + limit_s
    while (found := find()) is None and clock.media_s() <= ends_s:
        clock.wait_media(LOOK_EVERY_S, never)
    return found


def is_after(stamp: Stamp, change: Change) -> bool:
    """Whether that was measured since the replacement began, by the wall clock: the unit may have
    been without power meanwhile.
    """
    return stamp.utc >= datetime.fromisoformat(change.at)
