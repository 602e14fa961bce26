"""The disk of a virtual machine: a copy of an image, and the files on its ESP.

Reads: an image; a GPT. Writes: the copy, while no machine runs from it.
Never: changes the image.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from provisioning.image.tools import ImageError, run

SECTOR_BYTES = 512
HEADER = struct.Struct("<8s64xQII")  # of a GPT: signature, then where its entries are, their number
ENTRY = struct.Struct("<32xQQ8x72s")  # first and last sector, name


@dataclass(frozen=True, slots=True)
class Partition:
    """Where it lies on the disk, in bytes."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class GuestDisk:
    """A raw disk image."""

    path: Path

    @classmethod
    def copy(cls, image: Path, path: Path, *, least_bytes: int = 0) -> "GuestDisk":
        """A copy with holes where the image has them; a longer one where `least_bytes` says so."""
        run("cp", "--sparse=always", "--reflink=auto", image, path)
        if path.stat().st_size < least_bytes:
            with path.open("r+b") as file:
                file.truncate(least_bytes)
        return cls(path)

    def find(self, label: str) -> Partition:
        """The partition of that name; raises `ImageError`."""
        with self.path.open("rb") as file:
            file.seek(SECTOR_BYTES)
            signature, first, number, bytes_each = HEADER.unpack(file.read(HEADER.size))
            if signature != b"EFI PART":
                raise ImageError(f"{self.path} holds no GPT: it is no disk image")
            file.seek(first * SECTOR_BYTES)
            table = file.read(number * bytes_each)
        for at in range(0, len(table), bytes_each):
            begin, end, name = ENTRY.unpack_from(table, at)
            if name.decode("utf-16-le").rstrip("\0") == label:
                return Partition(begin * SECTOR_BYTES, (end + 1 - begin) * SECTOR_BYTES)
        raise ImageError(f"{self.path} has no partition {label}")

    def put(self, text: str, place: str) -> None:
        """Write a file on the ESP; `place`: below it, in a directory that is there."""
        source = self.path.with_name("file-for-esp")
        source.write_text(text)
        run("mcopy", "-o", "-i", self._esp, source, f"::{place}")
        source.unlink()

    def put_file(self, source: Path, place: str) -> None:
        """The same, of a file of this computer."""
        run("mcopy", "-o", "-i", self._esp, source, f"::{place}")

    def fetch(self, place: str, path: Path) -> None:
        """A file of the ESP to this computer."""
        run("mcopy", "-o", "-n", "-i", self._esp, f"::{place}", path)

    def read(self, place: str) -> str:
        """What a file on the ESP says."""
        return run("mtype", "-i", self._esp, f"::{place}")

    def list(self, place: str) -> list[str]:
        """The names in a directory of the ESP."""
        listed = run("mdir", "-b", "-i", self._esp, f"::{place}").split()
        return sorted(Path(one.rstrip("/")).name for one in listed)

    @property
    def _esp(self) -> str:
        """In the notation of mtools."""
        return f"{self.path}@@{self.find('esp').start}"
