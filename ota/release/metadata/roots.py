"""A new root: drafted by one, signed by its holders one after the other, then put in place.

    draft = draft_root(state.root, now); replace_key(draft, keyid, key)
    sign_root(draft, state.root, signers)       # each holder, wherever the draft is carried
    put_root(writer, state, draft)              # once enough have signed

Reads and writes: drafts in staged/, metadata below tree/.
Never: puts a root in place before all else is signed so that it holds under it.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Root, TargetFile, Targets

from ota.files import Files, replace
from ota.release.errors import ReleaseError
from ota.release.keys.signers import SignerSource
from ota.release.metadata.bins import renew_listings
from ota.release.metadata.reading import (
    DIRECTOR,
    Repository,
    State,
    is_root_signed,
    read_metadata,
    read_newest_targets,
)
from ota.release.metadata.writing import Writer, raise_version
from ota.release.periods import Kind, find_expiry


def draft_root(root: Metadata[Root], now: datetime) -> Metadata[Root]:
    """The next root: the same keys, a new expiry date, no signature yet."""
    return raise_version(root, find_expiry(Kind.ROOT, now))


def uses_key(root: Metadata[Root], keyid: str) -> bool:
    return any(keyid in role.keyids for role in root.signed.roles.values())


def replace_key(draft: Metadata[Root], keyid: str, key: Key) -> None:
    """The new key takes the place of the old one in each role that has it."""
    for name, role in draft.signed.roles.items():
        if keyid in role.keyids:
            draft.signed.revoke_key(keyid, name)
            draft.signed.add_key(key, name)


def sign_root(draft: Metadata[Root], previous: Metadata[Root], signers: SignerSource) -> list[str]:
    """Add the signatures of those holders whose keys are here; returns the ids of their keys."""
    wanted = dict.fromkeys(
        keyid for root in (previous, draft) for keyid in root.signed.roles[Root.type].keyids
    )
    found = signers.find_all(keyid for keyid in wanted if keyid not in draft.signatures)
    for signer in found:
        signature = signer.sign(draft.signed_bytes)
        draft.signatures[signature.keyid] = signature
    return [signer.public_key.keyid for signer in found]


def describe_missing(draft: Metadata[Root], previous: Metadata[Root], signers: SignerSource) -> str:
    """Whose signatures are still to come, for people."""
    both = draft.signed.get_root_verification_result(
        previous.signed, draft.signed_bytes, draft.signatures
    )
    parts = [
        f"{result.threshold - len(result.signed)} of "
        + ", ".join(signers.keys.name_of(keyid) for keyid in result.unsigned)
        for result in (both.first, both.second)
        if not result.verified
    ]
    return " and ".join(dict.fromkeys(parts))


def find_draft(staged: Path, repository: Repository) -> Path:
    return staged / f"{repository.name}.root.json"


def keep_draft(files: Files, path: Path, draft: Metadata[Root]) -> None:
    files.make_directory(path.parent)
    replace(files, path, draft.to_bytes())


def read_draft(files: Files, path: Path, state: State) -> Metadata[Root] | None:
    """A draft that waits for signatures; one that was put in place meanwhile is removed."""
    if files.measure(path) is None:
        return None
    draft = read_metadata(files, path, Root)
    if draft.signed.version > state.root.signed.version:
        return draft
    files.remove(path)
    return None


def put_root(writer: Writer, state: State, targets_to_keep: Sequence[str] | None = None) -> None:
    """Sign all that the writer's next root asks for, and put that root in place.

    `targets_to_keep`: None: all targets are kept. With the old keys at hand a cut at any moment
    leaves a tree that holds; without them it holds again when the command has been repeated.
    """
    draft = writer.next_root
    assert draft is not None
    if not is_root_signed(state.root, draft):
        raise ReleaseError("the root is not signed by enough keys yet")
    roles = find_changed_roles(state.root, draft)
    root_first = not all(has_enough_keys(writer, state.root, role) for role in roles)
    if root_first:
        writer.put(Root.type, draft)
    if roles:
        writer.commit(state, sign_targets(writer, state, targets_to_keep))
    if not root_first:
        writer.put(Root.type, draft)


def has_enough_keys(writer: Writer, root: Metadata[Root], role: str) -> bool:
    found = writer.signers.find_all(root.signed.roles[role].keyids)
    return len(found) >= root.signed.roles[role].threshold


def find_changed_roles(root: Metadata[Root], draft: Metadata[Root]) -> list[str]:
    """The roles below the root whose keys change."""
    roles = root.signed.roles.items()
    return [
        name
        for name, role in roles
        if name != Root.type and role.keyids != draft.signed.roles[name].keyids
    ]


def sign_targets(
    writer: Writer, state: State, targets_to_keep: Sequence[str] | None
) -> dict[str, Metadata[Targets]]:
    assert writer.next_root is not None
    old, new = (one.signed.roles[Targets.type].keyids for one in (state.root, writer.next_root))
    if old == new:
        return {}
    if state.repository.name == DIRECTOR:
        return renew_listings(writer, state, everything=True)
    return {Targets.type: renew_image_targets(writer, state, targets_to_keep)}


def renew_image_targets(
    writer: Writer, state: State, targets_to_keep: Sequence[str] | None = None
) -> Metadata[Targets]:
    """The releases, signed anew with the offline targets key; of those that are kept after a theft
    without what the thief may have permitted besides.
    """
    newest = read_newest_targets(state)
    targets = raise_version(newest, find_expiry(Kind.TARGETS, writer.now))
    if targets_to_keep is not None:
        kept = [targets.signed.targets[path] for path in targets_to_keep]
        bare = {one.path: TargetFile(one.length, one.hashes, one.path) for one in kept}
        targets.signed.targets = bare
    writer.sign(targets, Targets.type, state.root)
    return targets
