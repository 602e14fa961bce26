"""The index of a pack: which chunks make up a layer, and where each one lies in the pack.

    index = parse_index(data)      # raises TrustError
    chunk = index.chunks[number]

A chunk with a `length` is a zstd frame in the pack; with a `base` too, a patch whose dictionary are
those extents of the old layer; without a `length`, a copy of them. The old layer is one run of
bytes: an image, or a tree's files one after the other as its list has them.
An image is its chunks in `order`; a tree is `files`. The index of a tree's delta has only the files
that differ from the old tree, and `removed`.

Reads and writes: nothing; pure. The file is JSON in one zstd frame.
Never: takes a number that does not fit to the others.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appliance import strict_json
from appliance.strict_json import InputError, require_list, require_text, require_whole_number, show
from appliance.wording.sentence import say
from ota.errors import TrustError
from ota.manifest import LONGEST_SIZE, SHA256
from ota.payload.frames import measure_frame, pack_frame, unpack_frame
from ota.payload.tree_list import MOST_FILES, ListedFile, check_path, hash_tree, sort_files

BLOCK_BYTES = 256 * 1024  # of a chunk of a full payload
MOST_CHUNK_BYTES = 8 * 1024**2  # of any chunk, unpacked
MOST_BASE_BYTES = 24 * 1024**2  # of the dictionary of a patch
MOST_CHUNKS = 400_000
MOST_EXTENTS = 4096  # of one chunk
MOST_PACKED_BYTES = 16 * 1024**2  # of an index
MOST_JSON_BYTES = 32 * 1024**2
TREE, IMAGE = "tree", "image"

Extent = tuple[int, int]  # offset and length in the old layer, bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """`sha256` and `size_bytes` are those of the unpacked bytes."""

    sha256: str
    size_bytes: int
    offset: int
    length: int
    base: tuple[Extent, ...] = ()

    @property
    def end(self) -> int:
        """Where it ends in the pack."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """One file of a tree and the numbers of its chunks."""

    listed: ListedFile
    chunks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """`sha256` and `size_bytes` are those of the layer, `base_sha256` names the old one ("": none,
    a full payload), which has `base_bytes`.
    """

    kind: str
    sha256: str
    size_bytes: int
    pack_bytes: int
    chunks: tuple[Chunk, ...]
    order: tuple[int, ...] = ()
    files: tuple[IndexedFile, ...] = ()
    removed: tuple[str, ...] = ()
    base_sha256: str = ""
    base_bytes: int = 0


def format_index(index: Index) -> bytes:
    """The index as a file; the same index gives the same bytes."""
    tree = {
        "format": 1,
        "kind": index.kind,
        "sha256": index.sha256,
        "size_bytes": index.size_bytes,
        "pack_bytes": index.pack_bytes,
        "base": [index.base_sha256, index.base_bytes],
        "chunks": [[c.sha256, c.size_bytes, c.length, flatten(c.base)] for c in index.chunks],
        "order": index.order,
        "files": [format_file(one) for one in index.files],
        "removed": index.removed,
    }
    return pack_frame(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode())


def format_file(one: IndexedFile) -> list[Any]:
    file = one.listed
    return [file.path, file.mode, file.sha256, file.size_bytes, one.chunks]


def flatten(base: Iterable[Extent]) -> list[int]:
    return [number for extent in base for number in extent]


# --- reading -------------------------------------------------------------------------------------


def parse_index(data: bytes) -> Index:
    """The index in `data`, whose hash the caller has checked; raises `TrustError`."""
    try:
        return build_index(read_tree(data))
    except (InputError, KeyError, TypeError, ValueError) as error:
        text = say("{name} is missing", name=error) if isinstance(error, KeyError) else str(error)
        raise TrustError(
            say(
                "the index of a release's payload cannot be used: {text}; have the release "
                "built again with `fleet release build`",
                text=text,
            ),
            "index-invalid",
        ) from error


def read_tree(data: bytes) -> dict[str, Any]:
    if len(data) > MOST_PACKED_BYTES:
        raise InputError(
            say("it has more than {most_packed_bytes} bytes", most_packed_bytes=MOST_PACKED_BYTES)
        )
    size_bytes = measure_frame(data)
    if size_bytes > MOST_JSON_BYTES:
        raise InputError(
            say(
                "it has {size_bytes} bytes unpacked, more than {most_json_bytes}",
                size_bytes=size_bytes,
                most_json_bytes=MOST_JSON_BYTES,
            )
        )
    unpacked = unpack_frame(data, size_bytes=size_bytes)
    return strict_json.parse_object(unpacked, most_bytes=MOST_JSON_BYTES)


def build_index(tree: Mapping[str, Any]) -> Index:
    if tree["format"] != 1 or tree["kind"] not in (TREE, IMAGE):
        raise InputError(
            say(
                "format {form}, {kind} is not known",
                form=show(tree["format"]),
                kind=show(tree["kind"]),
            )
        )
    base_sha256, base_bytes = require_list(tree["base"], "base", 2)
    removed = require_list(tree["removed"], "removed", MOST_FILES)
    for path in removed:
        check_path(require_text(path, "path", 4096))
    index = Index(
        kind=tree["kind"],
        sha256=require_sha256(tree["sha256"]),
        size_bytes=require_whole_number(tree["size_bytes"], "size_bytes", 0, LONGEST_SIZE),
        pack_bytes=require_whole_number(tree["pack_bytes"], "pack_bytes", 0, LONGEST_SIZE),
        chunks=tuple(build_chunks(tree["chunks"])),
        order=read_numbers(tree["order"]),
        files=tuple(build_file(one) for one in require_list(tree["files"], "files", MOST_FILES)),
        removed=tuple(removed),
        base_sha256=require_sha256(base_sha256) if base_sha256 else "",
        base_bytes=require_whole_number(base_bytes, "base_bytes", 0, LONGEST_SIZE),
    )
    check_index(index)
    return index


def build_chunks(rows: Any) -> Iterator[Chunk]:
    """The chunks, one behind the other in the pack: none overlaps another."""
    offset = 0
    for sha256, size_bytes, length, flat in require_list(rows, "chunks", MOST_CHUNKS):
        chunk = Chunk(
            require_sha256(sha256),
            require_whole_number(size_bytes, "size_bytes", 1, MOST_CHUNK_BYTES),
            offset,
            require_whole_number(length, "length", 0, MOST_CHUNK_BYTES + 2**16),
            tuple(build_extents(require_list(flat, "base", 2 * MOST_EXTENTS))),
        )
        offset = chunk.end
        yield chunk


def build_extents(flat: list[Any]) -> Iterator[Extent]:
    if len(flat) % 2:
        raise InputError(say("an extent has no length"))
    for offset, length in zip(flat[::2], flat[1::2], strict=True):
        yield (
            require_whole_number(offset, "offset", 0, LONGEST_SIZE),
            require_whole_number(length, "length", 1, MOST_BASE_BYTES),
        )


def build_file(row: Any) -> IndexedFile:
    path, mode, sha256, size_bytes, chunks = row
    if mode not in (0o644, 0o755):
        raise InputError(say("the mode {mode} is neither 644 nor 755", mode=show(mode)))
    size_bytes = require_whole_number(size_bytes, "size_bytes", 0, LONGEST_SIZE)
    check_path(require_text(path, "path", 4096))
    file = ListedFile(path, mode == 0o755, require_sha256(sha256), size_bytes)
    return IndexedFile(file, read_numbers(chunks))


def read_numbers(value: Any) -> tuple[int, ...]:
    numbers = require_list(value, "chunks", MOST_CHUNKS)
    return tuple(require_whole_number(n, "chunk", 0, MOST_CHUNKS) for n in numbers)


def require_sha256(value: Any) -> str:
    if not isinstance(value, str) or not SHA256.fullmatch(value):
        raise InputError(say("{value} is no SHA-256", value=show(value)))
    return value


# --- what must fit together ----------------------------------------------------------------------


def check_index(index: Index) -> None:
    if index.chunks and index.chunks[-1].end != index.pack_bytes:
        raise InputError(
            say(
                "its chunks do not end with the pack of {pack_bytes} bytes",
                pack_bytes=index.pack_bytes,
            )
        )
    for chunk in index.chunks:
        check_chunk(chunk, index.base_bytes)
    sort_files(one.listed for one in index.files)
    for one in index.files:
        check_size(index, one.chunks, one.listed.size_bytes)
    if index.kind == IMAGE:
        check_size(index, index.order, index.size_bytes)
    elif index.order or not index.base_sha256:
        check_full_tree(index)


def check_chunk(chunk: Chunk, base_bytes: int) -> None:
    based = sum(length for _, length in chunk.base)
    if any(offset + length > base_bytes for offset, length in chunk.base):
        raise InputError(say("a chunk needs bytes behind the end of the old layer"))
    if based > MOST_BASE_BYTES or (not chunk.length and based != chunk.size_bytes):
        raise InputError(
            say(
                "a chunk of {size_bytes} bytes is made from {based} old ones",
                size_bytes=chunk.size_bytes,
                based=based,
            )
        )


def check_size(index: Index, numbers: tuple[int, ...], size_bytes: int) -> None:
    if max(numbers, default=-1) >= len(index.chunks):
        raise InputError(say("a chunk is named that is not there"))
    if sum(index.chunks[number].size_bytes for number in numbers) != size_bytes:
        raise InputError(say("chunks do not add up to {size_bytes} bytes", size_bytes=size_bytes))


def check_full_tree(index: Index) -> None:
    """A whole tree's hash follows from the index alone."""
    listed = sort_files(one.listed for one in index.files)
    whole = hash_tree(listed) == index.sha256 and not index.order and not index.removed
    if not whole or sum(one.size_bytes for one in listed) != index.size_bytes:
        raise InputError(say("its files are not the tree that it names"))
