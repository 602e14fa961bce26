"""Bytes that are on this computer already: a file, the running slot, a whole tree as one run.

    source = TreeSource(files, root, listed)
    source.read_at(offset, length)

Reads: content of the update directory, and the device or file that a `Seed` names.
Never: writes, or gives fewer bytes than were asked for: it raises `OSError`.
"""

import errno
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Protocol

from appliance.wording.sentence import say
from ota.files import Files
from ota.payload.index import Extent
from ota.payload.tree_list import ListedFile


@dataclass(frozen=True, slots=True)
class Seed:
    """What a unit has outside its update directory: the image in the running slot.

    `sha256` and `size_bytes` are those of the image that was installed there.
    """

    sha256: str
    size_bytes: int
    path: Path


class Source(Protocol):
    """A run of bytes; `size_bytes` says how many."""

    size_bytes: int

    def read_at(self, offset: int, length: int) -> bytes:
        """All of them, else `OSError`."""


class FileSource:
    """A file of the update directory."""

    def __init__(self, files: Files, path: Path, size_bytes: int) -> None:
        self.files = files
        self.path = path
        self.size_bytes = size_bytes

    def read_at(self, offset: int, length: int) -> bytes:
        return require_all(self.files.read_at(self.path, offset, length), length, self.path)


class SeedSource:
    """The device or file of a seed; it is opened for each read and never written."""

    def __init__(self, seed: Seed) -> None:
        self.path = seed.path
        self.size_bytes = seed.size_bytes

    def read_at(self, offset: int, length: int) -> bytes:
        if offset + length > self.size_bytes:
            raise OSError(errno.EINVAL, say("behind the end of the old image"), str(self.path))
        handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return require_all(os.pread(handle, length, offset), length, self.path)
        finally:
            os.close(handle)


class TreeSource:
    """The files of a tree, one after the other as its list has them."""

    def __init__(self, files: Files, root: Path, listed: Iterable[ListedFile]) -> None:
        self.files = files
        self.root = root
        self.listed_all = tuple(listed)
        self.listed = [one for one in self.listed_all if one.size_bytes]
        self.ends = list(accumulate(one.size_bytes for one in self.listed))
        self.size_bytes = self.ends[-1] if self.ends else 0

    def read_at(self, offset: int, length: int) -> bytes:
        if offset + length > self.size_bytes:
            raise OSError(errno.EINVAL, say("behind the end of the old tree"), str(self.root))
        return b"".join(self.read_parts(offset, length))

    def read_parts(self, offset: int, length: int) -> Iterator[bytes]:
        number = bisect_right(self.ends, offset)
        while length:
            one = self.listed[number]
            start = offset - (self.ends[number] - one.size_bytes)
            part = min(length, one.size_bytes - start)
            path = self.root / one.path
            yield require_all(self.files.read_at(path, start, part), part, path)
            offset, length, number = offset + part, length - part, number + 1


def require_all(data: bytes, length: int, path: Path) -> bytes:
    if len(data) < length:
        raise OSError(
            errno.EIO,
            say("{count} bytes instead of {length}", count=len(data), length=length),
            str(path),
        )
    return data


def read_extents(source: Source, extents: Iterable[Extent]) -> bytes:
    return b"".join(source.read_at(offset, length) for offset, length in extents)
