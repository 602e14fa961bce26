"""`fleet assign` and `unassign`: which unit or group is to have which release, from when to when.

Reads: both repositories. Writes: the director's bins, snapshot and timestamp.
Never: names a release that is not published, or one that the unit would refuse as a step back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tuf.api.metadata import TargetFile

from ota.release.errors import ReleaseError
from ota.release.fleet import Fleet
from ota.release.metadata.bins import change_entries, read_entries
from ota.release.metadata.reading import DIRECTOR, IMAGE, State
from ota.release.metadata.writing import format_time
from ota.release.releases.known import find_published, read_published
from ota.trust.assignment import permits_downgrade

GROUP, UNIT, ROLLOUT = "group:", "unit:", "rollout:"
ODD = re.compile(r"[:/=@,;]|^\s|\s$")  # in the name of a unit: rather a group, wrongly spelled
DEFAULT_GROUP = "all"  # of a unit's settings


@dataclass(frozen=True, slots=True)
class Assignment:
    """`begins` and `until`: UTC; None: now, never. `wave`: the name under which it is counted."""

    release: str
    begins: datetime | None = None
    until: datetime | None = None
    wave: str = ""
    allow_downgrade: bool = False


def entry_path(whom: str) -> str:
    """The director's target of a unit, or of a group ("group:NAME")."""
    if whom.startswith(GROUP):
        return f"groups/{whom.removeprefix(GROUP)}"
    return f"units/{whom.removeprefix(UNIT)}"


def whom_of(path: str) -> str:
    """As it is typed: a unit whose name is like something else with "unit:" before it."""
    kind, _, name = path.partition("/")
    if kind != "units":
        return f"{GROUP if kind == 'groups' else ROLLOUT}{name}"
    return f"{UNIT}{name}" if is_odd(name) else name


def is_odd(name: str) -> bool:
    """Whether the name of a unit is rather a group that was spelled wrong, or a slip."""
    return bool(ODD.search(name)) or name == DEFAULT_GROUP


def assign(fleet: Fleet, whom: Sequence[str], assignment: Assignment) -> str:
    """Returns what was done, in a sentence. Raises `ReleaseError`."""
    check_times(assignment, fleet.now)
    image, director = fleet.read_state(IMAGE), fleet.read_state(DIRECTOR)
    target = find_published(image, assignment.release)
    check_steps_back(fleet, image, director, whom, assignment)
    entries = {entry_path(one): make_entry(fleet, one, target, assignment) for one in whom}
    present = read_entries(director)
    changed = {path: entry for path, entry in entries.items() if present.get(path) != entry}
    if not changed:
        return "this is assigned already; nothing was changed"
    change_entries(fleet.make_writer(DIRECTOR), director, changed)
    return f"{', '.join(map(whom_of, changed))}: {assignment.release}"


def make_entry(fleet: Fleet, whom: str, target: TargetFile, assignment: Assignment) -> TargetFile:
    custom: dict[str, Any] = {
        "release": assignment.release,
        "from": format_time(assignment.begins or fleet.now),
        "until": format_time(assignment.until) if assignment.until else None,
        "wave": assignment.wave,
        "allow_downgrade": assignment.allow_downgrade,
    }
    return TargetFile(target.length, dict(target.hashes), entry_path(whom), {"custom": custom})


def check_times(assignment: Assignment, now: datetime) -> None:
    until = assignment.until
    if until and until <= (assignment.begins or now):
        raise ReleaseError(f"--until {until:%Y-%m-%dT%H:%MZ} is not after --from; give a later one")
    if until and until <= now:
        raise ReleaseError(f"--until {until:%Y-%m-%dT%H:%MZ} is over; no unit would take it")


def require_permission(target: TargetFile, release: str) -> None:
    """The offline key must have permitted it, else units would refuse."""
    if not permits_downgrade(target):
        raise ReleaseError(
            f"units are not sent back to {release}: the offline key has not permitted it; run "
            f"`fleet release sign {release} --allow-downgrade` and publish it first"
        )


def check_steps_back(
    fleet: Fleet, image: State, director: State, whom: Sequence[str], assignment: Assignment
) -> None:
    """A step back is refused by units unless it is signed for each of them by name."""
    groups = [one for one in whom if one.startswith(GROUP)]
    if assignment.allow_downgrade:
        if groups:
            raise ReleaseError(
                f"--allow-downgrade is for single units, not for {groups[0]}: name the units"
            )
        require_permission(find_published(image, assignment.release), assignment.release)
        return
    published = read_published(fleet, image)
    new, present = published[assignment.release], read_entries(director)
    for one in whom:
        entry = present.get(entry_path(one))
        old = published.get(entry.custom["release"]) if entry else None
        if old and old.sequence > new.sequence:
            raise ReleaseError(
                f"{one} is to have {old.release} (sequence {old.sequence}); {new.release} "
                f"({new.sequence}) is older and would be refused: give --allow-downgrade for a unit"
            )


def unassign(fleet: Fleet, whom: Sequence[str]) -> str:
    """Take entries away: those units keep what they have, or follow their group."""
    director = fleet.read_state(DIRECTOR)
    present = read_entries(director)
    for one in whom:
        if one.startswith(ROLLOUT):
            name = one.removeprefix(ROLLOUT)
            raise ReleaseError(
                f"{one} is no unit and no group: `fleet rollout stop {name}` ends it, then `fleet "
                f"rollout remove {name}` takes it away"
            )
        if entry_path(one) not in present:
            raise ReleaseError(f"nothing is assigned to {one}; `fleet status` lists what is")
    change_entries(fleet.make_writer(DIRECTOR), director, {entry_path(one): None for one in whom})
    return f"nothing is assigned any more to {', '.join(whom)}"


def find_assigned(director: State) -> dict[str, list[str]]:
    """The units, groups and rollouts of each release."""
    found: dict[str, list[str]] = {}
    for path, entry in read_entries(director).items():
        found.setdefault(entry.custom["release"], []).append(whom_of(path))
    return found
