"""Indexes of packs, frames, and layers that are put together from both, whatever stands in them.

Reads: bytes. Writes: files in memory.
Never: lets anything but the named errors pass, a byte that has another hash, more bytes than were
announced, or a file outside of its tree.

The first byte picks what is judged, the second whether the rest is raw or changes to a right index.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from appliance.strict_json import InputError
from ota.errors import SpaceError, TrustError
from ota.payload.assembly import Chunks, write_image, write_tree
from ota.payload.frames import measure_frame, pack_frame, unpack_frame
from ota.payload.image_delta import BytesSource
from ota.payload.index import IMAGE, Index, format_index, parse_index
from ota.payload.local import Here
from ota.payload.tree_list import ListedFile, format_list, hash_tree, parse_list, sort_files
from ota.payload.wire import Wire
from tests.fuzz.json_edits import edit
from tests.stand_ins.recording_files import RecordingFiles

HOME = Path("/parts/x")
OLD = bytes(range(256)) * 8
NEW = (OLD[:300] + b"new" * 50 + OLD[1000:1500], b"#!/bin/sh\n" * 20)
MOST_WRITTEN = 100_000  # bytes of a layer that is put together here


def hash_bytes(data: bytes) -> str:
    return sha256(data).hexdigest()


def list_file(path: str, data: bytes, *, executable: bool) -> ListedFile:
    return ListedFile(path, executable, hash_bytes(data), len(data))


PACKED = (pack_frame(NEW[0], old=OLD[:1500]), pack_frame(NEW[1]))
PACK = b"".join(PACKED)
CHUNKS = [
    [hash_bytes(NEW[0]), len(NEW[0]), len(PACKED[0]), [0, 1000, 1000, 500]],
    [hash_bytes(NEW[1]), len(NEW[1]), len(PACKED[1]), []],
    [hash_bytes(OLD[:500]), 500, 0, [0, 500]],
]
LISTED = sort_files(
    (
        list_file("app/main.py", NEW[0], executable=False),
        list_file("run", NEW[1], executable=True),
    )
)
COMMON: dict[str, Any] = {"format": 1, "pack_bytes": len(PACK), "chunks": CHUNKS, "removed": []}
TREE: dict[str, Any] = {
    **COMMON,
    "kind": "tree",
    "sha256": hash_tree(LISTED),
    "size_bytes": sum(one.size_bytes for one in LISTED),
    "base": [hash_bytes(OLD), len(OLD)],
    "order": [],
    "files": [
        ["app/main.py", 0o644, hash_bytes(NEW[0]), len(NEW[0]), [0]],
        ["run", 0o755, hash_bytes(NEW[1]), len(NEW[1]), [1]],
    ],
}
FULL: dict[str, Any] = {**TREE, "base": ["", len(OLD)]}
WHOLE = NEW[0] + OLD[:500] + NEW[1]
DISK: dict[str, Any] = {
    **COMMON,
    "kind": "image",
    "sha256": hash_bytes(WHOLE),
    "size_bytes": len(WHOLE),
    "base": [hash_bytes(OLD), len(OLD)],
    "order": [0, 2, 1],
    "files": [],
}
RIGHT = (TREE, DISK, FULL)


def run_input(data: bytes) -> None:
    """One execution."""
    if len(data) < 2:
        return
    kind, rest = data[0], data[2:]
    if kind % 8 == 0:
        judge_frame(rest, data[1])
    elif kind % 8 == 1:
        judge_list(rest)
    elif data[1] % 4 == 3:
        judge_index(rest)
    elif data[1] % 4 == 2:
        judge_index(pack_frame(rest))
    else:
        pack = PACK[:-1] + rest[:1] if data[1] % 4 else PACK
        judge_index(pack_frame(json.dumps(edit(RIGHT[kind % 3], rest)).encode()), pack)


def judge_frame(data: bytes, size: int) -> None:
    """Bombs too: what announces more than it may is not unpacked."""
    size_bytes = size * 64
    for old in (b"", OLD):
        try:
            measure_frame(data)
            assert len(unpack_frame(data, size_bytes=size_bytes, old=old)) == size_bytes
        except InputError:
            continue


def judge_list(data: bytes) -> None:
    try:
        listed = parse_list(data)
    except InputError:
        return
    assert parse_list(format_list(listed)) == listed
    for one in listed:
        assert (HOME / one.path).resolve().is_relative_to(HOME)


def judge_index(data: bytes, pack: bytes = PACK) -> None:
    try:
        index = parse_index(data)
    except TrustError:
        return
    assert parse_index(format_index(index)) == index
    if sum(chunk.size_bytes for chunk in index.chunks) + index.size_bytes < MOST_WRITTEN:
        judge_assembly(index, pack)


def judge_assembly(index: Index, pack: bytes) -> None:
    """What is written is what the index names, or a refusal; nothing leaves the folder."""
    files = RecordingFiles()
    files.make_directory(HOME)
    wire = Wire(files, HOME)
    wire.save(0, pack)
    chunks = Chunks(index, wire, Here(), BytesSource(OLD) if index.base_sha256 else None)
    try:
        if index.kind == IMAGE:
            write_image(files, HOME / "made", index, chunks)
        else:
            write_tree(files, HOME / "made", index, [one.listed for one in index.files], chunks)
    except (TrustError, SpaceError):
        return
    finally:
        assert files.list_names(HOME.parent) == [HOME.name]
    if index.kind == IMAGE:
        made = files.read(HOME / "made", most_bytes=MOST_WRITTEN)
        assert hash_bytes(made) == index.sha256
