"""The real disk behind `Files`.

Reads and writes: the files that it is asked for.
Never: follows a symbolic link where it writes, or reads what is no regular file.
"""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.wording.sentence import say


class Disk:
    """`Files` of this computer."""

    def read(self, path: Path, *, most_bytes: int) -> bytes:
        data = self.read_at(path, 0, most_bytes + 1)
        if len(data) > most_bytes:
            raise OSError(
                errno.EFBIG, say("more than {most_bytes} bytes", most_bytes=most_bytes), str(path)
            )
        return data

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        handle = open_regular(path, os.O_RDONLY)
        try:
            return pread_whole(handle, offset=offset, length=length)
        finally:
            os.close(handle)

    def measure(self, path: Path) -> int | None:
        with suppress(FileNotFoundError, NotADirectoryError):
            found = path.lstat()
            return found.st_size if stat.S_ISREG(found.st_mode) else None
        return None

    def list_names(self, path: Path) -> list[str]:
        with suppress(FileNotFoundError, NotADirectoryError):
            return sorted(os.listdir(path))
        return []

    def is_directory(self, path: Path) -> bool:
        return path.is_dir() and not path.is_symlink()

    def read_link(self, path: Path) -> str | None:
        with suppress(FileNotFoundError, NotADirectoryError):
            if path.is_symlink():
                return os.readlink(path)
        return None

    def free_bytes(self, path: Path) -> int:
        return shutil.disk_usage(path).free

    def make_directory(self, path: Path) -> None:
        # With a mode of its own for each: a service's umask would let its whole group write there.
        try:
            path.mkdir(mode=0o755, exist_ok=True)
        except FileNotFoundError:
            if path == path.parent:
                raise
            self.make_directory(path.parent)
            self.make_directory(path)

    def write(
        self, path: Path, data: bytes, *, offset: int | None = None, mode: int = 0o644
    ) -> None:
        fresh = os.O_TRUNC if offset is None else 0
        if fresh:
            remove_other_owners(path)
        handle = open_regular(path, os.O_WRONLY | os.O_CREAT | fresh, mode)
        try:
            if fresh:
                os.fchmod(handle, mode)
            with naming(path):
                pwrite_whole(handle, data, offset or 0)
        finally:
            os.close(handle)

    def truncate(self, path: Path, length: int) -> None:
        os.truncate(path, length)

    def sync(self, path: Path) -> None:
        handle = open_regular(path, os.O_RDONLY)
        try:
            with naming(path):
                os.fsync(handle)
        finally:
            os.close(handle)

    def sync_directory(self, path: Path) -> None:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with naming(path):
                os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, old: Path, new: Path) -> None:
        old.replace(new)

    def link(self, old: Path, new: Path) -> None:
        new.hardlink_to(old)

    def make_link(self, target: str, path: Path) -> None:
        path.symlink_to(target)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def remove_directory(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            path.rmdir()


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """What the kernel refuses for an open file names no file: it gets the name of `path`."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def open_regular(path: Path, flags: int, mode: int = 0o644) -> int:
    """A descriptor of a regular file; raises `OSError`, also for a pipe, a device or a link."""
    handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, say("no regular file"), str(path))
    return handle


def remove_other_owners(path: Path) -> None:
    """A file that another user left half made, as root does where `unitctl update` is killed: this
    user may not write it, but it may remove it.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        if path.lstat().st_uid != os.geteuid():
            path.unlink()


def pread_whole(handle: int, *, offset: int, length: int) -> bytes:
    found = bytearray()
    while len(found) < length and (
        part := os.pread(handle, min(length - len(found), 2**24), offset + len(found))
    ):
        found += part
    return bytes(found)


def pwrite_whole(handle: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written
