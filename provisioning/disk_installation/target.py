"""The disk that is written, past the page cache: what is read back is what the disk holds.

    with open_target(Path("/dev/nvme0n1"), is_file=False) as target:
        target.write(offset, piece)
        target.sync()

Reads and writes: one block device, for itself alone (O_EXCL), or one file.
Never: hides an error behind the page cache: it is raised by the call that it belongs to.
"""

import fcntl
import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from provisioning.disk_installation.errors import RefusedError
from provisioning.disk_installation.plan import PIECE_BYTES

BLKRRPART, BLKFLSBUF = 0x125F, 0x1261  # linux/fs.h


class Target(Protocol):
    """All calls raise `OSError`. Offsets and lengths are whole sectors."""

    path: Path
    size_bytes: int

    def write(self, offset: int, data: bytes) -> None: ...
    def read(self, offset: int, length: int) -> bytes: ...
    def sync(self) -> None: ...
    def is_there(self) -> bool: ...
    def tell_kernel(self) -> None: ...


class Disk:
    """`Target` of a real disk or a file."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._fd = descriptor
        self._buffer = mmap.mmap(-1, PIECE_BYTES)  # aligned, as O_DIRECT wants it
        self.size_bytes = os.lseek(descriptor, 0, os.SEEK_END)

    def write(self, offset: int, data: bytes) -> None:
        view = memoryview(self._buffer)[: len(data)]
        view[:] = data
        while view:
            count = os.pwritev(self._fd, [view], offset)
            view, offset = view[count:], offset + count

    def read(self, offset: int, length: int) -> bytes:
        view = memoryview(self._buffer)[:length]
        at = 0
        while at < length:
            count = os.preadv(self._fd, [view[at:]], offset + at)
            if not count:
                raise OSError(5, "the disk ends here")
            at += count
        return bytes(view)

    def sync(self) -> None:
        """Until the disk has it; what other programs wrote is not kept in memory either."""
        os.fsync(self._fd)
        with suppress(OSError):  # a file
            fcntl.ioctl(self._fd, BLKFLSBUF)
        os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def is_there(self) -> bool:
        """Whether it is still plugged in."""
        try:
            found = os.lseek(self._fd, 0, os.SEEK_END)
            return self.path.exists() and found == self.size_bytes
        except OSError:
            return False

    def tell_kernel(self) -> None:
        """The partitions appear, where nothing holds the disk."""
        with suppress(OSError):
            fcntl.ioctl(self._fd, BLKRRPART)


@contextmanager
def open_target(path: Path, *, is_file: bool) -> Iterator[Disk]:
    """Raises `RefusedError` where it is in use or cannot be opened."""
    flags = os.O_RDWR | os.O_CLOEXEC | (0 if is_file else os.O_EXCL)
    descriptor = open_past_cache(path, flags)
    try:
        if not is_file and not stat.S_ISBLK(os.fstat(descriptor).st_mode):
            raise RefusedError(f"{path} is no disk; for a file that stands for one give --file")
        yield Disk(path, descriptor)
    finally:
        os.close(descriptor)


def open_past_cache(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_DIRECT)
    except OSError as error:
        if error.errno == 22:  # EINVAL: a file system that knows no such thing (tmpfs)
            return os.open(path, flags)
        why = "it is in use" if error.errno == 16 else error.strerror
        raise RefusedError(f"{path} cannot be opened for writing: {why}") from error
