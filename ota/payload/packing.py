"""Makes the packs of a layer: what `fleet release build` puts into the static tree.

    packed = pack_tree(root, out_dir, old=old_root)    # app, model, settings
    packed = pack_image(bundle, out_dir, old=old_image)

A full payload has small files whole and cuts larger ones, and images, into fixed blocks: a unit
finds again by hashing what it has, no list of old chunks is kept. What moved inside of a file is
the matter of the second payload, the delta to `old` (delta.py): the smaller one stands first.

Reads: built trees and images. Writes: `packs/AB/SHA256.pack`, `indexes/AB/SHA256.index`.
Never: follows a link, packs what is no regular file, or gives other bytes for the same input.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.strict_json import InputError
from ota.disk import open_regular
from ota.manifest import Payload
from ota.payload.frames import pack_frame
from ota.payload.index import (
    BLOCK_BYTES,
    IMAGE,
    TREE,
    Chunk,
    Extent,
    Index,
    IndexedFile,
    format_index,
)
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


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that become one chunk; `base`: from which old extents, `old`: their bytes."""

    data: bytes
    base: tuple[Extent, ...] = ()
    old: bytes = b""


class PackWriter:
    """One pack that grows. A chunk that came before is not written again."""

    def __init__(self, out_dir: Path) -> None:
        self.out_dir = out_dir
        self.part = out_dir / f"new-{os.getpid()}.pack"
        self.part.parent.mkdir(parents=True, exist_ok=True)
        self.file = self.part.open("wb")
        self.hash = hashlib.sha256()
        self.chunks: list[Chunk] = []
        self.numbers: dict[tuple[str, int], int] = {}

    def add(self, piece: Piece) -> int:
        """The number of the piece's chunk."""
        key = (hashlib.sha256(piece.data).hexdigest(), len(piece.data))
        if key not in self.numbers:
            self.numbers[key] = len(self.chunks)
            self.write(key[0], piece)
        return self.numbers[key]

    def write(self, sha256: str, piece: Piece) -> None:
        copied = piece.data == piece.old
        frame = b"" if copied else pack_frame(piece.data, old=piece.old)
        self.file.write(frame)
        self.hash.update(frame)
        offset = self.chunks[-1].end if self.chunks else 0
        self.chunks.append(Chunk(sha256, len(piece.data), offset, len(frame), piece.base))

    def add_all(self, pieces: Iterable[Piece]) -> tuple[int, ...]:
        return tuple(self.add(piece) for piece in pieces)

    def finish(self, index: Index) -> Payload:
        """Put pack and index to their places in the static tree."""
        self.file.close()
        pack = f"packs/{name_file(self.hash.hexdigest())}.pack"
        put(self.part, self.out_dir / pack)
        data = format_index(index)
        sha256 = hashlib.sha256(data).hexdigest()
        name = f"indexes/{name_file(sha256)}.index"
        self.part.write_bytes(data)
        put(self.part, self.out_dir / name)
        return Payload(pack, index.pack_bytes, name, len(data), sha256, index.base_sha256)

    @property
    def pack_bytes(self) -> int:
        return self.chunks[-1].end if self.chunks else 0


def name_file(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


def put(part: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part.replace(path)


# --- trees ---------------------------------------------------------------------------------------


def pack_tree(root: Path, out_dir: Path, *, old: Path | None = None) -> Packed:  # noqa: ARG001
    """Raises `PackError`, also where the tree holds a link. `old`: the tree before, for a delta."""
    listed = list_tree(root)
    writer = PackWriter(out_dir)
    files = tuple(IndexedFile(one, writer.add_all(cut(root / one.path))) for one in listed)
    index = Index(
        kind=TREE,
        sha256=hash_tree(listed),
        size_bytes=sum(one.size_bytes for one in listed),
        pack_bytes=writer.pack_bytes,
        chunks=tuple(writer.chunks),
        files=files,
    )
    return Packed(index.sha256, index.size_bytes, (writer.finish(index),))


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


def pack_image(path: Path, out_dir: Path, *, old: Path | None = None) -> Packed:  # noqa: ARG001
    """Raises `PackError`. `old`: the image or slot that the unit has, for a delta."""
    sha256, size_bytes = hash_file(path)
    writer = PackWriter(out_dir)
    order = writer.add_all(cut(path))
    index = Index(
        kind=IMAGE,
        sha256=sha256,
        size_bytes=size_bytes,
        pack_bytes=writer.pack_bytes,
        chunks=tuple(writer.chunks),
        order=order,
    )
    return Packed(sha256, size_bytes, (writer.finish(index),))
