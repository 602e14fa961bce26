"""`fleet init`: the keys and both repositories of a new fleet.

Reads: passphrases, tokens. Writes: the fleet's directory, whole or not at all.
Never: touches a directory that has something in it.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import Key
from tuf.api.metadata import Root, Snapshot, Targets, Timestamp

from ota.disk import Disk
from ota.files import Files
from ota.release.errors import ReleaseError
from ota.release.fleet import Fleet, locked
from ota.release.keys.key_file import make_key_file
from ota.release.keys.key_list import OFFLINE, ONLINE, KeyEntry, KeyList, write_key_list
from ota.release.keys.secrets_source import SecretsSource
from ota.release.keys.signers import SignerSource
from ota.release.keys.token_signer import read_public_key
from ota.release.keys.token_uri import parse_token_uri
from ota.release.metadata.creation import create_repository
from ota.release.metadata.reading import DIRECTOR, IMAGE

HOLDERS = {
    "root-1": "the first holder's token or stick, in a safe; never in a machine with a network",
    "root-2": "the second holder's, at another place",
    "root-3": "the third holder's, at a third place; two of the three sign a root",
    "targets-1": "the release engineer's token or stick; plugged in only to sign a release",
    "image-online-1": "this machine: it renews snapshot and timestamp by itself",
    "director-online-1": "this machine: it signs who gets which release",
}


@dataclass(frozen=True)
class StartPlan:
    """`tokens`: PKCS#11 URIs by key name. `locked`: keys whose files get a passphrase."""

    directory: Path
    bins: int
    now: datetime
    secrets: SecretsSource
    tokens: Mapping[str, str] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()


def start_fleet(plan: StartPlan) -> KeyList:
    """Raises `ReleaseError`, `OSError`."""
    if plan.directory.exists() and any(plan.directory.iterdir()):
        raise ReleaseError(
            f"{plan.directory} has something in it; name a directory that is new or empty"
        )
    plan.directory.parent.mkdir(parents=True, exist_ok=True)
    with locked(plan.directory.parent):
        part = plan.directory.with_name(f"{plan.directory.name}.part")
        shutil.rmtree(part, ignore_errors=True)  # of a command that was killed: signed for nobody
        part.mkdir()
        keys = fill(plan, part)
        part.replace(plan.directory)
        Disk().sync_directory(plan.directory.parent)
    return keys


def fill(plan: StartPlan, directory: Path) -> KeyList:
    files = Disk()
    keys = KeyList(make_key(plan, directory, name) for name in (*OFFLINE, *ONLINE))
    if len({one.public.keyid for one in keys.entries.values()}) < len(keys.entries):
        raise ReleaseError("two of the keys are the same one; give each role a key of its own")
    write_key_list(files, directory, keys)
    signers = SignerSource(keys, directory, plan.secrets)
    make_directories(files, directory)
    create_both(Fleet(directory, files, plan.now, keys, signers), plan.bins)
    return keys


def make_directories(files: Files, directory: Path) -> None:
    for name in ("trust", "releases", "tree/image/metadata", "tree/director/metadata"):
        files.make_directory(directory / name)


def make_key(plan: StartPlan, directory: Path, name: str) -> KeyEntry:
    if uri := plan.tokens.get(name):
        return KeyEntry(name, uri, read_public_key(parse_token_uri(uri)))
    passphrase = plan.secrets.find(name, "passphrase") if name in plan.locked else ""
    place = f"keys/{name}.pem"
    return KeyEntry(name, place, make_key_file(directory / place, passphrase))


def create_both(fleet: Fleet, bins: int) -> None:
    roots = [fleet.keys.find(f"root-{number}").public for number in (1, 2, 3)]
    image, director = (fleet.keys.find(name).public for name in ONLINE)
    offline = fleet.keys.find("targets-1").public
    for name, targets, online, count in (
        (IMAGE, offline, image, 0),
        (DIRECTOR, director, director, bins),
    ):
        roles = list_roles(roots, targets, online)
        create_repository(fleet.find_repository(name), roles, fleet.signers, fleet.now, bins=count)


def list_roles(roots: list[Key], targets: Key, online: Key) -> dict[str, list[Key]]:
    return {
        Root.type: roots,
        Targets.type: [targets],
        Snapshot.type: [online],
        Timestamp.type: [online],
    }
