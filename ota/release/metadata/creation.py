"""The first metadata of both repositories.

Reads: nothing. Writes: metadata below tree/, and the two roots of trust.
Never: signs a root for both: the director's versions begin at a million, so that no root of one
repository follows on one of the other, though the same people sign both.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from securesystemslib.signer import Key
from tuf.api.metadata import (
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    Targets,
    Timestamp,
)

from ota.files import replace
from ota.release.keys.signers import SignerSource
from ota.release.metadata.reading import DIRECTOR, IMAGE, Repository, State
from ota.release.metadata.writing import Writer
from ota.release.periods import Kind, find_expiry

FIRST_ROOT = {IMAGE: 1, DIRECTOR: 1_000_001}
ROOT_THRESHOLD = 2
BINS = "bins"  # starts the name of each of the director's bins


def create_repository(
    repository: Repository,
    role_keys: Mapping[str, Sequence[Key]],
    signers: SignerSource,
    now: datetime,
    *,
    bins: int = 0,
) -> None:
    """`role_keys`: of each top-level role. `bins`: how many the director has, a power of two."""
    writer = Writer(repository, signers, now)
    root = make_root(role_keys, FIRST_ROOT[repository.name], find_expiry(Kind.ROOT, now))
    writer.sign(root, Root.type, root)
    replace(repository.files, repository.trust, root.to_bytes())
    writer.put(Root.type, root)
    kind = Kind.LISTING if bins else Kind.TARGETS
    targets = Metadata(Targets(version=1, expires=find_expiry(kind, now)))
    changed = {Targets.type: targets}
    if bins:
        targets.signed.delegations = delegate(role_keys[Targets.type][0], bins)
        changed |= make_bins(writer, targets, now)
    writer.sign(targets, Targets.type, root)
    writer.commit(make_blank_state(repository, root, targets, now), changed)


def make_root(
    role_keys: Mapping[str, Sequence[Key]], version: int, expires: datetime
) -> Metadata[Root]:
    root = Root(version=version, expires=expires, consistent_snapshot=True)
    for role, keys in role_keys.items():
        for key in keys:
            root.add_key(key, role)
    root.roles[Root.type].threshold = ROOT_THRESHOLD
    return Metadata(root)


def delegate(key: Key, bins: int) -> Delegations:
    roles = SuccinctRoles([key.keyid], 1, bins.bit_length() - 1, BINS)
    return Delegations({key.keyid: key}, succinct_roles=roles)


def make_bins(
    writer: Writer, targets: Metadata[Targets], now: datetime
) -> dict[str, Metadata[Targets]]:
    delegations = targets.signed.delegations
    assert delegations is not None
    assert delegations.succinct_roles is not None
    found = {}
    for role in delegations.succinct_roles.get_roles():
        found[role] = Metadata(Targets(version=1, expires=find_expiry(Kind.LISTING, now)))
        keyids = delegations.succinct_roles.keyids
        writer.sign_with(found[role], keyids, needed=keyids, threshold=1, role=role)
    return found


def make_blank_state(
    repository: Repository, root: Metadata[Root], targets: Metadata[Targets], now: datetime
) -> State:
    """What the first commit starts from: its versions are raised to 1."""
    snapshot = Metadata(Snapshot(version=1, expires=now, meta={}))
    timestamp = Metadata(Timestamp(version=1, expires=now, snapshot_meta=MetaFile(1)))
    snapshot.signed.version = timestamp.signed.version = 0
    return State(repository, (root,), timestamp, snapshot, targets)
