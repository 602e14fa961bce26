"""What a power cut leaves of a disk, by QEMU's log of every write to it (blklogwrites).

Reads: such a log, and the disk as it was before. Writes: a disk.
Never: keeps an order that a disk does not promise: what came after the last flush is there, half
there, or not.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

SECTOR_BYTES = 512
SUPERBLOCK = struct.Struct("<QQQI")  # magic, version, number of entries, bytes of a sector
ENTRY = struct.Struct("<QQQQ")  # first sector, sectors, flags, unused
MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD = 1, 2, 4
DROPPED, TORN = 0.4, 0.5  # shares: up to the first a write is lost, up to the second half there


@dataclass(frozen=True, slots=True)
class Order:
    """One that the disk was given. `start`, `length`: bytes; `data_at`: of its data, in the log."""

    start: int
    length: int
    flags: int
    data_at: int

    @property
    def is_flush(self) -> bool:
        return bool(self.flags & FLUSH)

    def touches(self, start: int, length: int) -> bool:
        return self.length > 0 and self.start < start + length and start < self.start + self.length


class DiskLog:
    """`orders`: all, in their order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.orders = list(read_orders(path))

    def cut_power(
        self, disk: Path, moment: int, chance: Random, *, only: range | None = None
    ) -> None:
        """Make of a disk, as it was when the log began, what a cut before order number `moment`
        leaves. `only`: bytes of the disk; the file is that part alone.
        """
        kept = only or range(1 << 62)
        flushes = (at for at in range(moment - 1, -1, -1) if self.orders[at].is_flush)
        durable = next(flushes, 0)
        with self._path.open("rb") as log, disk.open("r+b") as file:
            for at, order in enumerate(self.orders[:moment]):
                if order.touches(kept.start, len(kept)):
                    safe = at < durable or order.flags & FUA
                    length = order.length if safe else shorten(order.length, chance)
                    write(log.fileno(), file.fileno(), order, length, kept)


def read_orders(path: Path) -> Iterator[Order]:
    with path.open("rb") as file:
        magic, _, number, sector = SUPERBLOCK.unpack(file.read(SUPERBLOCK.size))
        assert (magic, sector) == (MAGIC, SECTOR_BYTES), f"{path} is no log of blklogwrites"
        at = sector
        for _ in range(number):
            file.seek(at)
            first, sectors, flags, _ = ENTRY.unpack(file.read(ENTRY.size))
            yield Order(first * sector, sectors * sector, flags, at + sector)
            at += sector + (0 if flags & DISCARD else sectors * sector)


def shorten(length: int, chance: Random) -> int:
    """How much of a write is there that was not flushed: whole sectors from its begin on."""
    drawn = chance.random()
    if drawn < DROPPED:
        return 0
    if drawn < TORN:
        return chance.randrange(length // SECTOR_BYTES + 1) * SECTOR_BYTES
    return length


def write(log: int, disk: int, order: Order, length: int, kept: range) -> None:
    """The part of it that lies in `kept`; what was discarded reads as zeros."""
    start, end = max(order.start, kept.start), min(order.start + length, kept.stop)
    while start < end:
        size = min(end - start, 1 << 20)
        data = bytes(size)
        if not order.flags & DISCARD:
            data = os.pread(log, size, order.data_at + start - order.start)
        os.pwrite(disk, data, start - kept.start)
        start += size
