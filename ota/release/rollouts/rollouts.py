"""Start a rollout, let it go on, pause it, resume it, stop it, take it away, tell of it.

    start(fleet, definition, statuses)
    outcome = advance(fleet, "december", statuses)       # outcome.is_changed: publish the tree

Reads: both repositories. Writes: the director's entries, all that one call changes with one
timestamp; nothing else is kept.
Never: signs where nothing changes; begins a wave before the one before it has succeeded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tuf.api.metadata import TargetFile

from ota.release.errors import ReleaseError
from ota.release.fleet import Fleet
from ota.release.metadata.bins import change_entries, read_entries
from ota.release.metadata.reading import DIRECTOR
from ota.release.releases.assignments import entry_path
from ota.release.rollouts.beginning import begin_wave, check_start
from ota.release.rollouts.definition import RolloutDefinition, RolloutState, parse_definition
from ota.release.rollouts.describing import RolloutReport, report
from ota.release.rollouts.entries import (
    find_definition,
    find_members,
    find_paused,
    list_definitions,
    make_definition_entry,
    pause_entry,
    resume_entry,
    rollout_path,
)
from ota.release.rollouts.rules import Action, decide
from ota.release.rollouts.scene import Scene, look
from ota.release.rollouts.status import Condition, UnitStatus, find_condition

Statuses = Mapping[str, UnitStatus]
NOBODY: Statuses = {}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`is_changed`: something was signed, and is to be published. `text`: what and why."""

    is_changed: bool
    text: str


def start(fleet: Fleet, definition: RolloutDefinition, statuses: Statuses = NOBODY) -> Outcome:
    """Begin its first wave. `statuses`: the known units. Raises `ReleaseError`."""
    scene = look(fleet, statuses)
    definition = replace(definition, wave_since=scene.now)
    check_start(scene, definition)
    begun = begin_wave(scene, definition, 0)
    return sign(fleet, scene, begun.definition, begun.entries)


def advance(fleet: Fleet, name: str, statuses: Statuses) -> Outcome:
    """Do what the rules say now, by what units have reported. Raises `ReleaseError`."""
    scene = look(fleet, statuses)
    definition = find_definition(scene.entries, name)
    members = find_members(scene.entries, name)
    decision = decide(definition, members, statuses, scene.now)
    if decision.action is Action.WAIT:
        return Outcome(is_changed=False, text=decision.reason)
    if decision.action is Action.STOP:
        return hold(fleet, scene, definition, RolloutState.STOPPED, decision.reason)
    definition = definition.note(scene.now, decision.reason)
    if decision.action is Action.SOAK:
        return sign(fleet, scene, replace(definition, reached_at=scene.now), {})
    begun = begin_wave(scene, definition, definition.wave + 1)
    return sign(fleet, scene, begun.definition, begun.entries)


def advance_all(fleet: Fleet, statuses: Statuses) -> list[Outcome]:
    """The same for all that run, in the order of their names. Raises `ReleaseError`."""
    entries = read_entries(fleet.read_state(DIRECTOR))
    running = [one for one in list_definitions(entries) if one.state is RolloutState.RUNNING]
    return [advance(fleet, one.name, statuses) for one in running]


def pause(fleet: Fleet, name: str, reason: str, statuses: Statuses = NOBODY) -> Outcome:
    """No unit takes it until it is resumed; those that run it, by `statuses`, keep it."""
    scene = look(fleet, statuses)
    definition = find_definition(scene.entries, name)
    require_state(definition, RolloutState.RUNNING)
    return hold(fleet, scene, definition, RolloutState.PAUSED, reason)


def stop(fleet: Fleet, name: str, reason: str, statuses: Statuses = NOBODY) -> Outcome:
    """As paused, for good."""
    scene = look(fleet, statuses)
    definition = find_definition(scene.entries, name)
    require_state(definition, RolloutState.RUNNING, RolloutState.PAUSED)
    return hold(fleet, scene, definition, RolloutState.STOPPED, reason)


def resume(fleet: Fleet, name: str) -> Outcome:
    """Go on where it was paused; the time that a success must hold begins anew."""
    scene = look(fleet, NOBODY)
    definition = find_definition(scene.entries, name)
    require_state(definition, RolloutState.PAUSED)
    paths = [entry_path(f"unit:{one}") for one in find_paused(scene.entries, name)]
    entries = {path: resume_entry(scene.entries[path]) for path in paths}
    text = f"resumed in {definition.label}; {len(entries)} units may take it again"
    definition = definition.note(scene.now, text, state=RolloutState.RUNNING)
    return sign(fleet, scene, definition, entries)


def remove(fleet: Fleet, name: str) -> Outcome:
    """Take the record of a rollout at its end away, and its units' entries: they follow their group
    again. One that cannot be understood is taken away as well.
    """
    director = fleet.read_state(DIRECTOR)
    entries = read_entries(director)
    entry = entries.get(rollout_path(name))
    if entry is None:
        find_definition(entries, name)
    elif entry.custom.get("state") in (RolloutState.RUNNING.value, RolloutState.PAUSED.value):
        require_end(name, entry)
    members = find_members(entries, name)
    changes: dict[str, TargetFile | None] = {entry_path(f"unit:{one}"): None for one in members}
    changes[rollout_path(name)] = None
    change_entries(fleet.make_writer(DIRECTOR), director, changes)
    text = f"the rollout {name} is taken away; {len(members)} units follow their group again"
    return Outcome(is_changed=True, text=text)


def refuse_live(fleet: Fleet, release: str) -> None:
    """Raises `ReleaseError` where a rollout of that release is not at its end."""
    for one in list_definitions(read_entries(fleet.read_state(DIRECTOR))):
        if one.state.is_live and one.release == release:
            raise ReleaseError(
                f"{release} is not withdrawn: the rollout {one.name} is {one.state.value}; end it "
                f"with `fleet rollout stop {one.name}`, then take it away with `fleet rollout "
                f"remove {one.name}`"
            )


def describe(
    fleet: Fleet, name: str | None = None, statuses: Statuses | None = None
) -> list[RolloutReport]:
    """How far each rollout is, or that one; `statuses` None: it is not known how units are."""
    entries = read_entries(fleet.read_state(DIRECTOR))
    found = [find_definition(entries, name)] if name else list_definitions(entries)
    return [report(entries, one, statuses, fleet.now) for one in found]


def require_end(name: str, entry: TargetFile) -> None:
    """Raises `ReleaseError` for one that is live, where this program can read it."""
    try:
        parse_definition(name, entry.custom)
    except ReleaseError:
        return
    raise ReleaseError(
        f"the rollout {name} is {entry.custom['state']}: end it with `fleet rollout stop {name}` "
        "first"
    )


def require_state(definition: RolloutDefinition, *states: RolloutState) -> None:
    if definition.state not in states:
        wanted = " or ".join(one.value for one in states)
        raise ReleaseError(
            f"the rollout {definition.name} is {definition.state.value} ({definition.reason}), not "
            f"{wanted}; nothing was changed"
        )


def hold(
    fleet: Fleet, scene: Scene, definition: RolloutDefinition, state: RolloutState, reason: str
) -> Outcome:
    """Pause the entries of all its units that do not run its release."""
    definition = definition.note(scene.now, reason, state=state, reached_at=None)
    entries = {}
    for unit in find_members(scene.entries, definition.name):
        status = scene.statuses.get(unit)
        if find_condition(status, definition.release, scene.now) is not Condition.COMMITTED:
            path = entry_path(f"unit:{unit}")
            entries[path] = pause_entry(scene.entries[path], definition.reason, scene.now)
    return sign(fleet, scene, definition, entries)


def sign(
    fleet: Fleet, scene: Scene, definition: RolloutDefinition, entries: Mapping[str, TargetFile]
) -> Outcome:
    """The definition and the entries that change, with one timestamp."""
    target = scene.entries.get(rollout_path(definition.name)) or scene.find_target(
        definition.release
    )
    changes: dict[str, TargetFile | None] = dict(entries)
    changes[rollout_path(definition.name)] = make_definition_entry(target, definition)
    change_entries(fleet.make_writer(DIRECTOR), scene.director, changes)
    text = f"{definition.name} is {definition.state.value}: {definition.reason}"
    return Outcome(is_changed=True, text=text)
