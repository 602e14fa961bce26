"""What the unit's services have measured and learned, for steps that compare it with an answer.

    reading = find_fresh(unit, PowerReading)        # None: there is none, or it is too old
    age = find_last(unit, BatteryAge)
    states = list_fresh(unit, DeviceState)

Reads: the unit database. Writes: nothing.
Never: raises where there is no database yet: a new unit has none.
"""

from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from appliance.errors import StoreError
from appliance.store.store import Store
from provisioning.commissioning.unit import Unit

T = TypeVar("T")
R = TypeVar("R")


def find_fresh(unit: Unit, kind: type[T]) -> T | None:
    """The newest row, where it is still fresh."""
    return read(unit, lambda store: store.latest(kind))


def find_last(unit: Unit, kind: type[T]) -> T | None:
    """The newest row, however old."""
    return read(unit, lambda store: store.last(kind))


def list_fresh(unit: Unit, kind: type[T]) -> list[T]:
    """All rows that are still fresh, such as one of each device."""
    found = read(unit, lambda store: [one for one in store.rows(kind) if store.is_fresh(one)])
    return found or []


def list_all(unit: Unit, kind: type[T]) -> list[T]:
    """All rows that are kept, the oldest first: of what does not age."""
    return read(unit, lambda store: store.rows(kind)) or []


def read(unit: Unit, find: Callable[[Store], R | None]) -> R | None:
    """What is found; None without a database that can be read."""
    path = unit.settings().database
    if not path.exists():
        return None
    try:
        with closing(Store(path, unit.clock)) as store:
            return find(store)
    except StoreError:
        return None
