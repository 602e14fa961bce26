"""New metadata: what names a file is written after it, and the timestamp ends each change.

    writer = Writer(repository, signers, now)
    writer.commit(state, {"targets": targets})      # targets, then snapshot, then timestamp.json

Reads: nothing. Writes: the metadata of one repository.
Never: changes a file that a timestamp has named: what is new has a new version.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from ota.files import replace
from ota.release.errors import ReleaseError
from ota.release.keys.signers import SignerSource
from ota.release.metadata.reading import Repository, State
from ota.release.periods import Kind, find_expiry

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


@dataclass(frozen=True)
class Writer:
    """`next_root`: a root that is about to be put in place: all is signed so that it holds under
    the old root and under that one. `now`: UTC.
    """

    repository: Repository
    signers: SignerSource
    now: datetime
    next_root: Metadata[Root] | None = None

    def commit(self, state: State, changed: Mapping[str, Metadata[Targets]]) -> State:
        """Put changed targets and bins, already signed, in place; returns what holds then."""
        for role, one in changed.items():
            self.put(role, one)
        snapshot = raise_version(state.snapshot, find_expiry(Kind.LISTING, self.now))
        for role, one in changed.items():
            snapshot.signed.meta[f"{role}.json"] = MetaFile(version=one.signed.version)
        self.sign(snapshot, Snapshot.type, state.root)
        self.put(Snapshot.type, snapshot)
        timestamp = self.put_timestamp(state, snapshot)
        targets = changed.get(Targets.type, state.targets)
        return State(self.repository, state.roots, timestamp, snapshot, targets)

    def put_timestamp(self, state: State, snapshot: Metadata[Snapshot]) -> Metadata[Timestamp]:
        timestamp = self.make_timestamp(state, snapshot, find_expiry(Kind.TIMESTAMP, self.now))
        replace(self.repository.files, self.repository.timestamp_path, timestamp.to_bytes())
        return timestamp

    def make_timestamp(
        self,
        state: State,
        snapshot: Metadata[Snapshot],
        expires: datetime,
        *,
        versions: int = 1,
        offline: bool = False,
    ) -> Metadata[Timestamp]:
        """Signed, not yet written. `issued` in it is the time below which no unit's clock falls."""
        timestamp = raise_version(state.timestamp, expires, versions)
        if snapshot is not state.snapshot:
            timestamp.signed.snapshot_meta = describe_file(snapshot)
        timestamp.signed.unrecognized_fields = {"issued": format_time(self.now)}
        if offline:
            timestamp.signed.unrecognized_fields["offline"] = True
        self.sign(timestamp, Timestamp.type, state.root)
        return timestamp

    def put(self, role: str, one: Metadata[T]) -> None:
        path = self.repository.path(role, one.signed.version)
        replace(self.repository.files, path, one.to_bytes())

    def sign(self, one: Metadata[T], role: str, root: Metadata[Root]) -> None:
        """With the keys that the roots name for the role; enough for the one to come."""
        last: Metadata[Root] = self.next_root or root
        keyids = [*root.signed.roles[role].keyids, *last.signed.roles[role].keyids]
        needed = last.signed.roles[role]
        self.sign_with(one, keyids, needed=needed.keyids, threshold=needed.threshold, role=role)

    def sign_with(
        self,
        one: Metadata[T],
        keyids: Sequence[str],
        *,
        needed: Sequence[str],
        threshold: int,
        role: str,
    ) -> None:
        found = self.signers.find_all(dict.fromkeys(keyids))
        have = {signer.public_key.keyid for signer in found}
        if len(have & set(needed)) < threshold:
            missing = [self.signers.keys.name_of(keyid) for keyid in needed if keyid not in have]
            given = ", ".join(self.signers.given_names)
            raise ReleaseError(
                f"{role} of the {self.repository.name} repository needs {threshold} of its keys to "
                f"sign; not here: {', '.join(missing)}; name where the key is with --key"
                + (f" (given was {given})" if given else "")
            )
        one.signatures.clear()
        for signer in found:
            signature = signer.sign(one.signed_bytes)
            one.signatures[signature.keyid] = signature


def raise_version(one: Metadata[T], expires: datetime, versions: int = 1) -> Metadata[T]:
    """A copy, not signed yet, with a later version."""
    new = Metadata(deepcopy(one.signed))
    new.signed.version += versions
    new.signed.expires = expires
    return new


def describe_file(snapshot: Metadata[Snapshot]) -> MetaFile:
    return MetaFile.from_data(snapshot.signed.version, snapshot.to_bytes(), ["sha256"])


def format_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
