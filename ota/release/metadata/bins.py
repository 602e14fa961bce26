"""The director's entries: which release which unit or group is to have, each in its bin.

    entry = read_entries(state)["units/field-7"]
    change_entries(writer, state, {"units/field-7": target})

Reads and writes: the metadata of the director.
Never: decides who gets what; the commands do.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from tuf.api.metadata import Metadata, Root, SuccinctRoles, TargetFile, Targets

from ota.release.errors import ReleaseError
from ota.release.metadata.reading import State, read_bin
from ota.release.metadata.writing import Writer, raise_version
from ota.release.periods import Kind, find_expiry, is_due

MOST_ENTRY_BYTES = 4_000_000  # of one bin's file; a reader of TUF takes 5 MB


def find_bins(targets: Metadata[Targets]) -> SuccinctRoles:
    delegations = targets.signed.delegations
    if delegations is None or delegations.succinct_roles is None:
        raise ReleaseError("the director's targets have no bins; take the tree from its copy")
    return delegations.succinct_roles


def read_bins(state: State) -> dict[str, Metadata[Targets]]:
    return {role: read_bin(state, role) for role in find_bins(state.targets).get_roles()}


def read_entries(state: State) -> dict[str, TargetFile]:
    """All that is assigned, by the path of unit or group."""
    bins = read_bins(state).values()
    return {path: entry for one in bins for path, entry in one.signed.targets.items()}


def change_entries(writer: Writer, state: State, changes: Mapping[str, TargetFile | None]) -> State:
    """Put entries, or take away those that are None: all of them with one timestamp."""
    names = find_bins(state.targets)
    changed: dict[str, Metadata[Targets]] = {}
    for path, entry in changes.items():
        role = names.get_role_for_target(path)
        if role not in changed:
            changed[role] = raise_listing(read_bin(state, role), writer.now)
        changed[role].signed.targets.pop(path, None)
        if entry:
            changed[role].signed.targets[path] = entry
    for role, one in changed.items():
        sign_bin(writer, role, one, names.keyids)
        refuse_large(role, one)
    return writer.commit(state, changed)


def raise_listing(one: Metadata[Targets], now: datetime) -> Metadata[Targets]:
    return raise_version(one, find_expiry(Kind.LISTING, now))


def sign_bin(writer: Writer, role: str, one: Metadata[Targets], keyids: list[str]) -> None:
    writer.sign_with(one, keyids, needed=keyids, threshold=1, role=role)


def refuse_large(role: str, one: Metadata[Targets]) -> None:
    if len(one.to_bytes()) > MOST_ENTRY_BYTES:
        raise ReleaseError(
            f"{role} of the director would have more than {MOST_ENTRY_BYTES} bytes, which units do "
            "not read; the fleet needs more bins (`fleet renew --bins N`)"
        )


def renew_listings(
    writer: Writer, state: State, *, everything: bool, bins: int = 0
) -> dict[str, Metadata[Targets]]:
    """The director's targets and bins, signed anew: those that are due, or all of them.

    With the writer's next root its key takes over. `bins`: another number of bins, 0: as it is.
    """
    root = writer.next_root or state.root
    found: dict[str, Metadata[Targets]] = {}
    if everything or is_due(Kind.LISTING, state.targets.signed.expires, writer.now):
        found[Targets.type] = renew_targets(writer, state, root, bins)
    names = find_bins(found.get(Targets.type, state.targets))
    old = read_bins(state)
    new = spread(old.values(), names, writer.now) if bins else old
    for role, one in new.items():
        if everything or is_due(Kind.LISTING, one.signed.expires, writer.now):
            found[role] = raise_listing(one, writer.now)
            sign_bin(writer, role, found[role], names.keyids)
    return found


def renew_targets(
    writer: Writer, state: State, root: Metadata[Root], bins: int
) -> Metadata[Targets]:
    targets = raise_listing(state.targets, writer.now)
    delegations = targets.signed.delegations
    assert delegations is not None
    keyids = root.signed.roles[Targets.type].keyids
    delegations.keys = {keyid: root.signed.get_key(keyid) for keyid in keyids}
    old = find_bins(targets)
    bits = bins.bit_length() - 1 if bins else old.bit_length
    delegations.succinct_roles = SuccinctRoles(list(keyids), 1, bits, old.name_prefix)
    writer.sign(targets, Targets.type, state.root)
    return targets


def spread(
    old: Iterable[Metadata[Targets]], names: SuccinctRoles, now: datetime
) -> dict[str, Metadata[Targets]]:
    """The same entries in another number of bins. Versions go on above all old ones."""
    bins = list(old)
    version = max(one.signed.version for one in bins)
    found = {role: Metadata(Targets(version, expires=now)) for role in names.get_roles()}
    for one in bins:
        for path, entry in one.signed.targets.items():
            found[names.get_role_for_target(path)].signed.targets[path] = entry
    return found
