"""A small file that is there twice: numbered, with its checksum, so that one is always whole.

    copies = Copies(files, directory, "ratchet")
    copies.read_newest()

Reads and writes: NAME.0 and NAME.1 of one directory, through `Files`.
Never: touches the good one of two copies before the other one is on the disk.
"""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ota.files import Files, replace

MOST_BYTES = 512 * 1024
HEAD = re.compile(rb"(\d{1,15}) ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class Copy:
    """Number 0: there is none, or it is damaged."""

    path: Path
    number: int
    body: bytes


class Copies:
    """Two copies, the one with the higher number being the newer."""

    def __init__(self, files: Files, directory: Path, name: str) -> None:
        self.files = files
        self.paths = [directory / f"{name}.{turn}" for turn in (0, 1)]

    def are_there(self) -> bool:
        """Whether any was ever written, even if it is damaged now."""
        return any(self.files.measure(path) is not None for path in self.paths)

    def read(self) -> list[Copy]:
        """Both, the newer first."""
        found = [read_copy(self.files, path) for path in self.paths]
        return sorted(found, key=lambda one: one.number, reverse=True)

    def write_older(self, body: bytes) -> None:
        """In place of the older or damaged one; the other stays as it is."""
        newer, older = self.read()
        replace(self.files, older.path, frame(body, newer.number + 1))

    def write_both(self, body: bytes) -> None:
        """Both, one after the other: losing one loses nothing."""
        newer, older = self.read()
        data = frame(body, newer.number + 1)
        replace(self.files, older.path, data)
        replace(self.files, newer.path, data)

    def heal(self) -> None:
        """Bring a damaged or left-behind copy up to the good one."""
        newer, older = self.read()
        if newer.number > older.number:
            replace(self.files, older.path, frame(newer.body, newer.number))


def read_copy(files: Files, path: Path) -> Copy:
    with suppress(OSError):
        data = files.read(path, most_bytes=MOST_BYTES)
        head = HEAD.match(data)
        if head and data == frame(data[head.end() :], int(head[1])):
            return Copy(path, int(head[1]), data[head.end() :])
    return Copy(path, 0, b"")


def frame(body: bytes, number: int) -> bytes:
    """The checksum covers the number too: a flipped bit must not make a copy the newer one."""
    digest = hashlib.sha256(b"%d %s" % (number, body)).hexdigest()
    return b"%d %s\n%s" % (number, digest.encode(), body)
