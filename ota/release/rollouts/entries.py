"""A rollout's entries among those of the director: who has one, paused or not. Pure.

    find_members(entries, "december")            # {"field-7": "first"}
    pause_entry(entry, "by anna", now)

Reads and writes: nothing.
Never: counts an entry that a person has made for a unit as one of a rollout.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tuf.api.metadata import TargetFile

from ota.release.errors import ReleaseError
from ota.release.metadata.writing import format_time
from ota.release.releases.assignments import entry_path
from ota.release.rollouts.definition import (
    RolloutDefinition,
    format_definition,
    parse_definition,
)

UNITS, ROLLOUTS = "units/", "rollouts/"
ROLLOUT, PAUSED, UNTIL, WINDOW = "rollout", "paused", "until", "window"  # keys of `custom`
Entries = Mapping[str, TargetFile]


def rollout_path(name: str) -> str:
    """The director's target of a rollout."""
    return f"{ROLLOUTS}{name}"


def list_definitions(entries: Entries) -> list[RolloutDefinition]:
    """By name. Raises `ReleaseError` where one cannot be understood."""
    return [
        parse_definition(path.removeprefix(ROLLOUTS), entries[path].custom)
        for path in sorted(entries)
        if path.startswith(ROLLOUTS)
    ]


def find_definition(entries: Entries, name: str) -> RolloutDefinition:
    """Raises `ReleaseError` where there is none of that name."""
    entry = entries.get(rollout_path(name))
    if entry is None:
        known = [one.removeprefix(ROLLOUTS) for one in sorted(entries) if one.startswith(ROLLOUTS)]
        raise ReleaseError(f"there is no rollout {name}; there are: {', '.join(known) or 'none'}")
    return parse_definition(name, entry.custom)


def find_members(entries: Entries, name: str) -> dict[str, str]:
    """The units that a rollout has given its release, each with its wave."""
    return {
        path.removeprefix(UNITS): entry.custom["wave"]
        for path, entry in entries.items()
        if path.startswith(UNITS) and entry.custom.get(ROLLOUT) == name
    }


def find_paused(entries: Entries, name: str) -> list[str]:
    """Those of its units whose entry is paused."""
    members = find_members(entries, name)
    return [one for one in members if PAUSED in entries[entry_path(f"unit:{one}")].custom]


def make_definition_entry(target: TargetFile, definition: RolloutDefinition) -> TargetFile:
    custom = format_definition(definition)
    return make_target(target, rollout_path(definition.name), custom)


def make_unit_entry(
    target: TargetFile, definition: RolloutDefinition, unit: str, wave: str, now: datetime
) -> TargetFile:
    """The unit is to have the release from now on."""
    custom = {**make_terms(definition, now), "wave": wave, ROLLOUT: definition.name}
    return make_target(target, entry_path(f"unit:{unit}"), custom)


def make_group_entry(
    target: TargetFile, definition: RolloutDefinition, now: datetime
) -> TargetFile:
    """The whole group, also units that nobody knows."""
    custom = {**make_terms(definition, now), "wave": ""}
    return make_target(target, entry_path(f"group:{definition.group}"), custom)


def make_terms(definition: RolloutDefinition, now: datetime) -> dict[str, Any]:
    window = {WINDOW: definition.window} if definition.window else {}
    return {
        "release": definition.release,
        "from": format_time(now),
        UNTIL: None,
        "allow_downgrade": False,
        **window,
    }


def make_target(target: TargetFile, path: str, custom: dict[str, Any]) -> TargetFile:
    return TargetFile(target.length, dict(target.hashes), path, {"custom": custom})


def pause_entry(entry: TargetFile, reason: str, now: datetime) -> TargetFile:
    """Its time is over as well, so that units which know no pause do not take it."""
    custom = {**entry.custom, PAUSED: reason, UNTIL: format_time(now)}
    return make_target(entry, entry.path, custom)


def resume_entry(entry: TargetFile) -> TargetFile:
    custom = {key: value for key, value in entry.custom.items() if key != PAUSED}
    return make_target(entry, entry.path, {**custom, UNTIL: None})
