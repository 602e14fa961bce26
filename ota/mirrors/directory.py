"""A mirror that is a directory: a USB stick, a disk, a share; also pulled out while it is read.

    mirror = DirectoryMirror("file:///media/usb/updates")

Reads: regular files below the directory. Writes: nothing.
Never: follows a link inside of the tree, or waits at a pipe or device.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from appliance.wording.sentence import say
from ota.errors import LinkError
from ota.mirrors.mirror import NotThereError

PART_BYTES = 64 * 1024
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
GONE = (errno.ENOENT, errno.ENOTDIR)


class DirectoryMirror:
    """`address`: file:///PATH, or a path."""

    def __init__(self, address: str) -> None:
        self.root = Path(unquote(urlsplit(address).path))
        self.name = f"file://{self.root}"

    def read(self, path: str, *, offset: int = 0, most_bytes: int) -> Iterator[bytes]:
        """As `Mirror.read`."""
        try:
            yield from self.read_parts(path, offset, offset + most_bytes)
        except OSError as error:
            raise self.make_error(path, error) from error
        except ValueError as error:  # a zero byte in a name
            raise LinkError(
                say("{name} names no directory ({error})", name=self.name, error=error),
                "no-address",
            ) from error

    def read_parts(self, path: str, offset: int, end: int) -> Iterator[bytes]:
        handle = self.open(path)
        try:
            while offset < end and (
                data := os.pread(handle, min(PART_BYTES, end - offset), offset)
            ):
                offset += len(data)
                yield data
        finally:
            os.close(handle)

    def open(self, path: str) -> int:
        """Down from directory to directory, so that no link leads elsewhere."""
        *folders, name = path.split("/")
        if any(one in ("", ".", "..") for one in (*folders, name)):
            raise OSError(errno.EINVAL, say("the path leaves its directory"), path)
        handle = os.open(self.root, DIRECTORY)
        try:
            for folder in folders:
                above, handle = handle, os.open(folder, DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
                os.close(above)
            return self.open_file(name, handle)
        finally:
            os.close(handle)

    def open_file(self, name: str, folder: int) -> int:
        handle = os.open(name, FILE, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(errno.EINVAL, say("no regular file"), name)
        return handle

    def make_error(self, path: str, error: OSError) -> LinkError:
        if error.errno in GONE and self.root.is_dir():
            return NotThereError(
                say("{self} has no {path}; copy the whole tree to it", self=self.name, path=path),
                "not-there",
            )
        if error.errno in GONE:
            return LinkError(
                say("{self} is not there; plug the stick in, mount it", self=self.name), "no-mirror"
            )
        return LinkError(
            say(
                "{path} of {self} cannot be read ({error}); plug the stick in again, or copy the "
                "tree to another one",
                path=path,
                self=self.name,
                error=error,
            ),
            "unreadable",
        )
