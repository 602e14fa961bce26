"""How a rollout, a wave and the end of a rollout begin: whether they may, and for whom. Pure.

    check_start(scene, definition)
    begun = begin_wave(scene, definition, 1)       # begun.definition, begun.entries

Reads and writes: nothing.
Never: begins over a group that another rollout has, or with a release that is not published.
"""

from dataclasses import dataclass
from typing import NoReturn

from tuf.api.metadata import TargetFile

from ota.release.errors import ReleaseError
from ota.release.releases.assignments import entry_path
from ota.release.rollouts.definition import (
    RolloutDefinition,
    RolloutState,
    build_definition,
    format_definition,
)
from ota.release.rollouts.entries import (
    find_members,
    list_definitions,
    make_group_entry,
    make_unit_entry,
    rollout_path,
)
from ota.release.rollouts.scene import NEWER, Scene
from ota.release.rollouts.waves import choose_units


@dataclass(frozen=True, slots=True)
class Begun:
    """What is to be signed."""

    definition: RolloutDefinition
    entries: dict[str, TargetFile]


def check_start(scene: Scene, definition: RolloutDefinition) -> None:
    """Raises `ReleaseError` with what forbids it."""
    name, group = definition.name, definition.group
    try:
        build_definition(name, format_definition(definition))
    except ValueError as error:
        raise ReleaseError(f"the rollout {name} cannot be started: {error}") from None
    if rollout_path(name) in scene.entries:
        raise ReleaseError(
            f"there is a rollout {name} already; take another name, or `fleet rollout remove "
            f"{name}` once it is at its end"
        )
    for other in list_definitions(scene.entries):
        if other.state.is_live and other.group == group:
            raise ReleaseError(
                f"group:{group} has the rollout {other.name} ({other.release}), which is "
                f"{other.state.value}; stop it with `fleet rollout stop {other.name}` first"
            )
    scene.find_target(definition.release)
    refuse_step_back(scene, definition)
    first = definition.waves[0]
    chosen, left = choose(scene, definition, 0)
    if not chosen:
        hint = left or "no unit of the group is known; give --units, or name some with --first"
        raise ReleaseError(f"wave {first.name} of the rollout {name} has no unit: {hint}")


def refuse_step_back(scene: Scene, definition: RolloutDefinition) -> None:
    """As `fleet assign` does: for the group, and for units that are named."""
    release = definition.release
    present = scene.find_entry_release(entry_path(f"group:{definition.group}"))
    if scene.is_step_back(release, present):
        refuse_older(f"group:{definition.group} is to have {present}", definition)
    for unit in definition.waves[0].units or ():
        if scene.find_hindrance(definition, unit) == NEWER:
            refuse_older(f"{unit} is {NEWER}", definition)


def refuse_older(who: str, definition: RolloutDefinition) -> NoReturn:
    raise ReleaseError(
        f"{who}; {definition.release} is older and would be refused: roll out a newer release, or "
        "take what was assigned away first (`fleet unassign`, `fleet rollout remove`)"
    )


def choose(scene: Scene, definition: RolloutDefinition, number: int) -> tuple[list[str], str]:
    """The units that a wave adds, and a sentence of those that are left alone."""
    wave, members = definition.waves[number], find_members(scene.entries, definition.name)
    known = scene.list_known(definition)
    named = known if wave.units is None else wave.units
    asked = [one for one in named if one not in members]
    free, left = scene.sort_out(definition, asked)
    return choose_units(wave, rollout=definition.name, free=free, assigned=members), left


def begin_wave(scene: Scene, definition: RolloutDefinition, number: int) -> Begun:
    """That wave, or the first after it that has a unit to add; after the last one the end."""
    target = scene.find_target(definition.release)
    told = ""
    for index in range(number, len(definition.waves)):
        name = definition.waves[index].name
        chosen, told = choose(scene, definition, index)
        if chosen:
            entries = [make_unit_entry(target, definition, one, name, scene.now) for one in chosen]
            begun = note_begin(scene, definition, index, count=len(chosen), told=told)
            return Begun(begun, {one.path: one for one in entries})
    return end(scene, definition, target, told)


def note_begin(
    scene: Scene, definition: RolloutDefinition, index: int, *, count: int, told: str
) -> RolloutDefinition:
    """The wave `index` begins for `count` units."""
    text = (
        f"wave {definition.waves[index].name} ({index + 1} of {len(definition.waves)}) begins: "
        f"{count} {'unit gets' if count == 1 else 'units get'} {definition.release}"
        f"{'; ' if told else ''}{told}"
    )
    known = len(scene.list_known(definition))
    return definition.note(
        scene.now, text, wave=index, wave_since=scene.now, reached_at=None, known=known
    )


def end(scene: Scene, definition: RolloutDefinition, target: TargetFile, told: str) -> Begun:
    """The whole group is to have it, also units that nobody knows."""
    path = entry_path(f"group:{definition.group}")
    count = len(find_members(scene.entries, definition.name))
    present = scene.find_entry_release(path)
    entries = {}
    if scene.is_step_back(definition.release, present):
        what = f"group:{definition.group} keeps {present}, which is newer"
    else:
        what = f"group:{definition.group} gets {definition.release}"
        entries = {path: make_group_entry(target, definition, scene.now)}
    text = f"{count} units were given it, and {what}{'; ' if told else ''}{told}"
    return Begun(definition.note(scene.now, text, state=RolloutState.DONE), entries)
