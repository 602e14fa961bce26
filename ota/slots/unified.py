"""The signed file that a slot boots where Secure Boot verifies it: a unified kernel image. It lies
behind the slot's hash tree, since its command line names the root hash of that tree.

    found = find_unified(Path("/dev/disk/by-partlabel/root-b"))     # None: this slot has none

Reads: the slot's superblock, one block behind its hash tree. Writes: nothing.
Never: verifies a signature: the firmware does, before it runs the file.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from appliance.wording.sentence import say
from ota.errors import SlotError
from ota.slots.verity import EXT4_AT, measure_tree, read_ext4_bytes

MAGIC = b"unit-unified-1\0\0"
HEADER = struct.Struct("<16sQ")  # then zeros, up to a block; then the file
HEADER_BYTES = 4096
MOST_BYTES = 256 * 2**20
PE = b"MZ"


@dataclass(frozen=True, slots=True)
class Unified:
    """Where the file lies: in `image`, at `offset`, so many bytes."""

    image: Path
    offset: int
    length: int


def format_header(length: int) -> bytes:
    """What stands before the file. `length`: in bytes."""
    return HEADER.pack(MAGIC, length).ljust(HEADER_BYTES, b"\0")


def find_unified(image: Path) -> Unified | None:
    """The signed file of a slot; raises `SlotError`. `image`: its partition, or its bytes."""
    try:
        with image.open("rb") as file:
            file.seek(EXT4_AT)
            system_bytes = read_ext4_bytes(file.read(1024), image)
            at = system_bytes + measure_tree(system_bytes)
            file.seek(at)
            head = file.read(HEADER_BYTES + len(PE))
    except OSError as error:
        raise SlotError(
            say("{image} cannot be read: {cause}", image=image, cause=error.strerror),
            "slot-unreadable",
        ) from error
    if not head.startswith(MAGIC):
        return None
    _, length = HEADER.unpack_from(head)
    if not 0 < length <= MOST_BYTES or not head.endswith(PE):
        raise SlotError(
            say("{image} has a signed kernel that is not whole", image=image), "slot-incomplete"
        )
    return Unified(image, at + HEADER_BYTES, length)
