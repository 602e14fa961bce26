"""The hash tree of a slot (dm-verity), behind its ext4 file system in the same partition.

    words = read_verity_options(Path("/dev/disk/by-partlabel/root-b"))

Reads: both superblocks and the topmost block of the tree. Writes: nothing.
Never: verifies blocks: the kernel does, against the root hash that is worked out here.

Sources: docs.kernel.org, "Ext4 superblock"; cryptsetup's wiki, "DMVerity", format 1.
"""

import hashlib
import struct
from pathlib import Path

from appliance.wording.sentence import say
from ota.errors import SlotError

SWITCH = "systemd.verity=yes"  # on the command line of an image that has a tree
EXT4_AT, EXT4_MAGIC, HAS_64BIT = 1024, 0xEF53, 0x80
SUPERBLOCK = struct.Struct("<8sII16s32sIIQH6x256s")
SIGNATURE = b"verity\0\0"
MOST_BLOCK_BYTES = 64 * 1024
INCOMPLETE = "slot-incomplete"
TREE_BLOCK_BYTES, HASHES_IN_BLOCK = 4096, 128  # of the trees of our build, with SHA-256


def read_verity_options(image: Path) -> list[str]:
    """The words of a command line by which the slot is verified; raises `SlotError`."""
    try:
        with image.open("rb") as file:
            file.seek(EXT4_AT)
            offset = read_ext4_bytes(file.read(1024), image)
            file.seek(offset)
            head = file.read(SUPERBLOCK.size)
            block_bytes, salt = parse_superblock(head, offset, image)
            file.seek(offset + block_bytes)
            top = file.read(block_bytes)
    except OSError as error:
        raise SlotError(
            say("{image} cannot be read: {cause}", image=image, cause=error.strerror),
            "slot-unreadable",
        ) from error
    root_hash = hashlib.sha256(salt + top).hexdigest()
    return [f"roothash={root_hash}", f"systemd.verity_root_options=hash-offset={offset}"]


def measure_tree(system_bytes: int) -> int:
    """The size in bytes of the hash tree behind a file system of an image of `VERITY=1`."""
    level, blocks = system_bytes // TREE_BLOCK_BYTES, 1
    while level > 1:
        level = -(-level // HASHES_IN_BLOCK)
        blocks += level
    return blocks * TREE_BLOCK_BYTES


def read_ext4_bytes(superblock: bytes, image: Path) -> int:
    """The size of the file system, in bytes."""
    if len(superblock) < 1024 or struct.unpack_from("<H", superblock, 0x38)[0] != EXT4_MAGIC:
        raise SlotError(say("{image} has no ext4 file system", image=image), INCOMPLETE)
    low, log_size = (struct.unpack_from("<I", superblock, at)[0] for at in (0x04, 0x18))
    wide = struct.unpack_from("<I", superblock, 0x60)[0] & HAS_64BIT
    high = struct.unpack_from("<I", superblock, 0x150)[0] if wide else 0
    return int((high << 32 | low) << (10 + min(log_size, 6)))


def parse_superblock(head: bytes, data_bytes: int, image: Path) -> tuple[int, bytes]:
    """Size of a block of the tree in bytes, and the salt. The tree is of all of the file system."""
    if len(head) < SUPERBLOCK.size or not head.startswith(SIGNATURE):
        raise SlotError(
            say(
                "{image} has no hash tree behind its file system, and the system in it asks for "
                "one ({switch}): it is not an image of `make image VERITY=1`",
                image=image,
                switch=SWITCH,
            ),
            INCOMPLETE,
        )
    _, version, kind, _, algorithm, data, block, count, salt_bytes, salt = SUPERBLOCK.unpack(head)
    known = (version, kind, algorithm.rstrip(b"\0")) == (1, 1, b"sha256")
    if not known or block > MOST_BLOCK_BYTES or salt_bytes > 256 or count * data != data_bytes:
        raise SlotError(
            say("{image} has a hash tree of a kind that is not known", image=image), INCOMPLETE
        )
    return block, salt[:salt_bytes]
