"""Disks that fail while they are written or read back: a stand-in with the errors of real ones."""

import io
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from provisioning.disk_installation.errors import UnfinishedError
from provisioning.disk_installation.plan import Plan
from provisioning.disk_installation.progress import Progress
from provisioning.disk_installation.recording import Recording
from provisioning.disk_installation.table import MIB, Partition, Table

LINUX = UUID(int=1)
SIZES_MIB = {"esp": 8, "root-a": 4, "root-b": 4, "data": 2}
SYSTEM_AT, COPY_AT, DATA_AT = 9 * MIB, 13 * MIB, 17 * MIB


class FailingDisk:
    """A `Target` in memory. `bad_write`, `bad_read`: bytes that give EIO; `wrong`: that lie."""

    def __init__(self) -> None:
        self.path, self.size_bytes = Path("/dev/sdx"), 20 * MIB
        self.data = bytearray(os.urandom(MIB) * 20)
        self.bad_write = self.bad_read = self.wrong = -1
        self.gone_after = 1 << 60
        self.written = 0

    def write(self, offset: int, data: bytes) -> None:
        self._check(offset, len(data), self.bad_write)
        self.data[offset : offset + len(data)] = data
        self.written += len(data)
        if offset <= self.wrong < offset + len(data):
            self.data[self.wrong] ^= 1

    def read(self, offset: int, length: int) -> bytes:
        self._check(offset, length, self.bad_read)
        return bytes(self.data[offset : offset + length])

    def sync(self) -> None:
        if not self.is_there():
            raise OSError(5, "Input/output error")

    def is_there(self) -> bool:
        return self.written < self.gone_after

    def tell_kernel(self) -> None:
        pass

    def _check(self, offset: int, length: int, bad: int) -> None:
        if not self.is_there():
            raise OSError(19, "No such device")
        if offset <= bad < offset + length:
            raise OSError(5, "Input/output error")


class SmallSource:
    """A `Source`: an ESP, and an ext4 superblock with 3 MiB of blocks behind it."""

    def __init__(self) -> None:
        begins = itertools.accumulate(SIZES_MIB.values(), initial=1)
        parts = [
            Partition(name, LINUX, begin * MIB, size * MIB)
            for (name, size), begin in zip(SIZES_MIB.items(), begins, strict=False)
        ]
        self.table = Table(20 * MIB, tuple(parts))
        self.release, self.system_bytes = "1", 0
        self.system = bytearray(os.urandom(4 * MIB))
        self.system[1024:2048] = bytes(1024)
        self.system[1028:1032] = (3 * MIB // 1024).to_bytes(4, "little")
        self.system[1080:1082] = b"\x53\xef"

    def read(self) -> Iterator[tuple[int, bytes]]:
        for offset in range(0, 20 * MIB, MIB):
            begin = offset - SYSTEM_AT
            yield (
                offset,
                bytes(self.system[begin : begin + MIB])
                if 0 <= begin < 4 * MIB
                else (bytes([offset // MIB]) * MIB),
            )


def record(disk: FailingDisk, source: SmallSource) -> None:
    quiet = Progress(lambda: 0.0, io.StringIO())
    recording = Recording(disk, Plan(source.table), quiet)
    recording.erase()
    recording.write_system(source)
    recording.write_data(io.BytesIO(b"d" * 2 * MIB))
    recording.verify()
    assert disk.data[MIB : 2 * MIB] != b"\1" * MIB, "the ESP's begin is written last"
    recording.write_begin()


def test_what_a_slot_does_not_need_is_not_written() -> None:
    disk, source = FailingDisk(), SmallSource()
    before = bytes(disk.data)
    record(disk, source)
    assert disk.data[SYSTEM_AT : SYSTEM_AT + 3 * MIB] == source.system[: 3 * MIB]
    assert disk.data[COPY_AT : COPY_AT + 3 * MIB] == source.system[: 3 * MIB]
    assert disk.data[COPY_AT + 3 * MIB : DATA_AT] == before[COPY_AT + 3 * MIB : DATA_AT]
    assert disk.data[DATA_AT : DATA_AT + 2 * MIB] == b"d" * 2 * MIB
    assert disk.data[5 * MIB : 6 * MIB] == b"\5" * MIB
    assert disk.data[: 2 * MIB] == bytes(MIB) + b"\1" * MIB


@pytest.mark.parametrize("bad", [SYSTEM_AT + 5000, COPY_AT + MIB - 1, DATA_AT, 2 * MIB + 8192])
def test_a_sector_that_cannot_be_written_is_named(bad: int) -> None:
    disk = FailingDisk()
    disk.bad_write = bad
    with pytest.raises(UnfinishedError, match=f"written at sector {bad // 4096 * 8} .*not usable"):
        record(disk, SmallSource())


@pytest.mark.parametrize("bad", [SYSTEM_AT + 5000, COPY_AT + MIB - 1, DATA_AT])
def test_a_sector_that_cannot_be_read_back_is_named(bad: int) -> None:
    disk = FailingDisk()
    disk.bad_read = bad
    with pytest.raises(UnfinishedError, match=f"1 MiB cannot .*sector {bad // 4096 * 8} .*another"):
        record(disk, SmallSource())


@pytest.mark.parametrize("wrong", [6 * MIB, COPY_AT + 77, DATA_AT + 2 * MIB - 1, MIB + 3])
def test_a_disk_that_gives_back_other_bytes_is_not_usable(wrong: int) -> None:
    disk = FailingDisk()
    disk.wrong = wrong
    with pytest.raises(UnfinishedError, match=r"read back.*not usable"):
        record(disk, SmallSource())


@pytest.mark.parametrize("after_mib", [3, 9, 14])
def test_a_disk_that_is_pulled_out_is_told_as_that(after_mib: int) -> None:
    disk = FailingDisk()
    disk.gone_after = after_mib * MIB
    with pytest.raises(UnfinishedError, match=r"/dev/sdx is gone .*connect it and run this again"):
        record(disk, SmallSource())


def test_an_image_whose_slot_holds_no_file_system_is_told() -> None:
    source = SmallSource()
    source.system[1080:1082] = b"\0\0"
    with pytest.raises(UnfinishedError, match="no ext4"):
        record(FailingDisk(), source)
