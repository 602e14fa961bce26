"""Puts a layer together from chunks: the wire, what was here, copies and patches of the old layer.

    chunks = Chunks(index, wire, here, base)
    write_image(files, path, index, chunks)
    write_tree(files, root, listed, index, chunks, here)

Reads: the sources of chunks. Writes: through `Files` below the folder of a download, synchronized.
Never: writes a chunk that it did not hash, or leaves the folder that it was given.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.errors import SpaceError, TrustError
from ota.files import Files, remove_tree
from ota.payload.frames import unpack_frame
from ota.payload.index import Chunk, Index
from ota.payload.local import Here
from ota.payload.sources import Source, read_extents
from ota.payload.tree_list import ListedFile
from ota.payload.wire import Wire


class Chunks:
    """The chunks of one index, from wherever they are."""

    def __init__(self, index: Index, wire: Wire, here: Here, base: Source | None) -> None:
        self.index = index
        self.wire = wire
        self.here = here
        self.base = base

    def list_wanted(self) -> tuple[Chunk, ...]:
        """Those that must come over the link."""
        return tuple(
            one for one in self.index.chunks if one.length and one.sha256 not in self.here.chunks
        )

    def is_right(self, chunk: Chunk) -> bool:
        """Whether what came over the link gives the chunk."""
        try:
            data = self.unpack(chunk)
        except InputError:
            return False
        return hashlib.sha256(data).hexdigest() == chunk.sha256

    def unpack(self, chunk: Chunk) -> bytes:
        old = b"" if self.base is None else read_extents(self.base, chunk.base)
        if not chunk.length:
            return old
        frame = self.wire.read(chunk.offset, chunk.end)
        return unpack_frame(frame, size_bytes=chunk.size_bytes, old=old)

    def read(self, number: int) -> bytes:
        """A chunk's bytes; raises `SpaceError`, `OSError`."""
        chunk = self.index.chunks[number]
        place = self.here.chunks.get(chunk.sha256)
        try:
            data = place.read() if place else self.unpack(chunk)
        except InputError as error:
            raise make_damage_error(str(error)) from error
        if hashlib.sha256(data).hexdigest() == chunk.sha256:
            return data
        if chunk.length and not place:
            self.wire.drop((chunk.offset, chunk.end))
        raise make_damage_error(
            say("a chunk of {size_bytes} bytes has another hash", size_bytes=chunk.size_bytes)
        )


def make_damage_error(text: str) -> SpaceError:
    return SpaceError(
        say(
            "what was fetched or here already changed on the disk ({text}); it is fetched "
            "again; if this comes back, check the disk",
            text=text,
        ),
        "content-damaged",
    )


def write_image(files: Files, path: Path, index: Index, chunks: Chunks) -> None:
    """Raises `TrustError` where the whole has another hash than the index names."""
    whole = write_file(files, path, index.order, chunks, mode=0o644)
    require_hash(path.name, whole, wanted=index.sha256)


def write_tree(
    files: Files, root: Path, index: Index, listed: Iterable[ListedFile], chunks: Chunks
) -> None:
    """All files of the tree below `root`; those of before are removed."""
    remove_tree(files, root)
    made = {one.listed.path: one.chunks for one in index.files}
    directories = {root}
    files.make_directory(root)
    for one in listed:
        path = root / one.path
        if path.parent not in directories:
            files.make_directory(path.parent)
            directories.update(list_parents(path.parent, root))
        write_one(files, path, one, made, chunks)
    for directory in sorted(directories, reverse=True):
        files.sync_directory(directory)


def list_parents(directory: Path, root: Path) -> list[Path]:
    return [one for one in (directory, *directory.parents) if one.is_relative_to(root)]


def write_one(
    files: Files,
    path: Path,
    one: ListedFile,
    made: Mapping[str, Sequence[int]],
    chunks: Chunks,
) -> None:
    """A hard link where the same file is here: nothing changes a tree after it was made."""
    same = chunks.here.files.get((one.sha256, one.executable))
    if same is not None:
        files.link(same, path)
        return
    if one.path not in made:
        raise make_damage_error(say("{path} of the old tree is gone", path=one.path))
    whole = write_file(files, path, made[one.path], chunks, mode=one.mode)
    require_hash(one.path, whole, wanted=one.sha256)


def write_file(
    files: Files, path: Path, numbers: Iterable[int], chunks: Chunks, *, mode: int
) -> str:
    """Write chunks as one file; returns its SHA-256."""
    whole, offset = hashlib.sha256(), 0
    files.write(path, b"", mode=mode)
    for number in numbers:
        data = chunks.read(number)
        files.write(path, data, offset=offset)
        whole.update(data)
        offset += len(data)
    files.sync(path)
    return whole.hexdigest()


def require_hash(name: str, found: str, *, wanted: str) -> None:
    if found != wanted:
        raise TrustError(
            say(
                "{name} came out with the hash {found}, not {wanted}; the payload does not give "
                "what the release names; have it built again with `fleet release build`",
                name=name,
                found=found[:12],
                wanted=wanted[:12],
            ),
            "payload-mismatch",
        )
