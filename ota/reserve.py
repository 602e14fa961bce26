"""Room for the end of an update on a disk that is full: a file that is given up.

    reserve = Reserve(directory / "reserve", disk)
    reserve.fill()                        # at the start of a check-in, where there is room
    files = ReservedFiles(disk, reserve)  # for journal, pointers, trust; not for what is fetched

Reads and writes: the file `reserve` of the update directory; through `Files`.
Never: gives it up for a download, or fails where it cannot be made again.
"""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ota.files import PART, Files, replace

RESERVE = "reserve"
RESERVE_BYTES = 1024**2  # journal, pointers, floors of an update: some 100 kB in blocks of 4 KiB
MARGIN_BYTES = 8 * 1024**2  # what must be free besides for it to be made
FULL = (errno.ENOSPC, errno.EDQUOT)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reserve:
    """`files`: the disk itself."""

    path: Path
    files: Files

    def fill(self) -> None:
        """Make the file where it is missing or too short, and the disk has room."""
        with suppress(OSError):
            if self.files.measure(self.path) == RESERVE_BYTES:
                return
            if self.files.free_bytes(self.path.parent) >= RESERVE_BYTES + MARGIN_BYTES:
                # At random: a file system that compresses would keep no room with zeros.
                replace(self.files, self.path, os.urandom(RESERVE_BYTES), mode=0o600)

    def give_up(self) -> bool:
        """Let go of the room; whether there was any."""
        found = False
        with suppress(OSError):
            for path in (self.path, self.path.with_name(f"{self.path.name}{PART}")):
                found |= self.files.measure(path) is not None
                self.files.remove(path)
            self.files.sync_directory(self.path.parent)
        return found


@dataclass(frozen=True, slots=True)
class ReservedFiles:
    """`Files` that give the reserve up where the disk is full, and try the same once more. What was
    not on the disk when `sync` was refused may be lost: that is for the caller to do again.
    """

    files: Files
    reserve: Reserve

    def _retry(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except OSError as error:
            if error.errno not in FULL or not self.reserve.give_up():
                raise
        return act()

    def read(self, path: Path, *, most_bytes: int) -> bytes:
        return self.files.read(path, most_bytes=most_bytes)

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        return self.files.read_at(path, offset, length)

    def measure(self, path: Path) -> int | None:
        return self.files.measure(path)

    def list_names(self, path: Path) -> list[str]:
        return self.files.list_names(path)

    def is_directory(self, path: Path) -> bool:
        return self.files.is_directory(path)

    def read_link(self, path: Path) -> str | None:
        return self.files.read_link(path)

    def free_bytes(self, path: Path) -> int:
        return self.files.free_bytes(path)

    def make_directory(self, path: Path) -> None:
        self._retry(lambda: self.files.make_directory(path))

    def write(
        self, path: Path, data: bytes, *, offset: int | None = None, mode: int = 0o644
    ) -> None:
        self._retry(lambda: self.files.write(path, data, offset=offset, mode=mode))

    def truncate(self, path: Path, length: int) -> None:
        self._retry(lambda: self.files.truncate(path, length))

    def sync(self, path: Path) -> None:
        try:
            self.files.sync(path)
        except OSError as error:
            if error.errno in FULL:
                self.reserve.give_up()
            raise

    def sync_directory(self, path: Path) -> None:
        self.files.sync_directory(path)

    def rename(self, old: Path, new: Path) -> None:
        self._retry(lambda: self.files.rename(old, new))

    def link(self, old: Path, new: Path) -> None:
        self._retry(lambda: self.files.link(old, new))

    def make_link(self, target: str, path: Path) -> None:
        self._retry(lambda: self.files.make_link(target, path))

    def remove(self, path: Path) -> None:
        self._retry(lambda: self.files.remove(path))

    def remove_directory(self, path: Path) -> None:
        self.files.remove_directory(path)
