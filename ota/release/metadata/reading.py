"""What a repository says now: from the root of trust to the targets, each signature checked.

Reads: the metadata of one repository, and its root of trust. Writes: nothing.
Never: looks at expiry dates: whoever renews must be able to read what has expired.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from ota.files import Files
from ota.release.errors import ReleaseError

MOST_BYTES = 16 * 1024 * 1024
IMAGE, DIRECTOR = "image", "director"
REPOSITORIES = (IMAGE, DIRECTOR)
T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


@dataclass(frozen=True, slots=True)
class Repository:
    """`directory`: where its metadata is; `trust`: the root of trust that units start from."""

    name: str
    directory: Path
    trust: Path
    files: Files

    def path(self, role: str, version: int) -> Path:
        return self.directory / f"{version}.{role}.json"

    @property
    def timestamp_path(self) -> Path:
        return self.directory / "timestamp.json"


@dataclass(frozen=True, slots=True)
class State:
    """`roots`: the chain from the root of trust to the newest."""

    repository: Repository
    roots: tuple[Metadata[Root], ...]
    timestamp: Metadata[Timestamp]
    snapshot: Metadata[Snapshot]
    targets: Metadata[Targets]

    @property
    def root(self) -> Metadata[Root]:
        return self.roots[-1]


def read_metadata(files: Files, path: Path, kind: type[T]) -> Metadata[T]:
    """One file, not yet verified. Raises `ReleaseError`, `OSError`."""
    data = files.read(path, most_bytes=MOST_BYTES)
    try:
        found = Metadata[T].from_bytes(data)
    except DeserializationError as error:
        raise ReleaseError(f"{path} is no TUF metadata ({error}); {TAKE_COPY}") from error
    if not isinstance(found.signed, kind):
        raise ReleaseError(
            f"{path} is of the role {found.signed.type}, not {kind.type}; {TAKE_COPY}"
        )
    return found


TAKE_COPY = "take the tree from its copy, and find out who changed it"


def read_roots(repository: Repository) -> tuple[Metadata[Root], ...]:
    """The chain of roots, each signed by the one before and by itself."""
    chain = [read_metadata(repository.files, repository.trust, Root)]
    while True:
        path = repository.path(Root.type, chain[-1].signed.version + 1)
        if repository.files.measure(path) is None:
            return tuple(chain)
        chain.append(read_metadata(repository.files, path, Root))
        if not is_root_signed(chain[-2], chain[-1]):
            raise ReleaseError(f"{path} is not signed by enough keys of the root; {TAKE_COPY}")


def is_root_signed(previous: Metadata[Root], root: Metadata[Root]) -> bool:
    """Whether enough keys of both have signed it."""
    if root.signed.version != previous.signed.version + 1:
        return False
    return bool(
        root.signed.get_root_verification_result(
            previous.signed, root.signed_bytes, root.signatures
        )
    )


def is_signed(root: Metadata[Root], role: str, one: Metadata[T]) -> bool:
    """Whether enough keys that `root` names for the role have signed it."""
    return bool(root.signed.get_verification_result(role, one.signed_bytes, one.signatures))


def check_signed(
    roots: tuple[Metadata[Root], ...], role: str, one: Metadata[T], path: Path
) -> None:
    """By the newest root, or by the one before: a change of keys may have been cut off."""
    if not any(is_signed(root, role, one) for root in roots[-2:]):
        raise ReleaseError(f"{path} is not signed by the {role} key; {TAKE_COPY}")


def read_state(repository: Repository) -> State:
    """Raises `ReleaseError` where a signature, a version or a hash is not as it must be."""
    roots = read_roots(repository)
    at = repository.timestamp_path
    timestamp = read_metadata(repository.files, at, Timestamp)
    check_signed(roots, Timestamp.type, timestamp, at)
    snapshot = read_snapshot(repository, roots, timestamp)
    version = snapshot.signed.meta["targets.json"].version
    return State(repository, roots, timestamp, snapshot, read_targets(repository, roots, version))


def read_snapshot(
    repository: Repository, roots: tuple[Metadata[Root], ...], timestamp: Metadata[Timestamp]
) -> Metadata[Snapshot]:
    named = timestamp.signed.snapshot_meta
    path = repository.path(Snapshot.type, named.version)
    try:
        named.verify_length_and_hashes(repository.files.read(path, most_bytes=MOST_BYTES))
    except RepositoryError as error:
        raise ReleaseError(f"{path} is not the file that was signed; {TAKE_COPY}") from error
    snapshot = read_metadata(repository.files, path, Snapshot)
    check_signed(roots, Snapshot.type, snapshot, path)
    return snapshot


def read_targets(
    repository: Repository, roots: tuple[Metadata[Root], ...], version: int
) -> Metadata[Targets]:
    path = repository.path(Targets.type, version)
    targets = read_metadata(repository.files, path, Targets)
    check_signed(roots, Targets.type, targets, path)
    if targets.signed.version != version:
        raise ReleaseError(f"{path} holds version {targets.signed.version}; {TAKE_COPY}")
    return targets


def read_newest_targets(state: State) -> Metadata[Targets]:
    """The targets that were signed last, published or not."""
    newest = state.targets
    while True:
        version = newest.signed.version + 1
        if state.repository.files.measure(state.repository.path(Targets.type, version)) is None:
            return newest
        newest = read_targets(state.repository, state.roots, version)


def read_bin(state: State, role: str) -> Metadata[Targets]:
    """One of the director's bins, signed by the key that its targets name."""
    version = state.snapshot.signed.meta[f"{role}.json"].version
    path = state.repository.path(role, version)
    found = read_metadata(state.repository.files, path, Targets)
    result = state.targets.signed.get_verification_result(
        role, found.signed_bytes, found.signatures
    )
    if not result or found.signed.version != version:
        raise ReleaseError(f"{path} is not signed by the key of the bins; {TAKE_COPY}")
    return found
