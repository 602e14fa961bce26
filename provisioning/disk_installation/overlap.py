"""Do two paths lead to the same bytes: through links, partitions, loop devices and file systems.

    if overlaps(os.stat("unit.raw"), os.stat("/dev/sdb")): ...
    list_loops(os.stat("disk.raw"))     # ["/dev/loop0"]: those that the file is attached to

Reads: sysfs, and of a loop device which file it has (ioctl). Writes: nothing.
Never: goes by names: device and inode say what is the same.
"""

import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DEVICES = Path("/sys/dev/block")
BLOCK = Path("/sys/block")
LOOP_GET_STATUS64 = 0x4C05  # linux/loop.h; it begins with the file's device and inode
LOOP_STATUS_BYTES = 232


class Place(NamedTuple):
    """A block device, or a file by its file system's device and its inode (which is never 0)."""

    device: int
    inode: int = 0


def find_place(found: os.stat_result) -> Place:
    if stat.S_ISBLK(found.st_mode):
        return Place(found.st_rdev)
    return Place(found.st_dev, found.st_ino)


def overlaps(source: os.stat_result, target: os.stat_result) -> bool:
    """Whether the source would be changed by what is written to the target."""
    read, written = find_place(source), find_place(target)
    if set(walk_down(written, into_files=False)) & set(walk_down(read, into_files=True)):
        return True
    return not read.inode and read in walk_down(written, into_files=True)


def walk_down(place: Place, *, into_files: bool) -> Iterator[Place]:
    """It and all that it rests on; `into_files`: also the disk on which a file lies."""
    yield place
    if place.inode:
        below = [Place(place.device)] if into_files else []
    else:
        below = list_carriers(find_node(place.device))
    for one in below:
        yield from walk_down(one, into_files=into_files)


def find_node(device: int) -> Path:
    return (DEVICES / f"{os.major(device)}:{os.minor(device)}").resolve()


def list_carriers(node: Path) -> list[Place]:
    """What a block device rests on: a disk, the parts of a RAID, the file of a loop device."""
    files = [*node.glob("slaves/*/dev"), *([node.parent / "dev"] if is_partition(node) else [])]
    backing = find_backing(node)
    return [*(read_device(one) for one in files), *([backing] if backing else [])]


def is_partition(node: Path) -> bool:
    return (node / "partition").exists()


def read_device(file: Path) -> Place:
    major, _, minor = file.read_text().strip().partition(":")
    return Place(os.makedev(int(major), int(minor)))


def find_backing(node: Path) -> Place | None:
    """The file of a loop device that has one: as the kernel knows it, else by its path."""
    try:
        path = (node / "loop/backing_file").read_text().removesuffix("\n")
    except OSError:
        return None
    try:
        return ask_kernel(Path("/dev") / node.name)
    except OSError:
        return find_place(os.stat(path)) if os.path.exists(path) else None


def ask_kernel(device: Path) -> Place:
    """Also where the file was renamed or deleted since; raises `OSError`."""
    descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = fcntl.ioctl(descriptor, LOOP_GET_STATUS64, bytes(LOOP_STATUS_BYTES))
    finally:
        os.close(descriptor)
    return Place(*struct.unpack_from("=QQ", status))


def list_loops(target: os.stat_result) -> list[str]:
    """The loop devices, other than itself, that what is written to the target comes through."""
    written = set(walk_down(find_place(target), into_files=False))
    found = sorted(BLOCK.glob("loop*/loop"))
    others = [one.parent for one in found if read_device(one.parent / "dev") not in written]
    return [f"/dev/{one.name}" for one in others if find_backing(one.resolve()) in written]
