"""What a rollout finds: signed entries, published releases, and what units have reported.

    scene = look(fleet, statuses)
    scene.find_hindrance(definition, "field-7")    # "assigned by hand"

Reads: both repositories. Writes: nothing.
Never: lets a rollout have a unit that a person or another rollout has, or send one back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import TargetFile

from ota.release.fleet import Fleet
from ota.release.metadata.bins import read_entries
from ota.release.metadata.reading import DIRECTOR, IMAGE, State
from ota.release.releases.assignments import entry_path
from ota.release.releases.known import find_published, read_published
from ota.release.rollouts.definition import RolloutDefinition
from ota.release.rollouts.entries import ROLLOUT, list_definitions
from ota.release.rollouts.rules import name_units
from ota.release.rollouts.status import UnitStatus

BY_HAND = "assigned by hand"
ELSEWHERE = "in another rollout"
NEWER = "to have, or run, a newer release"


@dataclass(frozen=True)
class Scene:
    """`live`: names of the rollouts that are not at their end. `sequences`: of the published
    releases. `now`: UTC.
    """

    image: State
    director: State
    entries: Mapping[str, TargetFile]
    live: frozenset[str]
    sequences: Mapping[str, int]
    statuses: Mapping[str, UnitStatus]
    now: datetime

    def find_target(self, release: str) -> TargetFile:
        """Raises `ReleaseError` where it is not published."""
        return find_published(self.image, release)

    def is_step_back(self, release: str, present: str) -> bool:
        """Whether `present` is newer; of a release that is not published that is not known."""
        if present not in self.sequences or release not in self.sequences:
            return False
        return self.sequences[present] > self.sequences[release]

    def find_entry_release(self, path: str) -> str:
        """What is assigned there; "" where nothing is."""
        entry = self.entries.get(path)
        return str(entry.custom["release"]) if entry else ""

    def list_known(self, definition: RolloutDefinition) -> list[str]:
        """The units of the group that have ever reported."""
        return [one.name for one in self.statuses.values() if one.group == definition.group]

    def find_hindrance(self, definition: RolloutDefinition, unit: str) -> str:
        """Why the rollout leaves the unit alone; "" where it may have it."""
        path = entry_path(f"unit:{unit}")
        entry, status = self.entries.get(path), self.statuses.get(unit)
        whose = entry.custom.get(ROLLOUT) if entry else None
        if entry and whose is None:
            return BY_HAND
        if whose in self.live and whose != definition.name:
            return ELSEWHERE
        running = status.running_release if status else ""
        present = (self.find_entry_release(path), running)
        if any(self.is_step_back(definition.release, one) for one in present):
            return NEWER
        return ""

    def sort_out(
        self, definition: RolloutDefinition, units: Collection[str]
    ) -> tuple[list[str], str]:
        """Those of `units` that it may have, and a sentence of those that it leaves alone."""
        left: dict[str, list[str]] = {}
        free = []
        for unit in units:
            hindrance = self.find_hindrance(definition, unit)
            left.setdefault(hindrance, []).append(unit) if hindrance else free.append(unit)
        told = [f"{len(names)} {why} ({name_units(names)})" for why, names in left.items()]
        return free, f"left alone: {', '.join(told)}" if told else ""


def look(fleet: Fleet, statuses: Mapping[str, UnitStatus]) -> Scene:
    """Raises `ReleaseError`, `OSError`."""
    image, director = fleet.read_state(IMAGE), fleet.read_state(DIRECTOR)
    published, entries = read_published(fleet, image), read_entries(director)
    return Scene(
        image=image,
        director=director,
        entries=entries,
        live=frozenset(one.name for one in list_definitions(entries) if one.state.is_live),
        sequences={name: one.sequence for name, one in published.items()},
        statuses=statuses,
        now=fleet.now.replace(microsecond=0),
    )
