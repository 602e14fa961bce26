"""`fleet keys rotate`, `revoke`, `sign` and `fleet renew root`: the next roots.

Reads: both repositories, drafts, keys. Writes: drafts in staged/, and what a new root asks for.
Never: lets a stolen targets key's releases through: only what was built here is signed anew.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tuf.api.metadata import Metadata, Root, TargetFile

from ota.release.errors import ReleaseError
from ota.release.fleet import Fleet
from ota.release.keys.key_file import make_key_file
from ota.release.keys.key_list import KeyEntry, is_online, split_number, write_key_list
from ota.release.keys.token_signer import read_public_key
from ota.release.keys.token_uri import parse_token_uri
from ota.release.metadata.reading import (
    IMAGE,
    REPOSITORIES,
    State,
    is_root_signed,
    read_newest_targets,
)
from ota.release.metadata.roots import (
    describe_missing,
    draft_root,
    find_changed_roles,
    find_draft,
    keep_draft,
    put_root,
    read_draft,
    replace_key,
    sign_root,
    uses_key,
)
from ota.release.releases.known import is_same_file, release_of


def change_key(fleet: Fleet, name: str, *, token: str, passphrase: str) -> list[str]:
    """A new key takes the place of `name` in each role that has it; what happened, in sentences.

    `token`: a PKCS#11 URI of the new key; without it a file is made.
    """
    old = fleet.keys.find(name)
    states = [fleet.read_state(one) for one in REPOSITORIES]
    users = [state for state in states if uses_key(state.root, old.public.keyid)]
    if not users:
        raise ReleaseError(f"{name} has no role any more; `fleet keys list` shows who has one")
    refuse_waiting(fleet, users)
    new = find_begun(fleet, name, states, users) or add_key(
        fleet, name, token=token, passphrase=passphrase
    )
    for state in users:
        draft = draft_root(state.root, fleet.now)
        replace_key(draft, old.public.keyid, new.public)
        keep_draft(fleet.files, find_draft(fleet.staged, state.repository), draft)
    lock = "" if token or passphrase or is_online(name) else " (its file has no passphrase)"
    said = f"{new.name} takes the place of {name}; keep it at {new.place}{lock}"
    return [said, *sign_drafts(fleet)]


def find_begun(
    fleet: Fleet, name: str, states: Sequence[State], users: Sequence[State]
) -> KeyEntry | None:
    """The new key that one repository has already, where a kill came before the other had it."""
    stem = split_number(name)[0]
    done = [state for state in states if state not in users]
    for entry in fleet.keys.entries.values():
        has = [one for one in states if uses_key(one.root, entry.public.keyid)]
        if split_number(entry.name)[0] == stem and has and has == done:
            return entry
    return None


def add_key(fleet: Fleet, name: str, *, token: str, passphrase: str) -> KeyEntry:
    new_name = fleet.keys.find_next_name(name)
    if token:
        entry = KeyEntry(new_name, token, read_public_key(parse_token_uri(token)))
    else:
        place = f"keys/{new_name}.pem"
        (fleet.directory / place).unlink(missing_ok=True)  # of a command that was killed
        entry = KeyEntry(new_name, place, make_key_file(fleet.directory / place, passphrase))
    fleet.keys.add(entry)
    write_key_list(fleet.files, fleet.directory, fleet.keys)
    return entry


def refuse_waiting(fleet: Fleet, states: Iterable[State]) -> None:
    for state in states:
        path = find_draft(fleet.staged, state.repository)
        if read_draft(fleet.files, path, state):
            raise ReleaseError(
                f"{path} waits for signatures of an earlier change: sign it with `fleet keys "
                "sign`, or remove it"
            )


def renew_root(fleet: Fleet) -> list[str]:
    """Both roots hold for two more years, with the same keys."""
    states = [fleet.read_state(one) for one in REPOSITORIES]
    refuse_waiting(fleet, states)
    for state in states:
        draft = draft_root(state.root, fleet.now)
        keep_draft(fleet.files, find_draft(fleet.staged, state.repository), draft)
    return sign_drafts(fleet)


def sign_drafts(fleet: Fleet) -> list[str]:
    """Add the signatures of the keys that are here, and put in place what is whole."""
    said = []
    for name in REPOSITORIES:
        state = fleet.read_state(name)
        path = find_draft(fleet.staged, state.repository)
        draft = read_draft(fleet.files, path, state)
        if draft:
            said += sign_draft(fleet, state, draft, path)
    return said


def sign_draft(fleet: Fleet, state: State, draft: Metadata[Root], path: Path) -> list[str]:
    signed = sign_root(draft, state.root, fleet.signers)
    keep_draft(fleet.files, path, draft)
    title = f"root {draft.signed.version} of the {state.repository.name} repository"
    names = ", ".join(map(fleet.signers.keys.name_of, signed)) or "nobody"
    if not is_root_signed(state.root, draft):
        missing = describe_missing(draft, state.root, fleet.signers)
        return [f"{title}: signed now by {names}; it waits for {missing}: carry {path} to them"]
    dropped = put_draft(fleet, state, draft)
    fleet.files.remove(path)
    return [f"{title}: signed by {names}; it holds from now on: publish it", *dropped]


def put_draft(fleet: Fleet, state: State, draft: Metadata[Root]) -> list[str]:
    """Put a signed root in place; says which releases a new targets key did not sign."""
    writer = fleet.make_writer(state.repository.name, draft)
    if state.repository.name != IMAGE or "targets" not in find_changed_roles(state.root, draft):
        put_root(writer, state)
        return []
    built, all_of_them = list_built(fleet, state), read_newest_targets(state).signed.targets
    put_root(writer, state, built)
    return [
        f"{release_of(path)} is no release any more: it was not built in this directory, so the "
        "thief of a key may have signed it"
        for path in all_of_them
        if path not in built
    ]


def list_built(fleet: Fleet, state: State) -> list[str]:
    """The signed targets that are byte for byte what was built in this directory."""
    found = []
    for path, target in read_newest_targets(state).signed.targets.items():
        place = fleet.manifest_path(release_of(path))
        data = place.read_bytes() if place.is_file() else b""
        if is_same_file(target, TargetFile.from_data(path, data, ["sha256"])):
            found.append(path)
    return found
