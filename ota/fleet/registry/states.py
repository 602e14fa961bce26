"""One word for each unit: what it told last, and how long ago. As SQL, so that 10,000 are quick.

Reads and writes: nothing; builds expressions.
Never: calls a unit lost that said when it will be back: asleep by policy is not lost.
"""

from datetime import datetime
from enum import Enum

from sqlalchemy import ColumnElement, and_, case, or_

from ota.fleet.database.tables import unit
from ota.release.rollouts.status import GRACE, SILENCE

IDLE_STEPS = ("", "idle")


class UnitStateWord(Enum):
    """In order of importance: the first that fits."""

    REVOKED = "revoked"  # it was taken out of the fleet
    DOUBTED = "doubted"  # two boxes seem to have this identity
    NEVER = "never"  # it entered, and has not reported yet
    SILENT = "silent"  # it should have reported by now
    FAULT = "fault"  # it has an open fault
    UPDATING = "updating"  # an update is under way
    ASLEEP = "asleep"  # it said when it will be back
    FINE = "fine"


def find_state(now: datetime) -> ColumnElement[str]:
    """The word of each row of `unit`."""
    asleep = is_asleep(now)
    silent = and_(unit.c.received_at < now - SILENCE, or_(unit.c.expected_at.is_(None), ~asleep))
    word = UnitStateWord
    return case(
        (unit.c.revoked_at.is_not(None), word.REVOKED.value),
        (unit.c.doubt != "", word.DOUBTED.value),
        (unit.c.received_at.is_(None), word.NEVER.value),
        (silent, word.SILENT.value),
        (unit.c.fault_count > 0, word.FAULT.value),
        (unit.c.step.not_in(IDLE_STEPS), word.UPDATING.value),
        (asleep, word.ASLEEP.value),
        else_=word.FINE.value,
    )


def is_asleep(now: datetime) -> ColumnElement[bool]:
    """Whether it is expected later, or was until a moment ago."""
    return unit.c.expected_at > now - GRACE
