"""The directory that a release engineer works in: keys, the tree, what is built and what waits.

    with opened_fleet(directory, now, secrets, given_keys) as fleet: fleet.read_state("image")

Reads: fleet.json. Writes: the lock of the directory; removes what a killed command left half done.
Never: lets two commands change one fleet at the same time.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tuf.api.metadata import Metadata, Root

from appliance.store.file_locks import describe_holder, try_lock
from ota.disk import Disk
from ota.files import PART, Files, remove_tree
from ota.release.errors import ReleaseError
from ota.release.keys.key_list import KeyList, read_key_list
from ota.release.keys.secrets_source import SecretsSource
from ota.release.keys.signers import SignerSource
from ota.release.metadata.reading import Repository, State, read_state
from ota.release.metadata.writing import Writer


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
        return self.directory / "releases" / release / "manifest.json"

    def find_repository(self, name: str) -> Repository:
        trust = self.directory / "trust" / f"{name}-root.json"
        return Repository(name, self.tree / name / "metadata", trust, self.files)

    def read_state(self, name: str) -> State:
        return read_state(self.find_repository(name))

    def make_writer(self, name: str, next_root: Metadata[Root] | None = None) -> Writer:
        return Writer(self.find_repository(name), self.signers, self.now, next_root)


@contextmanager
def opened_fleet(
    directory: Path, now: datetime, secrets: SecretsSource, given_keys: Sequence[str] = ()
) -> Iterator[Fleet]:
    """The fleet in `directory`, held until the end. Raises `ReleaseError`, `OSError`."""
    files = Disk()
    keys = read_key_list(files, directory)
    with locked(directory):
        remove_leftovers(files, directory)
        keys = read_key_list(files, directory)
        yield Fleet(directory, files, now, keys, SignerSource(keys, directory, secrets, given_keys))


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """One command at a time on a directory; the kernel ends the lock with the process."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not try_lock(handle):
            raise ReleaseError(
                f"{directory} is in use by {describe_holder(handle)}; wait until it is done, then "
                "give the command again"
            )
        yield
    finally:
        os.close(handle)


def remove_leftovers(files: Files, directory: Path) -> None:
    """What a killed command was writing: never part of what is signed."""
    for path in directory.rglob(f"*{PART}"):
        if path.is_file():
            files.remove(path)
    for pattern in ("*.work", "tree/new-*", "content/*.part"):
        for path in directory.glob(pattern):
            remove_tree(files, path)
