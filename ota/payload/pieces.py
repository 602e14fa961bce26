"""Pieces of a layer that is packed: each becomes one chunk.

Reads: the old layer, where a piece is a patch. Writes: nothing.
Never: makes a piece that an index could not hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ota.payload.index import BLOCK_BYTES, Extent
from ota.payload.sources import Source, read_extents

PATCH_BYTES = 4 * 1024**2  # of one patch
AROUND_BYTES = 2 * 1024**2  # of the old file before and behind it that serve it as dictionary


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that become one chunk; `base`: from which old extents, `old`: their bytes."""

    data: bytes
    base: tuple[Extent, ...] = ()
    old: bytes = b""


def cut_plain(data: bytes) -> Iterator[Piece]:
    for offset in range(0, len(data), BLOCK_BYTES):
        yield Piece(data[offset : offset + BLOCK_BYTES])


def cut_with_base(
    data: bytes, old: Source, file: Sequence[Extent], *, at: int = 0
) -> Iterator[Piece]:
    """`file`: where the old file lies, `at`: where `data` begins in the new one. Equal bytes are a
    copy, others a patch of what is near.
    """
    old_bytes = sum(length for _, length in file)
    for offset in range(0, len(data), PATCH_BYTES):
        part, place = data[offset : offset + PATCH_BYTES], at + offset
        same = select(file, place, place + len(part))
        if read_extents(old, same) == part:
            yield Piece(part, tuple(same), part)
            continue
        low = max(0, min(place, old_bytes - len(part)) - AROUND_BYTES)
        near = select(file, low, place + len(part) + AROUND_BYTES)
        yield Piece(part, tuple(near), read_extents(old, near))


def select(file: Sequence[Extent], start: int, end: int) -> list[Extent]:
    """The extents of a file's bytes from `start` to `end`."""
    found, at = [], 0
    for offset, length in file:
        low, high = max(start, at), min(end, at + length)
        if low < high:
            found.append((offset + low - at, high - low))
        at += length
    return found
