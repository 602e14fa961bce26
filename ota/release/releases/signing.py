"""`fleet release sign` and `publish`: a built release becomes a signed target, then published.

Reads: releases/NAME, packs and indexes. Writes: targets of the image repository, its snapshot and
timestamp.
Never: signs a release of which a pack is missing or damaged, or one whose sequence does not rise.
"""

import hashlib
from pathlib import Path

from tuf.api.metadata import Metadata, TargetFile, Targets

from ota.files import replace
from ota.manifest import MOST_BYTES, PERMISSION, ReleaseManifest, parse_manifest
from ota.release.errors import ReleaseError
from ota.release.fleet import Fleet
from ota.release.metadata.reading import DIRECTOR, IMAGE, State, read_newest_targets
from ota.release.metadata.writing import raise_version
from ota.release.periods import Kind, find_expiry
from ota.release.releases.assignments import find_assigned
from ota.release.releases.known import (
    find_target_file,
    is_same_file,
    read_releases,
    release_of,
    target_path,
)


def sign_release(fleet: Fleet, release: str, *, allow_downgrade: bool = False) -> str:
    """Returns what was done, in a sentence. Signed again it changes nothing, but for the permission
    that newer units may be sent back to it: the director's key alone must not do that.
    """
    manifest, target, data = read_unsigned(fleet, release)
    if allow_downgrade:
        target.unrecognized_fields["custom"] = {PERMISSION: True}
    check_payloads(fleet.tree, manifest)
    state = fleet.read_state(IMAGE)
    newest = read_newest_targets(state)
    if newest.signed.targets.get(target.path) == target:
        return f"{release} is signed already"
    if not is_same_file(newest.signed.targets.get(target.path), target):
        refuse_name_or_sequence(fleet, manifest, newest.signed)
    put_target_file(fleet, target, data)
    targets = raise_version(newest, find_expiry(Kind.TARGETS, fleet.now))
    targets.signed.targets[target.path] = target
    sign_targets(fleet, state, targets)
    return (
        f"{release} is signed (targets {targets.signed.version}), its manifest has the SHA-256 "
        f"{target.hashes['sha256']}; units see it after publish"
    )


def withdraw_release(fleet: Fleet, release: str) -> str:
    """Take a release out of the targets: no director can choose it then."""
    state = fleet.read_state(IMAGE)
    newest = read_newest_targets(state)
    if target_path(release) not in newest.signed.targets:
        refuse_unknown(fleet, release, newest.signed)
        return f"{release} is not signed, or was withdrawn already"
    targets = raise_version(newest, find_expiry(Kind.TARGETS, fleet.now))
    del targets.signed.targets[target_path(release)]
    sign_targets(fleet, state, targets)
    return f"{release} is withdrawn; units see it after publish"


def refuse_unknown(fleet: Fleet, release: str, signed: Targets) -> None:
    """A name that was never built: whoever mistypes it must not believe that it is withdrawn."""
    if fleet.files.measure(fleet.manifest_path(release)) is None:
        known = ", ".join(map(release_of, signed.targets)) or "none"
        raise ReleaseError(f"there is no release {release}; signed are: {known}")


def refuse_dangling(fleet: Fleet, targets: Targets) -> None:
    """The director must not name a release that is withdrawn."""
    for release, whom in find_assigned(fleet.read_state(DIRECTOR)).items():
        if target_path(release) not in targets.targets:
            raise ReleaseError(
                f"{release} is withdrawn and still assigned to {', '.join(whom[:5])}; `fleet "
                "unassign` them (`fleet rollout remove` a rollout), or assign another release, "
                "first"
            )


def sign_targets(fleet: Fleet, state: State, targets: Metadata[Targets]) -> None:
    writer = fleet.make_writer(IMAGE)
    writer.sign(targets, Targets.type, state.root)
    writer.put(Targets.type, targets)


def read_unsigned(fleet: Fleet, release: str) -> tuple[ReleaseManifest, TargetFile, bytes]:
    """The manifest as it was built, its target, and the bytes that both were made of."""
    path = fleet.manifest_path(release)
    try:
        data = fleet.files.read(path, most_bytes=MOST_BYTES)
    except FileNotFoundError:
        raise ReleaseError(f"{release} is not built; build it with `fleet release build`") from None
    manifest = parse_manifest(data)
    if manifest.release != release:
        raise ReleaseError(f"{path} is the manifest of {manifest.release}: build {release} again")
    return manifest, TargetFile.from_data(target_path(release), data, ["sha256"]), data


def refuse_name_or_sequence(fleet: Fleet, manifest: ReleaseManifest, signed: Targets) -> None:
    if target_path(manifest.release) in signed.targets:
        raise ReleaseError(
            f"another release {manifest.release} is signed already; units know a release by its "
            "name: build this one under a new name"
        )
    known = read_releases(fleet, signed).values()
    highest = max(known, key=lambda one: one.sequence, default=None)
    if highest and manifest.sequence <= highest.sequence:
        raise ReleaseError(
            f"sequence {manifest.sequence} does not rise: {highest.release} has "
            f"{highest.sequence}; build it again with --sequence {highest.sequence + 1}"
        )


def put_target_file(fleet: Fleet, target: TargetFile, data: bytes) -> None:
    """`data`: what was checked and is signed; the file of the build is not read a second time."""
    path = find_target_file(fleet.tree, target)
    fleet.files.make_directory(path.parent)
    replace(fleet.files, path, data)


def check_payloads(tree: Path, manifest: ReleaseManifest) -> None:
    """Each pack and index is there and is what its name says. Raises `ReleaseError`."""
    for layer in manifest.layers:
        for payload in layer.payloads:
            pack_sha256 = Path(payload.pack).stem
            check_file(tree / payload.pack, payload.pack_bytes, pack_sha256)
            check_file(tree / payload.index, payload.index_bytes, payload.index_sha256)


def check_file(path: Path, size_bytes: int, sha256: str) -> None:
    remedy = "build the release again, or take the file from its copy"
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            length = file.tell()
    except FileNotFoundError:
        raise ReleaseError(f"{path} is missing; {remedy}") from None
    if (length, found) != (size_bytes, sha256):
        raise ReleaseError(f"{path} is damaged or another file; {remedy}")


def include_signed(fleet: Fleet, release: str | None) -> str:
    """Let snapshot and timestamp name the targets that were signed last. `release`: one of them."""
    state = fleet.read_state(IMAGE)
    newest = read_newest_targets(state)
    if release and target_path(release) not in newest.signed.targets:
        raise ReleaseError(f"{release} is not signed; sign it with `fleet release sign {release}`")
    if newest.signed.version == state.targets.signed.version:
        return "no release was signed or withdrawn since the last time"
    refuse_dangling(fleet, newest.signed)
    for manifest in read_releases(fleet, newest.signed).values():
        check_payloads(fleet.tree, manifest)
    fleet.make_writer(IMAGE).commit(state, {Targets.type: newest})
    return f"targets version {newest.signed.version} is published in {fleet.tree}"
