"""`fleet status`: releases, who is to have them, and how long each signature holds.

Reads: the fleet's directory. Writes: nothing.
Never: asks a unit; units report to the fleet's server.
"""

import argparse
from collections.abc import Iterator

from appliance.commands.printing import BAD, PLAIN, Line, Section, show
from ota.release.commands.opening import add_fleet, open_fleet
from ota.release.fleet import Fleet
from ota.release.metadata.bins import read_entries
from ota.release.metadata.reading import DIRECTOR, IMAGE, REPOSITORIES, read_newest_targets
from ota.release.metadata.roots import find_draft
from ota.release.periods import describe_left, is_due
from ota.release.releases.assignments import whom_of
from ota.release.releases.known import read_built, target_path
from ota.release.renewing import list_roles
from ota.release.rollouts.describing import tell
from ota.release.rollouts.entries import PAUSED, ROLLOUTS
from ota.release.rollouts.rollouts import describe

HELP = "releases, who is to have them, and how long each signature holds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_fleet(parser)


def run(arguments: argparse.Namespace) -> int:
    with open_fleet(arguments) as fleet:
        show(
            [
                Section("Releases", list(list_releases(fleet))),
                Section("Assigned", list(list_assigned(fleet))),
                Section("Rollouts", list(list_rollouts(fleet))),
                Section("Signatures", list(list_signatures(fleet))),
                Section("Waiting for signatures", list(list_waiting(fleet))),
            ]
        )
    return 0


def list_releases(fleet: Fleet) -> Iterator[Line]:
    state = fleet.read_state(IMAGE)
    signed, published = read_newest_targets(state).signed.targets, state.targets.signed.targets
    built = read_built(fleet)
    for path in (*published, *signed):
        built.setdefault(path.split("/")[1], None)  # type: ignore[arg-type]
    for name, manifest in built.items():
        path = target_path(name)
        step = describe_step(is_published=path in published, is_signed=path in signed)
        yield Line(name, f"sequence {manifest.sequence}, {step}" if manifest else step)


def describe_step(*, is_published: bool, is_signed: bool) -> str:
    """How far a release is; what was signed last counts for units after `publish`."""
    if is_published:
        return "published" if is_signed else "published; its withdrawal waits for `publish`"
    return "signed" if is_signed else "built"


def list_assigned(fleet: Fleet) -> Iterator[Line]:
    for path, entry in sorted(read_entries(fleet.read_state(DIRECTOR)).items()):
        custom = entry.custom
        if path.startswith(ROLLOUTS):
            continue
        until = f" until {custom['until']}" if custom["until"] else ""
        wave = f", wave {custom['wave']}" if custom["wave"] else ""
        back = ", may go back" if custom["allow_downgrade"] else ""
        paused = f", paused: {custom[PAUSED]}" if PAUSED in custom else ""
        text = f"{custom['release']} from {custom['from']}{until}{wave}{back}{paused}"
        yield Line(whom_of(path), text)


def list_rollouts(fleet: Fleet) -> Iterator[Line]:
    for one in describe(fleet):
        yield Line(one.definition.name, tell(one))


def list_signatures(fleet: Fleet) -> Iterator[Line]:
    for name in REPOSITORIES:
        for role in list_roles(fleet.read_state(name)):
            left = describe_left(role.expires - fleet.now)
            style = BAD if is_due(role.kind, role.expires, fleet.now) else PLAIN
            yield Line(f"{name} {role.role}", f"version {role.version} {left}", style)


def list_waiting(fleet: Fleet) -> Iterator[Line]:
    for name in REPOSITORIES:
        path = find_draft(fleet.staged, fleet.find_repository(name))
        if path.exists():
            yield Line(f"{name} root", f"{path}: sign it with `fleet keys sign`")
