"""Which piece of a source goes where on the disk: ESP, system (into both slots), data. Pure.

In: the table, offsets. Out: offsets.
Never: lets the ESP's first part be written with the rest: the disk is bootable at the very end.
"""

import struct
from dataclasses import dataclass

from provisioning.disk_installation.table import MIB, Table

PIECE_BYTES = MIB  # partitions begin and end at whole ones
HELD_PIECES = 4  # of the ESP: its boot sector and the begin of its tables
EXT4_MAGIC = 0xEF53
SUPERBLOCK = 1024


@dataclass(slots=True)
class Plan:
    """`system_bytes`: the file system in slot A, all of the slot until it is known."""

    table: Table
    system_bytes: int = 0

    def __post_init__(self) -> None:
        self.system_bytes = self.system_bytes or self.table.get("root-a").size

    @property
    def to_write_bytes(self) -> int:
        esp, data = self.table.get("esp"), self.table.get("data")
        return esp.size + 2 * self.system_pieces_bytes + data.size

    @property
    def system_pieces_bytes(self) -> int:
        """Whole pieces."""
        return -(-self.system_bytes // PIECE_BYTES) * PIECE_BYTES

    def find_places(self, offset: int) -> tuple[int, ...]:
        """Where the piece at `offset` of the source belongs; nowhere: () (data is made anew)."""
        esp, slot_a, slot_b = (self.table.get(name) for name in ("esp", "root-a", "root-b"))
        if esp.begin <= offset < esp.end:
            return (offset,)
        if slot_a.begin <= offset < slot_a.begin + self.system_pieces_bytes:
            return (offset, offset - slot_a.begin + slot_b.begin)
        return ()

    def is_held(self, place: int) -> bool:
        begin = self.table.get("esp").begin
        return begin <= place < begin + HELD_PIECES * PIECE_BYTES

    def is_system_begin(self, offset: int) -> bool:
        return offset == self.table.get("root-a").begin


def measure_system(begin: bytes) -> int:
    """The size in bytes of the ext4 file system that begins so; 0 where there is none."""
    if len(begin) < 2 * SUPERBLOCK:
        return 0
    blocks_low, log_block = struct.unpack_from("<I16xI", begin, SUPERBLOCK + 4)
    (magic,) = struct.unpack_from("<H", begin, SUPERBLOCK + 0x38)
    (incompatible,) = struct.unpack_from("<I", begin, SUPERBLOCK + 0x60)
    (blocks_high,) = struct.unpack_from("<I", begin, SUPERBLOCK + 0x150)
    if magic != EXT4_MAGIC or log_block > 6:
        return 0
    is_64_bit = bool(incompatible & 0x80)
    blocks: int = blocks_low + (blocks_high << 32) * is_64_bit
    return blocks * int(1024 << log_block)
