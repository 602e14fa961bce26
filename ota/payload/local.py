"""What of a layer is on this computer already, found by hashing the content that is here.

    here = find_content(files, trees, images)
    here.chunks.get(sha256)              # a Place
    here.files.get((sha256, executable)) # the path of a whole file, for a hard link

Reads: trees and images of the update directory, the running slot.
Never: believes a list: what it gives was hashed now (and is hashed again when it is used).
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ota.files import Files
from ota.payload.index import BLOCK_BYTES
from ota.payload.sources import FileSource, Source
from ota.payload.tree_list import ListedFile

Tree = tuple[Path, tuple[ListedFile, ...]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk lies."""

    source: Source
    offset: int
    size_bytes: int

    def read(self) -> bytes:
        """Raises `OSError`."""
        return self.source.read_at(self.offset, self.size_bytes)


@dataclass(slots=True)
class Here:
    """Chunks by SHA-256; whole files by SHA-256 and whether they are programs."""

    chunks: dict[str, Place] = field(default_factory=dict)
    files: dict[tuple[str, bool], Path] = field(default_factory=dict)


def find_content(files: Files, trees: Iterable[Tree], images: Iterable[Source]) -> Here:
    """What cannot be read is not here."""
    here = Here()
    for root, listed in trees:
        for one in listed:
            source = FileSource(files, root / one.path, one.size_bytes)
            with suppress(OSError):
                if add_blocks(here, source) == one.sha256:
                    here.files[one.sha256, one.executable] = root / one.path
    for image in images:
        with suppress(OSError):
            add_blocks(here, image)
    return here


def add_blocks(here: Here, source: Source) -> str:
    """Enter each block of a file; returns the file's SHA-256."""
    whole = hashlib.sha256()
    for offset, data in read_blocks(source):
        whole.update(data)
        key = hashlib.sha256(data).hexdigest()
        here.chunks.setdefault(key, Place(source, offset, len(data)))
    return whole.hexdigest()


def read_blocks(source: Source) -> Iterator[tuple[int, bytes]]:
    for offset in range(0, source.size_bytes, BLOCK_BYTES):
        yield offset, source.read_at(offset, min(BLOCK_BYTES, source.size_bytes - offset))
