"""Copies the tree to where a web server has it, so that no reader meets a name before its file.

Reads: the fleet's tree. Writes: the other tree, each file whole.
Never: puts an older timestamp over a newer one, copies what no timestamp names, or removes a file.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tuf.api.metadata import Metadata, Timestamp

from ota.disk import Disk, naming
from ota.files import PART
from ota.release.errors import ReleaseError
from ota.release.fleet import Fleet, locked
from ota.release.metadata.reading import (
    DIRECTOR,
    IMAGE,
    REPOSITORIES,
    State,
    is_signed,
    read_metadata,
)
from ota.release.releases.known import find_target_file, read_published

BLOCK_BYTES = 4 * 1024**2


def publish(fleet: Fleet, place: Path, timestamps: dict[str, bytes] | None = None) -> int:
    """Returns how many files were new. `timestamps`: other ones than the tree's, by repository."""
    states = {name: fleet.read_state(name) for name in REPOSITORIES}
    place.mkdir(parents=True, exist_ok=True)
    with locked(place):
        for name in REPOSITORIES:
            refuse_newer(fleet, place, states[name], timestamps)
        count = sum(
            copy(path, tree=fleet.tree, place=place) for path in list_payloads(fleet, states[IMAGE])
        )
        for name in (IMAGE, DIRECTOR):  # the director names releases of the image repository
            count += publish_metadata(fleet, place, states[name], timestamps)
    return count


def publish_metadata(
    fleet: Fleet, place: Path, state: State, timestamps: dict[str, bytes] | None
) -> int:
    """Listings, then the timestamp that names them, then roots under which it holds as well."""
    name = state.repository.name
    folder = Path(name) / "metadata"
    count = sum(copy(folder / one, tree=fleet.tree, place=place) for one in list_listings(state))
    data = timestamps[name] if timestamps else state.repository.timestamp_path.read_bytes()
    count += put(place / folder / "timestamp.json", data)
    roots = [f"{root.signed.version}.root.json" for root in state.roots]
    return count + sum(copy(folder / one, tree=fleet.tree, place=place) for one in roots)


def list_payloads(fleet: Fleet, state: State) -> Iterator[Path]:
    """Packs and indexes, then manifests: relative to the tree."""
    for manifest in read_published(fleet, state).values():
        for layer in manifest.layers:
            for payload in layer.payloads:
                yield from (Path(payload.pack), Path(payload.index))
    for target in state.targets.signed.targets.values():
        yield find_target_file(fleet.tree, target).relative_to(fleet.tree)


def list_listings(state: State) -> list[str]:
    """Bins and targets, then the snapshot that names them."""
    meta = state.snapshot.signed.meta
    listings = [f"{meta[name].version}.{name}" for name in sorted(meta, reverse=True)]
    return [*listings, f"{state.snapshot.signed.version}.snapshot.json"]


def refuse_newer(
    fleet: Fleet, place: Path, state: State, timestamps: dict[str, bytes] | None
) -> None:
    """Somebody has published from another copy of this fleet: units have seen it already."""
    name = state.repository.name
    path = place / name / "metadata" / "timestamp.json"
    there = read_signed_timestamp(fleet, path, state)
    ours = Metadata[Timestamp].from_bytes(timestamps[name]).signed if timestamps else None
    ours = ours or state.timestamp.signed
    if not there or there.version < ours.version or there == ours:
        return
    raise ReleaseError(
        f"{path} has version {there.version}, ours is {ours.version}: it was published from "
        "another copy of this fleet; work with the newest copy"
    )


def read_signed_timestamp(fleet: Fleet, path: Path, state: State) -> Timestamp | None:
    """The timestamp at the other place; None where it is damaged, or signed by no key that counts
    (any more): a thief's is written over.
    """
    with suppress(ReleaseError, FileNotFoundError):
        there = read_metadata(fleet.files, path, Timestamp)
        return there.signed if is_signed(state.root, Timestamp.type, there) else None
    return None


def copy(relative: Path, *, tree: Path, place: Path) -> int:
    """One file, whole and on the disk; 0 where it is there already."""
    source, target = tree / relative, place / relative
    if is_same(source, target):
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}{PART}")
    disk = Disk()
    with naming(target), source.open("rb") as old, part.open("wb") as new:
        while data := old.read(BLOCK_BYTES):
            new.write(data)
    finish(disk, part, target)
    return 1


def is_same(source: Path, target: Path) -> bool:
    """Packs have their hash as name; small files are compared."""
    if not target.is_file() or target.stat().st_size != source.stat().st_size:
        return False
    return source.suffix == ".pack" or source.read_bytes() == target.read_bytes()


def put(target: Path, data: bytes) -> int:
    if target.is_file() and target.read_bytes() == data:
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}{PART}")
    with naming(target):
        part.write_bytes(data)
    finish(Disk(), part, target)
    return 1


def finish(disk: Disk, part: Path, target: Path) -> None:
    disk.sync(part)
    disk.rename(part, target)
    disk.sync(target)  # on a stick (FAT) the new name has size 0 until then
    disk.sync_directory(target.parent)
