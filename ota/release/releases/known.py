"""Which releases there are: built here, signed, published.

Reads: releases/, the image repository. Writes: nothing.
Never: takes a manifest as signed whose hash is not that of a verified target.
"""

from pathlib import Path

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import TargetFile, Targets

from ota.manifest import MOST_BYTES, ReleaseManifest, parse_manifest
from ota.release.errors import ReleaseError
from ota.release.fleet import BUILT, Fleet
from ota.release.metadata.reading import IMAGE, State, read_newest_targets


def target_path(release: str) -> str:
    return f"releases/{release}/manifest.json"


def release_of(path: str) -> str:
    return path.split("/")[1]


def is_same_file(known: TargetFile | None, target: TargetFile) -> bool:
    """Whether a target is signed already, whatever was said of it besides."""
    return known is not None and (known.length, known.hashes) == (target.length, target.hashes)


def find_target_file(tree: Path, target: TargetFile) -> Path:
    """Where the target is in the static tree: TUF puts its hash before its name."""
    folder, _, name = target.path.rpartition("/")
    return tree / IMAGE / "targets" / folder / f"{target.hashes['sha256']}.{name}"


def read_built(fleet: Fleet) -> dict[str, ReleaseManifest]:
    names = fleet.files.list_names(fleet.directory / BUILT)
    paths = {name: fleet.manifest_path(name) for name in names}
    return {
        name: parse_manifest(fleet.files.read(path, most_bytes=MOST_BYTES))
        for name, path in paths.items()
        if fleet.files.measure(path) is not None
    }


def read_signed(fleet: Fleet) -> dict[str, ReleaseManifest]:
    """All that the targets key has signed, published or not."""
    return read_releases(fleet, read_newest_targets(fleet.read_state(IMAGE)).signed)


def read_published(fleet: Fleet, state: State) -> dict[str, ReleaseManifest]:
    return read_releases(fleet, state.targets.signed)


def read_releases(fleet: Fleet, targets: Targets) -> dict[str, ReleaseManifest]:
    found = (read_release(fleet, target) for target in targets.targets.values())
    return {manifest.release: manifest for manifest in found}


def read_release(fleet: Fleet, target: TargetFile) -> ReleaseManifest:
    """The manifest of a signed target; raises `ReleaseError` where it is not what was signed."""
    path = find_target_file(fleet.tree, target)
    data = fleet.files.read(path, most_bytes=MOST_BYTES)
    try:
        target.verify_length_and_hashes(data)
    except RepositoryError as error:
        raise ReleaseError(
            f"{path} is not the manifest that was signed; take it from its copy"
        ) from error
    return parse_manifest(data)


def find_published(state: State, release: str) -> TargetFile:
    """The target of a release that units can reach."""
    found: TargetFile | None = state.targets.signed.targets.get(target_path(release))
    if found is None:
        known = ", ".join(map(release_of, state.targets.signed.targets)) or "none yet"
        raise ReleaseError(
            f"the release {release} is not published; published are: {known}; sign it with `fleet "
            "release sign`, then `fleet release publish`"
        )
    return found
