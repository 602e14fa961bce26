"""Whom the fleet calls: the units and groups for which the director has something new.

    caller = Caller(engine, address)
    lines = caller.call(entries, now)        # after the tree was published

Each look at the director's entries is held against the one before: a wave that has begun, a rollout
that was resumed, an assignment by hand. The units of it are sent a hint, a group one for all.

Reads: the director's entries, the table `unit`. Writes: hints at the broker.
Never: stops a rollout because the broker does not answer; calls for what is paused or for later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select
from tuf.api.metadata import TargetFile

from ota.fleet.database.tables import unit
from ota.fleet.errors import FleetError
from ota.fleet.push.publishing import BrokerAddress, connect
from ota.fleet.registry.questions import reading
from ota.push.hint import MOST_SPREAD_S, Hint, find_group_topic, find_unit_topic, make_serial
from ota.release.metadata.writing import format_time

GROUPS, UNITS = "groups/", "units/"
FEW = 50  # units that may ask at one moment
A_SECOND = 10.0  # units that ask in a second, on average, where there are more
CHUNK = 500  # names in one question to the database


@dataclass(frozen=True, slots=True)
class Called:
    """`groups` by name; `units` by name with the serial of the box; `unknown`: names without one.
    `count`: how many units hear it, as far as the database knows them.
    """

    groups: tuple[str, ...]
    units: Mapping[str, str]
    unknown: tuple[str, ...]
    count: int

    @property
    def topics(self) -> list[str]:
        return [
            *map(find_group_topic, self.groups),
            *(find_unit_topic(serial) for serial in self.units.values()),
        ]

    @property
    def spread_s(self) -> float:
        """Over which time they ask: few at once, thousands over minutes."""
        return 0.0 if self.count <= FEW else min(self.count / A_SECOND, MOST_SPREAD_S)


def find_called(engine: Engine, units: Sequence[str], groups: Sequence[str]) -> Called:
    """Who is meant. A unit that was taken out is unknown."""
    found: dict[str, str] = {}
    known = unit.c.revoked_at.is_(None)
    with reading(engine) as connection:
        for at in range(0, len(units), CHUNK):
            names = unit.c.name.in_(units[at : at + CHUNK])
            query = select(unit.c.name, unit.c.serial).where(known, names)
            found |= {row.name: row.serial for row in connection.execute(query)}
        own = unit.c.fleet_group.in_(groups)
        members = connection.execute(select(func.count()).where(known, own)).scalar_one()
    unknown = tuple(name for name in units if name not in found)
    return Called(tuple(groups), found, unknown, len(found) + members)


def send(address: BrokerAddress, called: Called, now: datetime, spread_s: float) -> None:
    """Raises `FleetError`."""
    with connect(address) as publisher:
        publisher.publish(called.topics, Hint(make_serial(now), spread_s))


@dataclass(slots=True)
class Caller:
    """`seen`: the director's entries at the last look, None before the first one."""

    engine: Engine
    address: BrokerAddress
    seen: Mapping[str, TargetFile] | None = None

    def call(self, entries: Mapping[str, TargetFile], now: datetime) -> list[str]:
        """What was done, a line each; where the broker fails, they are called at the next look."""
        if self.seen is None:
            self.seen = entries
            return []
        news = find_news(self.seen, entries, now)
        if not news:
            self.seen = entries
            return []
        units = [path.removeprefix(UNITS) for path in news if path.startswith(UNITS)]
        groups = [path.removeprefix(GROUPS) for path in news if path.startswith(GROUPS)]
        called = find_called(self.engine, units, groups)
        try:
            if called.topics:
                send(self.address, called, now, called.spread_s)
        except FleetError as error:
            return [f"no hints were sent, units ask in their own time: {error}"]
        self.seen = entries
        return [describe(called)] if called.topics else []


def find_news(
    before: Mapping[str, TargetFile], after: Mapping[str, TargetFile], now: datetime
) -> list[str]:
    """The paths of units and groups that may take something else now than before."""
    return sorted(
        path
        for path, entry in after.items()
        if path.startswith((UNITS, GROUPS))
        and (path not in before or before[path].custom != entry.custom)
        and is_open(entry, now)
    )


def is_open(entry: TargetFile, now: datetime) -> bool:
    """Neither paused, nor for later or past."""
    custom, at = entry.custom, format_time(now)
    until = custom.get("until")
    is_begun = str(custom.get("from", "")) <= at
    return not custom.get("paused") and is_begun and (until is None or at < str(until))


def describe(called: Called) -> str:
    """Who was sent a hint, in a sentence."""
    groups = [f"the group {name}" for name in called.groups]
    units = list(called.units)
    told = units if len(units) <= 3 else [f"{len(units)} units"]
    spread_s = called.spread_s
    spread = f"; they ask within {spread_s / 60:.0f} min" if spread_s else ""
    return f"hints for {', '.join([*groups, *told])}{spread}"
