"""The directory that a release engineer works in: keys, the tree, what is built and what waits.

    with opened_fleet(directory, now, secrets, given_keys) as fleet: fleet.read_state("image")

Reads: fleet.json. Writes: two locks, of the directory and of builds; removes what a killed command
left half done.
Never: lets two commands change one fleet at the same time, or a build of hours keep the others out.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tuf.api.metadata import Metadata, Root

from appliance.store.file_locks import describe_holder, take_lock, try_lock
from ota.disk import Disk
from ota.files import PART, Files, remove_tree
from ota.release.errors import ReleaseError
from ota.release.keys.key_list import KeyList, read_key_list
from ota.release.keys.secrets_source import SecretsSource
from ota.release.keys.signers import SignerSource
from ota.release.metadata.reading import Repository, State, read_state
from ota.release.metadata.writing import Writer

BUILT = "releases"  # manifests of what was built; its lock is that of builds
# What a build writes, and nobody else; with its lock alone.
OF_BUILDS = ("*.work", "tree/new-*", "content/*.part")
# What no other command writes a part of: large, and files of layers may be called `*.part`.
NO_PARTS = ("content", "packs", "indexes")


@dataclass(frozen=True)
class Fleet:
    """`now`: UTC, the same for all that one command signs."""

    directory: Path
    files: Files
    now: datetime
    keys: KeyList
    signers: SignerSource

    @property
    def tree(self) -> Path:
        """What mirrors serve."""
        return self.directory / "tree"

    @property
    def staged(self) -> Path:
        """Roots that wait for signatures."""
        return self.directory / "staged"

    @property
    def content(self) -> Path:
        """What was packed, by hash: from it deltas to later releases are made."""
        return self.directory / "content"

    def manifest_path(self, release: str) -> Path:
        return self.directory / BUILT / release / "manifest.json"

    def find_repository(self, name: str) -> Repository:
        trust = self.directory / "trust" / f"{name}-root.json"
        return Repository(name, self.tree / name / "metadata", trust, self.files)

    def read_state(self, name: str) -> State:
        return read_state(self.find_repository(name))

    def make_writer(self, name: str, next_root: Metadata[Root] | None = None) -> Writer:
        return Writer(self.find_repository(name), self.signers, self.now, next_root)


@contextmanager
def opened_fleet(
    directory: Path,
    now: datetime,
    secrets: SecretsSource,
    given_keys: Sequence[str] = (),
    *,
    wait_s: float = 0.0,
) -> Iterator[Fleet]:
    """The fleet in `directory`, held until the end; where another command holds it, for `wait_s`
    real seconds it is waited for. Raises `ReleaseError`, `LockedError`, `OSError`.
    """
    files = Disk()
    read_key_list(files, directory)
    with locked(directory, wait_s=wait_s):
        remove_leftovers(files, directory)
        keys = read_key_list(files, directory)
        yield Fleet(directory, files, now, keys, SignerSource(keys, directory, secrets, given_keys))


@contextmanager
def opened_for_build(directory: Path) -> Iterator[None]:
    """One build at a time: it packs for hours beside all other commands, and holds the fleet only
    at its begin and its end. Raises `ReleaseError`, `OSError`.
    """
    files = Disk()
    read_key_list(files, directory)
    with locked(directory / BUILT):
        remove_halves_of_builds(files, directory)
        yield


@contextmanager
def locked(directory: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """One command at a time on a directory; the kernel ends the lock with the process."""
    handle = open_directory(directory)
    try:
        if not try_lock(handle):
            wait_for_lock(handle, directory, wait_s)
        yield
    finally:
        os.close(handle)


def open_directory(directory: Path) -> int:
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def wait_for_lock(handle: int, directory: Path, wait_s: float) -> None:
    """Raises `ReleaseError`, after `wait_s` `LockedError`."""
    said = f"{directory} is in use by {describe_holder(handle)}"
    if not wait_s:
        raise ReleaseError(f"{said}; wait until it is done, then give the command again")
    print(f"{said}; waits for it, {wait_s / 60:g} min at most", file=sys.stderr, flush=True)
    take_lock(handle, directory, wait_s)


def remove_leftovers(files: Files, directory: Path) -> None:
    """What a killed command was writing: never part of what is signed. What a build writes is left
    alone while one runs.
    """
    for folder, names, found in os.walk(directory):
        names[:] = [one for one in names if one not in NO_PARTS and not one.endswith(".work")]
        for name in found:
            if name.endswith(PART):
                files.remove(Path(folder, name))
    handle = open_directory(directory / BUILT)
    try:
        if try_lock(handle):
            remove_halves_of_builds(files, directory)
    finally:
        os.close(handle)


def remove_halves_of_builds(files: Files, directory: Path) -> None:
    for pattern in OF_BUILDS:
        for path in directory.glob(pattern):
            remove_tree(files, path)
