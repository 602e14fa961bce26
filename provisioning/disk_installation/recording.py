"""Writes all pieces, reads all of them back, and makes the disk bootable only then.

    recording = Recording(target, plan, progress)
    recording.erase()
    system_sha256 = recording.write_system(source)
    recording.write_data(file)
    recording.verify()
    recording.write_begin()        # of the ESP; then the partition table

Reads: a source, the target. Writes: the target.
Never: leaves a disk that boots half: at each moment before the end it has no partition table.
"""

import hashlib
from collections.abc import Iterable
from typing import BinaryIO

from ota.slots.verity import measure_tree
from provisioning.disk_installation.errors import UnfinishedError
from provisioning.disk_installation.plan import PIECE_BYTES, Plan, measure_system
from provisioning.disk_installation.progress import Progress
from provisioning.disk_installation.source import Source
from provisioning.disk_installation.table import MIB, SECTOR_BYTES
from provisioning.disk_installation.target import Target

BLOCK_BYTES = 4096
MOST_BAD = 10  # pieces; a disk that dies takes half a minute for each


class Recording:
    """What was written, by its place in bytes. All calls raise `UnfinishedError`."""

    def __init__(self, target: Target, plan: Plan, progress: Progress) -> None:
        self._target, self._plan, self._progress = target, plan, progress
        self._digests: dict[int, bytes] = {}
        self._held: dict[int, bytes] = {}

    @property
    def written_bytes(self) -> int:
        return PIECE_BYTES * (len(self._digests) + len(self._held))

    def erase(self) -> None:
        """The tables at both ends, and with them whatever could be booted."""
        last = self._target.size_bytes // SECTOR_BYTES * SECTOR_BYTES - PIECE_BYTES
        for place in (0, last):
            self._write(place, bytes(PIECE_BYTES), noted=False)
        self._sync()

    def write_system(self, source: Source) -> str:
        """ESP and both slots; the SHA-256 of the system."""
        self._progress.begin("writing")
        digest, left = hashlib.sha256(), 0
        for offset, piece in source.read():
            if self._plan.is_system_begin(offset):
                left = self._measure(piece)
            places = self._plan.find_places(offset)
            if len(places) == 2:
                digest.update(piece[:left])
                left -= min(left, len(piece))
            self._put(places, piece)
        return digest.hexdigest()

    def _measure(self, begin: bytes) -> int:
        """The bytes of all that a slot needs: file system, hash tree, signed kernel."""
        found = measure_system(begin)
        most = self._plan.table.get("root-a").size
        if not 0 < found <= most:
            raise UnfinishedError("the system in the image is damaged: it is no ext4 file system")
        if found + measure_tree(found) <= self._plan.system_bytes < most:
            found = self._plan.system_bytes  # as the manifest says: with its hash tree
        self._plan.system_bytes = found
        return found

    def write_data(self, file: BinaryIO) -> None:
        """The data partition."""
        place = self._plan.table.get("data").begin
        while piece := file.read(PIECE_BYTES):
            self._put((place,), piece)
            place += len(piece)
        self._sync()
        self._progress.end()

    def _put(self, places: Iterable[int], piece: bytes) -> None:
        for place in places:
            if self._plan.is_held(place):
                self._held[place] = piece
            else:
                self._write(place, piece)
            self._progress.show(self.written_bytes, self._plan.to_write_bytes)

    def verify(self) -> None:
        """Read all of it back."""
        self._progress.begin("reading back")
        bad: list[int] = []
        for count, (place, digest) in enumerate(sorted(self._digests.items()), 1):
            if not self._is_same(place, digest):
                bad.append(place)
            if len(bad) >= MOST_BAD:
                break
            self._progress.show(count * PIECE_BYTES, len(self._digests) * PIECE_BYTES)
        self._progress.end()
        if bad:
            raise UnfinishedError(
                f"{describe_count(len(bad))} cannot be read back as it was written, the first at "
                f"{describe_place(self._find_bad(bad[0]))}: {self._target.path} is not usable; "
                "take another"
            )

    def _is_same(self, place: int, digest: bytes) -> bool:
        try:
            data = self._target.read(place, PIECE_BYTES)
        except OSError:
            self._require_there()
            return False
        return hashlib.sha256(data).digest() == digest

    def write_begin(self) -> None:
        """What was held back of the ESP, and read it back."""
        for place, piece in self._held.items():
            self._write(place, piece)
        self._sync()
        for place, piece in self._held.items():
            if not self._is_same(place, hashlib.sha256(piece).digest()):
                raise UnfinishedError(
                    f"the begin of the ESP cannot be read back: {self._target.path} is not usable; "
                    "take another"
                )

    def _write(self, place: int, piece: bytes, *, noted: bool = True) -> None:
        try:
            self._target.write(place, piece)
        except OSError as error:
            self._require_there()
            where = describe_place(self._find_unwritable(place, piece))
            raise UnfinishedError(
                f"{self._target.path} cannot be written at {where}: {error.strerror}; it is not "
                "usable; take another"
            ) from error
        if noted:
            self._digests[place] = hashlib.sha256(piece).digest()

    def _sync(self) -> None:
        try:
            self._target.sync()
        except OSError as error:
            self._require_there()
            raise UnfinishedError(
                f"{self._target.path} does not keep what is written ({error.strerror}): it is not "
                "usable; take another"
            ) from error

    def _require_there(self) -> None:
        if not self._target.is_there():
            raise UnfinishedError(
                f"{self._target.path} is gone (pulled out, or without supply) after "
                f"{self.written_bytes // MIB} MiB: connect it and run this again"
            )

    def _find_unwritable(self, place: int, piece: bytes) -> int:
        for at in range(0, len(piece), BLOCK_BYTES):
            try:
                self._target.write(place + at, piece[at : at + BLOCK_BYTES])
            except OSError:
                return place + at
        return place

    def _find_bad(self, place: int) -> int:
        """The first block that cannot be read; the begin of the piece where all can."""
        for at in range(place, place + PIECE_BYTES, BLOCK_BYTES):
            try:
                self._target.read(at, BLOCK_BYTES)
            except OSError:
                return at
        return place


def describe_place(place: int) -> str:
    return f"sector {place // SECTOR_BYTES} ({place // MIB} MiB from its begin)"


def describe_count(pieces: int) -> str:
    return f"at least {MOST_BAD} MiB" if pieces >= MOST_BAD else f"{pieces} MiB"
