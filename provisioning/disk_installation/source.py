"""What is installed: an image (a file, packed by zstd or not, or standard input), piece by piece.

    with open_image(Path("unit.raw.zst"), manifest) as image:
        for offset, piece in image.read(): ...

Reads: the image, its manifest. Writes: nothing.
Never: gives the last piece of an image that is not the one of its manifest without saying so.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from appliance.strict_json import InputError, parse_object, require_text, require_whole_number
from provisioning.disk_installation.errors import RefusedError, UnfinishedError
from provisioning.disk_installation.plan import PIECE_BYTES
from provisioning.disk_installation.table import Table, TableError, parse_table

STANDARD_INPUT = Path("-")
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
MACHINE = "x86-64"
MOST_BYTES, MOST_DISK_BYTES = 4 * 2**20, 2**43
LONGEST = 200


class Source(Protocol):
    """`release`: "" where it is not known; `system_bytes`: 0 where it is not known yet."""

    table: Table
    release: str
    system_bytes: int

    def read(self) -> Iterator[tuple[int, bytes]]:
        """Each piece with its offset in bytes; raises `UnfinishedError`, `OSError`."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What manifest.json says of the image. `system_bytes`: the file system in slot A."""

    release: str
    disk_bytes: int
    disk_sha256: str
    system_bytes: int


def read_manifest(path: Path) -> Manifest:
    """Raises `RefusedError`."""
    try:
        with path.open("rb") as file:
            tree = parse_object(file.read(MOST_BYTES + 1), most_bytes=MOST_BYTES)
        if tree.get("machine") != MACHINE:
            raise RefusedError(
                f"{path}: this image is for {tree.get('machine')}; units that are installed from "
                f"an image are {MACHINE} (a Jetson takes the .deb: docs/units.md)"
            )
        disk, slot = tree["files"]["disk"], tree["files"]["slot"]
        return Manifest(
            require_text(tree.get("release"), "release", LONGEST),
            require_whole_number(disk.get("bytes"), "files.disk.bytes", 1, MOST_DISK_BYTES),
            require_text(disk.get("sha256"), "files.disk.sha256", LONGEST),
            require_whole_number(slot.get("bytes"), "files.slot.bytes", 1, MOST_DISK_BYTES),
        )
    except OSError as error:
        raise RefusedError(
            f"{path} cannot be read ({error.strerror}): it belongs to the image and says whether "
            "that is whole; name it with --manifest"
        ) from error
    except (InputError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(f"{path} is no manifest of an image: {error}") from error


class Image:
    """`Source` of an image. `stream`: at its begin, unpacked."""

    def __init__(self, name: str, stream: IO[bytes], manifest: Manifest | None) -> None:
        self._name, self._stream, self._manifest = name, stream, manifest
        self.release = manifest.release if manifest else ""
        self.system_bytes = manifest.system_bytes if manifest else 0
        self._head = stream.read(PIECE_BYTES)
        if self._head.startswith(ZSTD_MAGIC):
            raise RefusedError(f"{name} is packed: `zstd -dc IMAGE | provisioning/install-image -`")
        try:
            self.table = parse_table(self._head)
        except TableError as error:
            raise RefusedError(f"{name} is no image of a unit, or damaged: {error}") from error
        if manifest and manifest.disk_bytes != self.table.disk_bytes:
            raise RefusedError(f"{name} is not the image of this manifest: their sizes differ")

    def read(self) -> Iterator[tuple[int, bytes]]:
        digest, offset, piece = hashlib.sha256(), 0, self._head
        while piece:
            digest.update(piece)
            if offset + len(piece) <= self.table.disk_bytes:
                yield offset, piece
            offset += len(piece)
            piece = self._read_piece()
        self._check(offset, digest.hexdigest())

    def _read_piece(self) -> bytes:
        try:
            return self._stream.read(PIECE_BYTES)
        except OSError as error:
            raise UnfinishedError(f"{self._name} cannot be read: {error.strerror}") from error

    def _check(self, read_bytes: int, sha256: str) -> None:
        if read_bytes != self.table.disk_bytes:
            raise UnfinishedError(
                f"{self._name} ends after {read_bytes} of {self.table.disk_bytes} bytes, or goes "
                "on after them: it is damaged or not whole; fetch it again"
            )
        if self._manifest and sha256 != self._manifest.disk_sha256:
            raise UnfinishedError(
                f"{self._name} is damaged (its SHA-256 is {sha256}, that of its manifest "
                f"{self._manifest.disk_sha256}): fetch it again"
            )


@contextmanager
def open_image(path: Path, manifest: Manifest | None) -> Iterator[Image]:
    """Raises `RefusedError`; what is wrong later is told by `Image.read`."""
    if path == STANDARD_INPUT:
        yield Image("standard input", sys.stdin.buffer, manifest)
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            is_packed = file.read(len(ZSTD_MAGIC)) == ZSTD_MAGIC
            file.seek(0)
        except OSError as error:
            raise RefusedError(f"{path} cannot be read: {error.strerror}") from error
        stream = stack.enter_context(unpacked(file)) if is_packed else file
        if not is_packed and manifest and path.stat().st_size != manifest.disk_bytes:
            raise RefusedError(
                f"{path} has {path.stat().st_size} bytes, its manifest says {manifest.disk_bytes}: "
                "it is damaged or not whole; fetch it again"
            )
        yield Image(str(path), stream, manifest)


@contextmanager
def unpacked(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """What zstd makes of it; a damaged file ends early."""
    os.lseek(file.fileno(), 0, os.SEEK_SET)  # zstd has the descriptor, not what was read ahead
    try:
        process = subprocess.Popen(["zstd", "-dcq"], stdin=file, stdout=subprocess.PIPE)
    except OSError as error:
        raise RefusedError("the image is packed, and there is no zstd: install it") from error
    assert process.stdout
    try:
        yield process.stdout
    finally:
        process.stdout.close()
        process.kill()
        process.wait()
