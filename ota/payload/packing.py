"""Makes the packs of a layer: what `fleet release build` puts into the static tree.

    packed = pack_tree(root, out_dir, old=old_root)    # app, model, settings
    packed = pack_image(bundle, out_dir, old=old_image)

A full payload has small files whole and cuts larger ones, and images, into fixed blocks: a unit
finds again by hashing what it has, no list of old chunks is kept. What moved inside of a file is
the matter of the second payload, the delta to `old`: the smaller one stands first.

Reads: built trees and images. Writes: `packs/AB/SHA256.pack`, `indexes/AB/SHA256.index`.
Never: follows a link, packs what is no regular file, or gives other bytes for the same input.
"""

import hashlib
import mmap
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from appliance.errors import ApplianceError
from appliance.strict_json import InputError
from ota.disk import open_regular
from ota.manifest import Payload
from ota.payload.bundles import extract_image
from ota.payload.image_delta import ImageDelta
from ota.payload.index import BLOCK_BYTES, IMAGE, TREE, Index, IndexedFile
from ota.payload.pack_writer import PackWriter
from ota.payload.pieces import Piece
from ota.payload.tree_delta import OldTree
from ota.payload.tree_list import ListedFile, hash_tree, sort_files


class PackError(ApplianceError):
    """A tree or image cannot be packed: a fault of the build, told to the release engineer."""

    code = "pack"


@dataclass(frozen=True, slots=True)
class Packed:
    """What the manifest says of a layer: its content hash, unpacked size, payloads."""

    sha256: str
    size_bytes: int
    payloads: tuple[Payload, ...]


# --- trees ---------------------------------------------------------------------------------------


def pack_tree(root: Path, out_dir: Path, *, old: Path | None = None) -> Packed:
    """Raises `PackError`, also where the tree holds a link. `old`: the tree before, for a delta."""
    listed = list_tree(root)
    payloads = [pack_full_tree(root, out_dir, listed)]
    sha256, size_bytes = hash_tree(listed), sum(one.size_bytes for one in listed)
    if old is not None:
        before = OldTree(old, list_tree(old))
        index = Index(TREE, sha256, size_bytes, 0, ())
        payloads.append(pack_changed_files(root, out_dir, listed, before, index))
    return Packed(sha256, size_bytes, sort_payloads(payloads))


def pack_full_tree(root: Path, out_dir: Path, listed: Sequence[ListedFile]) -> Payload:
    writer = PackWriter(out_dir)
    pieces = chain.from_iterable(cut(root / one.path) for one in listed)
    numbers = iter(writer.add_all(pieces))
    counts = (-(-one.size_bytes // BLOCK_BYTES) for one in listed)
    files = tuple(
        IndexedFile(one, tuple(islice(numbers, count)))
        for one, count in zip(listed, counts, strict=True)
    )
    size_bytes = sum(one.size_bytes for one in listed)
    return writer.finish(Index(TREE, hash_tree(listed), size_bytes, 0, (), files=files))


def pack_changed_files(
    root: Path, out_dir: Path, listed: Sequence[ListedFile], before: OldTree, index: Index
) -> Payload:
    """The files that the old tree does not have just so."""
    writer = PackWriter(out_dir)
    changed = [one for one in listed if not before.has(one)]
    data = ((one, (root / one.path).read_bytes()) for one in changed)
    files = tuple(IndexedFile(one, writer.add_all(before.cut(one, whole))) for one, whole in data)
    paths = {one.path for one in listed}
    return writer.finish(
        replace(
            index,
            files=files,
            removed=tuple(one.path for one in before.listed if one.path not in paths),
            base_sha256=hash_tree(before.listed),
            base_bytes=before.source.size_bytes,
        )
    )


def sort_payloads(payloads: Iterable[Payload]) -> tuple[Payload, ...]:
    return tuple(sorted(payloads, key=lambda one: (one.pack_bytes + one.index_bytes, one.pack)))


def list_tree(root: Path) -> tuple[ListedFile, ...]:
    """The files below `root`; raises `PackError`."""
    try:
        return sort_files(describe_file(root, path) for path in walk(root))
    except InputError as error:
        raise PackError(f"{root} cannot be packed: {error}; rename or remove it") from None
    except OSError as error:
        raise PackError(f"{root} cannot be read ({error})") from error


def walk(directory: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(directory), key=lambda one: one.name):
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from walk(path)
        elif entry.is_file(follow_symlinks=False):
            yield path
        else:
            raise InputError(f"{path} is a link or a special file, which a layer cannot hold")


def describe_file(root: Path, path: Path) -> ListedFile:
    digest, size_bytes = hash_file(path)
    executable = bool(path.stat().st_mode & stat.S_IXUSR)
    return ListedFile(path.relative_to(root).as_posix(), executable, digest, size_bytes)


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file."""
    digest, size_bytes = hashlib.sha256(), 0
    for piece in cut(path):
        digest.update(piece.data)
        size_bytes += len(piece.data)
    return digest.hexdigest(), size_bytes


def cut(path: Path) -> Iterator[Piece]:
    """A file in blocks; a link or special file raises `OSError`."""
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
        while data := file.read(BLOCK_BYTES):
            yield Piece(data)


# --- images --------------------------------------------------------------------------------------


def pack_image(path: Path, out_dir: Path, *, old: Path | None = None) -> Packed:
    """Raises `PackError`. `old`: the release before, for a delta. That of a bundle is made to the
    image inside of the old one, which units have in their slot: its hash is `needs_sha256`.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    try:
        payloads = [pack_image_pieces(describe_image(path), out_dir, cut(path))]
        if old is not None:
            payloads.append(pack_image_delta(path, out_dir, old=old))
    except (OSError, ValueError) as error:
        raise PackError(f"{path} cannot be packed ({error})") from error
    return Packed(*hash_file(path), sort_payloads(payloads))


def describe_image(path: Path) -> Index:
    sha256, size_bytes = hash_file(path)
    return Index(IMAGE, sha256, size_bytes, 0, ())


def pack_image_delta(path: Path, out_dir: Path, *, old: Path) -> Payload:
    with TemporaryDirectory(dir=out_dir, prefix="new-") as space:
        before = extract_image(old, Path(space, "old")) or old
        inner = extract_image(path, Path(space, "new"))
        base_sha256, base_bytes = hash_file(before)
        index = replace(describe_image(path), base_sha256=base_sha256, base_bytes=base_bytes)
        with map_file(path) as new, map_file(before) as had, map_file(inner or path) as image:
            pieces = ImageDelta(new, had, inner=image if inner else None).cut()
            return pack_image_pieces(index, out_dir, pieces)


def pack_image_pieces(index: Index, out_dir: Path, pieces: Iterable[Piece]) -> Payload:
    writer = PackWriter(out_dir)
    return writer.finish(replace(index, order=writer.add_all(pieces)))


def map_file(path: Path) -> mmap.mmap:
    """A file as memory; an empty one is a `ValueError`."""
    handle = open_regular(path, os.O_RDONLY)
    try:
        return mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(handle)
