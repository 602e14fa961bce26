"""What is told of rollouts: how far each is, for people and as JSON. Pure.

    one = report(entries, definition, statuses, now)
    tell(one), format_report(one)

Reads and writes: nothing.
Never: tells a figure of units of which nothing was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ota.release.rollouts.definition import RolloutDefinition, format_definition
from ota.release.rollouts.entries import Entries, find_members, find_paused
from ota.release.rollouts.rules import Counts, count_units, decide
from ota.release.rollouts.status import Condition, UnitStatus


@dataclass(frozen=True, slots=True)
class RolloutReport:
    """`assigned`: units of each wave that has begun, `paused`: of them all. `counts` by wave and
    `outlook`, what the rules say now, only where it is known how units are, else None.
    """

    definition: RolloutDefinition
    assigned: Mapping[str, int]
    paused: int
    counts: Mapping[str, Counts] | None
    outlook: str | None


def report(
    entries: Entries,
    definition: RolloutDefinition,
    statuses: Mapping[str, UnitStatus] | None,
    now: datetime,
) -> RolloutReport:
    members = find_members(entries, definition.name)
    waves: dict[str, list[str]] = {one.name: [] for one in definition.waves}
    for unit, wave in members.items():
        waves.setdefault(wave, []).append(unit)
    begun = {name: units for name, units in waves.items() if units}
    counts = outlook = None
    if statuses is not None:
        release = definition.release
        counts = {name: count_units(one, release, statuses, now) for name, one in begun.items()}
        outlook = decide(definition, members, statuses, now).reason
    return RolloutReport(
        definition=definition,
        assigned={name: len(units) for name, units in begun.items()},
        paused=len(find_paused(entries, definition.name)),
        counts=counts,
        outlook=outlook,
    )


def format_report(one: RolloutReport) -> dict[str, Any]:
    """As JSON; what is not known is null."""
    return {
        "name": one.definition.name,
        **format_definition(one.definition),
        "wave_name": one.definition.current.name,
        "assigned": dict(one.assigned),
        "paused": one.paused,
        "conditions": None if one.counts is None else format_counts(one.counts),
        "outlook": one.outlook,
    }


def format_counts(counts: Mapping[str, Counts]) -> dict[str, dict[str, list[str]]]:
    return {
        wave: {condition.value: list(found.units[condition]) for condition in Condition}
        for wave, found in counts.items()
    }


def tell(one: RolloutReport) -> str:
    """In one line."""
    definition, count = one.definition, sum(one.assigned.values())
    paused = f", {one.paused} of them paused" if one.paused else ""
    return (
        f"{definition.release} to group:{definition.group}, {definition.state.value}, "
        f"{definition.label}, {count} units{paused}: {one.outlook or definition.reason}"
    )
