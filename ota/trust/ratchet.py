"""The floors of trust: versions, releases and times that were verified once and never go down.

Reads and writes: nothing; pure. ota/trust/store.py keeps it on the disk.
Never: lowers a floor, but where the root of trust itself changed the keys of the online roles: that
is how TUF recovers from versions that a thief ran up (fast-forward; specification 5.3.11).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from appliance import strict_json
from appliance.strict_json import InputError
from ota.manifest import ReleaseManifest

MOST_BYTES = 64 * 1024  # of the ratchet file
MOST_ROLES = 64  # of one repository whose versions are kept
MOST_VERSION, LONGEST_ROLE = 2**53, 100  # what is kept must be read back, and fit in the file


@dataclass(frozen=True, slots=True)
class RepositoryFloor:
    """What was verified of one repository.

    `anchor`: SHA-256 of the technician's root file; another one starts anew. `keys` names the keys
    of timestamp and snapshot in the newest root. `root`, `versions`: highest version of each role.
    `issued`: newest time that a timestamp was signed at, UTC.
    """

    anchor: str = ""
    keys: str = ""
    root: int = 0
    versions: Mapping[str, int] = field(default_factory=dict)
    issued: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ratchet:
    """`sequence`: highest of any committed release; `committed`: digest of the last one's manifest.

    `built`: when that was built, `clock`: last time that was confirmed, both UTC.
    """

    sequence: int = 0
    committed: str = ""
    built: datetime | None = None
    clock: datetime | None = None
    repositories: Mapping[str, RepositoryFloor] = field(default_factory=dict)

    def get_floor(self, repository: str) -> RepositoryFloor:
        return self.repositories.get(repository, RepositoryFloor())


def find_applicable(floor: RepositoryFloor, *, anchor: str, keys: str) -> RepositoryFloor:
    """The floor that holds below a root file and its newest root's keys for the online roles."""
    if floor.anchor not in ("", anchor):
        return RepositoryFloor(anchor, keys)
    if floor.keys not in ("", keys):
        return RepositoryFloor(anchor, keys, floor.root)
    return replace(floor, anchor=anchor, keys=keys)


def raise_floor(floor: RepositoryFloor, seen: RepositoryFloor) -> RepositoryFloor:
    """The floor after `seen` was verified."""
    floor = find_applicable(floor, anchor=seen.anchor, keys=seen.keys)
    versions = dict(floor.versions)
    for role, version in seen.versions.items():
        versions[role] = max(version, versions.pop(role, 0))  # the last is the last that was seen
    kept = dict(list(versions.items())[-MOST_ROLES:])
    return RepositoryFloor(
        seen.anchor,
        seen.keys,
        max(floor.root, seen.root),
        kept,
        find_newest(floor.issued, seen.issued),
    )


def find_newest(*times: datetime | None) -> datetime | None:
    return max((one for one in times if one is not None), default=None)


def note_seen(ratchet: Ratchet, repository: str, seen: RepositoryFloor) -> Ratchet:
    raised = raise_floor(ratchet.get_floor(repository), seen)
    return replace(ratchet, repositories={**ratchet.repositories, repository: raised})


def note_commit(ratchet: Ratchet, manifest: ReleaseManifest, digest: str) -> Ratchet:
    """A release was committed: none below it is taken any more without a signed exception."""
    return replace(
        ratchet,
        sequence=max(ratchet.sequence, manifest.sequence),
        committed=digest,
        built=find_newest(ratchet.built, manifest.issued),
    )


def find_clock_floor(ratchet: Ratchet, built_at: datetime | None) -> datetime | None:
    """The time that it is at least: built, confirmed, or signed by those whom the unit trusts."""
    issued = [one.issued for one in ratchet.repositories.values()]
    return find_newest(built_at, ratchet.built, ratchet.clock, *issued)


# --- as a file -----------------------------------------------------------------------------------


def format_ratchet(ratchet: Ratchet) -> bytes:
    tree = {
        "format": 1,
        "sequence": ratchet.sequence,
        "committed": ratchet.committed,
        "built": format_time(ratchet.built),
        "clock": format_time(ratchet.clock),
        "repositories": {name: format_floor(one) for name, one in ratchet.repositories.items()},
    }
    return json.dumps(tree, indent=1).encode() + b"\n"


def format_floor(floor: RepositoryFloor) -> dict[str, Any]:
    return {
        "anchor": floor.anchor,
        "keys": floor.keys,
        "root": floor.root,
        "versions": dict(floor.versions),
        "issued": format_time(floor.issued),
    }


def format_time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def parse_ratchet(data: bytes) -> Ratchet:
    """Raises `InputError`."""
    try:
        tree = strict_json.parse_object(data, most_bytes=MOST_BYTES)
        return Ratchet(
            sequence=strict_json.require_whole_number(tree["sequence"], "sequence", 0, 2**53),
            committed=strict_json.require_text(tree["committed"], "committed", 64),
            built=parse_time(tree["built"]),
            clock=parse_time(tree["clock"]),
            repositories={name: parse_floor(one) for name, one in tree["repositories"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"no ratchet: {error}") from error


def parse_floor(tree: Any) -> RepositoryFloor:
    return RepositoryFloor(
        anchor=strict_json.require_text(tree["anchor"], "anchor", 64),
        keys=strict_json.require_text(tree["keys"], "keys", 64),
        root=strict_json.require_whole_number(tree["root"], "root", 0, MOST_VERSION),
        versions={
            role: strict_json.require_whole_number(version, role, 0, MOST_VERSION)
            for role, version in tree["versions"].items()
        },
        issued=parse_time(tree["issued"]),
    )


def parse_time(value: Any) -> datetime | None:
    """A time in UTC, None for none; raises `ValueError`."""
    return None if value is None else strict_json.require_time(value, "time")
