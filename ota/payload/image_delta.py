"""The difference between two images: old blocks are copied, files are patches of old files.

    for piece in ImageDelta(new, old, inner=None).cut(): ...

A block that the old image has is copied. What is left of a file is a patch: its dictionary is the
old file of that name, by both images' file maps. `inner`: the file system image that lies inside of
`new` (a bundle); without it `new` is one itself.

Reads: both images. Writes: nothing.
Never: is run on a unit; or skips bytes: the pieces, one after the other, are `new`.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from ota.payload.ext4_map import FileExtent, Image, read_file_map
from ota.payload.index import Extent
from ota.payload.pieces import PATCH_BYTES, Piece, cut_plain, cut_with_base
from ota.payload.sources import Source, read_extents
from ota.payload.tree_delta import generalize

BLOCK = 4096
SQUASHFS_BLOCK = 128 * 1024
SHORTEST_COPY_BYTES = 64 * 1024  # a shorter one between two patches of one file costs more
MOST_COPY_BYTES = 8 * 1024**2
MOST_COPY_EXTENTS = 1000
NEAR_BYTES = 256 * 1024  # around the same place: dictionary of what is in no file
ZEROS = bytes(BLOCK)


class Run(NamedTuple):
    """Bytes of the new image: `old` is where the old image has them, None: nowhere."""

    start: int
    length: int
    old: int | None


class BytesSource:
    """An image in memory."""

    def __init__(self, data: Image) -> None:
        self.data = data
        self.size_bytes = len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]


class ImageDelta:
    """`new`: the content that is published; `old`: what is in the slot."""

    def __init__(self, new: Image, old: Image, *, inner: Image | None = None) -> None:
        self.new = new
        self.image = new if inner is None else inner
        self.segments = [Run(0, len(new), 0)] if inner is None else locate(inner, new)
        self.old = old
        self.source: Source = BytesSource(old)
        self.old_files = read_file_map(old)
        self.like = {generalize(path): path for path in sorted(self.old_files, reverse=True)}
        files = read_file_map(self.image).items()
        self.owned = sorted((extent, path) for path, all_ in files for extent in all_)
        self.old_blocks = hash_blocks(old)

    def cut(self) -> Iterator[Piece]:
        """All of `new` in order."""
        at = 0
        for start, length, image_at in self.segments:
            yield from cut_plain(self.new[at:start])
            yield from self.cut_image(image_at or 0, length)
            at = start + length
        yield from cut_plain(self.new[at:])

    def cut_image(self, start: int, length: int) -> Iterator[Piece]:
        copies: list[Run] = []
        for run in self.join(self.find_runs(start, start + length)):
            if run.old is None:
                yield from self.copy(copies)
                copies = []
                yield from self.patch(run)
                continue
            copies.append(run)
        yield from self.copy(copies)

    # --- which blocks are where ------------------------------------------------------------------

    def find_runs(self, start: int, end: int) -> Iterator[Run]:
        """Runs of blocks that go on alike; the last block may be short."""
        run = Run(start, 0, None)
        for at in range(start, end, BLOCK):
            block = self.image[at : min(at + BLOCK, end)]
            follows = None if run.old is None else run.old + run.length
            old = self.find_block(block, follows)
            if run.length and old != follows:
                yield run
                run = Run(at, 0, old)
            run = Run(run.start, run.length + len(block), old if not run.length else run.old)
        if run.length:
            yield run

    def find_block(self, block: bytes, follows: int | None) -> int | None:
        if follows is not None and self.old[follows : follows + len(block)] == block:
            return follows
        at = self.old_blocks.get(hash_block(block))
        return at if at is not None and self.old[at : at + len(block)] == block else None

    def join(self, runs: Iterator[Run]) -> Iterator[Run]:
        """Take short copies between what is new into it."""
        waiting: list[Run] = []
        for run in runs:
            short = run.old is None or run.length < SHORTEST_COPY_BYTES
            if short:
                waiting.append(run)
                continue
            yield from self.join_short(waiting)
            waiting = []
            yield run
        yield from self.join_short(waiting)

    def join_short(self, runs: list[Run]) -> Iterator[Run]:
        """Runs in a row: from the first new one to the last new one all is new."""
        new = [number for number, run in enumerate(runs) if run.old is None]
        if not new:
            yield from runs
            return
        first, last = new[0], new[-1]
        yield from runs[:first]
        end = runs[last].start + runs[last].length
        yield Run(runs[first].start, end - runs[first].start, None)
        yield from runs[last + 1 :]

    # --- pieces ----------------------------------------------------------------------------------

    def copy(self, runs: list[Run]) -> Iterator[Piece]:
        """One piece for many runs: an index line costs more than an extent."""
        extents = [(run.old or 0, run.length) for run in runs]
        for group in gather(extents):
            data = read_extents(self.source, group)
            yield Piece(data, tuple(group), data)

    def patch(self, run: Run) -> Iterator[Piece]:
        """New bytes, file by file."""
        at, end = run.start, run.start + run.length
        while at < end:
            extent, path, until = self.find_owner(at, end)
            data = self.image[at:until]
            if not data.strip(b"\0"):
                yield from cut_plain(data)
            elif extent is not None and (file := self.find_old_file(path)):
                place = at - extent.offset + extent.file_offset
                yield from cut_with_base(data, self.source, file, at=place)
            else:
                yield from self.patch_near(data, at)
            at = until

    def find_owner(self, at: int, end: int) -> tuple[FileExtent | None, str, int]:
        """Whose bytes stand at `at`, and how far they reach."""
        number = bisect_right(self.owned, at, key=lambda one: one[0].offset) - 1
        following = self.owned[number + 1][0].offset if number + 1 < len(self.owned) else end
        if number >= 0:
            extent, path = self.owned[number]
            if (reach := -(-(extent.offset + extent.length) // BLOCK) * BLOCK) > at:
                return extent, path, min(end, reach)
        return None, "", min(end, following)

    def find_old_file(self, path: str) -> list[Extent]:
        old = path if path in self.old_files else self.like.get(generalize(path), "")
        return [(one.offset, one.length) for one in self.old_files.get(old, ())]

    def patch_near(self, data: bytes, at: int) -> Iterator[Piece]:
        """What is in no file (tables, directories) is like what stood at the same place."""
        for offset in range(0, len(data), PATCH_BYTES):
            part = data[offset : offset + PATCH_BYTES]
            low = max(0, at + offset - NEAR_BYTES)
            high = min(len(self.old), at + offset + len(part) + NEAR_BYTES)
            near = [(low, high - low)] if low < high else []
            yield Piece(part, tuple(near), read_extents(self.source, near))


def gather(extents: list[Extent]) -> Iterator[list[Extent]]:
    """Extents in groups that one chunk may copy."""
    group: list[Extent] = []
    room = MOST_COPY_BYTES
    for start, whole in extents:
        offset, length = start, whole
        while length:
            part = min(length, room)
            group.append((offset, part))
            offset, length, room = offset + part, length - part, room - part
            if not room or len(group) == MOST_COPY_EXTENTS:
                yield group
                group, room = [], MOST_COPY_BYTES
    if group:
        yield group


def hash_blocks(image: Image) -> dict[bytes, int]:
    """Where each block is first, but for zeros: they cost nothing anyway."""
    found: dict[bytes, int] = {}
    for at in range(0, len(image) - BLOCK + 1, BLOCK):
        block = image[at : at + BLOCK]
        if block != ZEROS:
            found.setdefault(hash_block(block), at)
    return found


def hash_block(block: bytes) -> bytes:
    return hashlib.blake2b(block, digest_size=8).digest()


def locate(inner: Image, new: Image) -> list[Run]:
    """Where an image lies in an uncompressed squashfs: its blocks in order, none for zeros.

    `Run.old` is the place in `inner`.
    """
    runs: list[Run] = []
    at = new.find(inner[:SQUASHFS_BLOCK])
    for place in range(0, len(inner), SQUASHFS_BLOCK):
        block = inner[place : place + SQUASHFS_BLOCK]
        if not block.strip(b"\0") or at < 0:
            continue
        if new[at : at + len(block)] != block and (at := new.find(block, at)) < 0:
            break
        last = runs[-1] if runs else Run(0, 0, None)
        if (last.start + last.length, (last.old or 0) + last.length) == (at, place) and runs:
            runs[-1] = last._replace(length=last.length + len(block))
        else:
            runs.append(Run(at, len(block), place))
        at += len(block)
    return runs
