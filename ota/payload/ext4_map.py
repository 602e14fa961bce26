"""Where in an ext4 image each file lies: for differences between two images, file by file.

    for path, extents in read_file_map(image).items(): ...

Reads: the bytes of an image that was built here. Writes: nothing.
Never: is run on a unit; an image of another file system has no files here.
"""

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import NamedTuple

Image = bytes | mmap
MAGIC, EXTENT_MAGIC = 0xEF53, 0xF30A
HAS_64BIT, USES_EXTENTS = 0x80, 0x80000
MOST_DEPTH = 5  # of an extent tree
ROOT_INODE, LOST_AND_FOUND = 2, "lost+found"


class FileExtent(NamedTuple):
    """A run of a file's bytes in the image, with its offset in the file."""

    offset: int
    length: int
    file_offset: int


FileMap = dict[str, tuple[FileExtent, ...]]


@dataclass(frozen=True, slots=True)
class Ext4:
    """One image. Layout: docs.kernel.org/filesystems/ext4."""

    image: Image
    block_bytes: int
    inodes_per_group: int
    inode_bytes: int
    descriptor_bytes: int
    first_block: int

    def read_block(self, number: int) -> bytes:
        return self.image[number * self.block_bytes : (number + 1) * self.block_bytes]

    def read_inode(self, number: int) -> bytes:
        group, place = divmod(number - 1, self.inodes_per_group)
        table = (self.first_block + 1) * self.block_bytes + group * self.descriptor_bytes
        (block,) = struct.unpack_from("<I", self.image, table + 8)
        if self.descriptor_bytes >= 64:
            block |= struct.unpack_from("<I", self.image, table + 0x28)[0] << 32
        start = block * self.block_bytes + place * self.inode_bytes
        return self.image[start : start + self.inode_bytes]

    def list_extents(self, inode: bytes) -> list[FileExtent]:
        """The runs of a file; none where it lies in the inode itself."""
        if not struct.unpack_from("<I", inode, 0x20)[0] & USES_EXTENTS:
            return []
        size_bytes = measure(inode)
        found = sorted(self.walk_extents(inode[0x28:0x64], MOST_DEPTH), key=lambda e: e.file_offset)
        cut = ((e, min(e.length, size_bytes - e.file_offset)) for e in found)
        return [e._replace(length=length) for e, length in cut if length > 0]

    def walk_extents(self, node: bytes, depth_left: int) -> Iterator[FileExtent]:
        magic, count, _, depth = struct.unpack_from("<HHHH", node)
        if magic != EXTENT_MAGIC or not depth_left:
            raise struct.error("no extent tree")
        for at in range(12, 12 + 12 * count, 12):
            block, low, high, start = struct.unpack_from("<IHHI", node, at)
            if depth:
                leaf, leaf_high = struct.unpack_from("<IH", node, at + 4)
                yield from self.walk_extents(
                    self.read_block(leaf | leaf_high << 32), depth_left - 1
                )
            elif low <= 0x8000:  # above it: reserved, reads as zeros
                size = self.block_bytes
                yield FileExtent((start | high << 32) * size, low * size, block * size)

    def walk_files(self, number: int, path: str) -> Iterator[tuple[str, list[FileExtent]]]:
        for name, child in self.list_directory(self.read_inode(number)):
            inode = self.read_inode(child)
            (mode,) = struct.unpack_from("<H", inode)
            if stat.S_ISREG(mode):
                yield f"{path}{name}", self.list_extents(inode)
            elif stat.S_ISDIR(mode) and name not in (".", "..", LOST_AND_FOUND):
                yield from self.walk_files(child, f"{path}{name}/")

    def list_directory(self, inode: bytes) -> Iterator[tuple[str, int]]:
        for extent in self.list_extents(inode):
            at, end = extent.offset, extent.offset + extent.length
            while at < end:
                child, step, length = struct.unpack_from("<IHB", self.image, at)
                if child and length:
                    name = self.image[at + 8 : at + 8 + length]
                    yield name.decode(errors="surrogateescape"), child
                at += max(step, 8)


def measure(inode: bytes) -> int:
    """Size of a file in bytes."""
    low: int = struct.unpack_from("<I", inode, 4)[0]
    high: int = struct.unpack_from("<I", inode, 0x6C)[0]
    return low | high << 32


def read_file_map(image: Image) -> FileMap:
    """Path -> extents of each regular file that has any; {} of what is no ext4."""
    try:
        found = open_ext4(image)
        files = found.walk_files(ROOT_INODE, "") if found else ()
        return {path: tuple(extents) for path, extents in files if extents}
    except struct.error:
        return {}


def open_ext4(image: Image) -> Ext4 | None:
    if len(image) < 4096 or struct.unpack_from("<H", image, 1024 + 0x38)[0] != MAGIC:
        return None
    (first_block, log_size) = struct.unpack_from("<II", image, 1024 + 0x14)
    (features,) = struct.unpack_from("<I", image, 1024 + 0x60)
    return Ext4(
        image=image,
        block_bytes=1024 << log_size,
        inodes_per_group=struct.unpack_from("<I", image, 1024 + 0x28)[0],
        inode_bytes=struct.unpack_from("<H", image, 1024 + 0x58)[0],
        descriptor_bytes=(
            struct.unpack_from("<H", image, 1024 + 0xFE)[0] if features & HAS_64BIT else 32
        ),
        first_block=first_block,
    )
