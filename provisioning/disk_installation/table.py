"""The partition table (GPT): that of an image is read here, that of the disk is written by sfdisk.

    table = parse_table(first_mib)
    write_table("/dev/nvme0n1", table)     # with new names (GUIDs), its copy at the end of the disk

Source: UEFI specification 2.10, chapter 5.3. Sectors have 512 bytes.
Reads: bytes. Writes: `write_table`: both copies of the table.
Never: gives two disks the same GUIDs: each is found by its own.
"""

import binascii
import struct
import subprocess
import uuid
from dataclasses import dataclass, replace

SECTOR_BYTES = 512
MIB = 2**20
LEAST_DATA_BYTES = 512 * MIB  # as provisioning/image/repart.d/30-data.conf has it
COPY_SECTORS = 33  # the table's copy behind the last partition
HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
ENTRY = struct.Struct("<16s16sQQQ72s")
MOST_ENTRIES = 128
NAMES = ("esp", "root-a", "root-b", "data")
SFDISK = (
    *("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "--force"),
    *("--wipe=never", "--wipe-partitions=never"),
)


class TableError(ValueError):
    """There is no such table; the text says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Partition:
    """`begin` and `size` in bytes."""

    name: str
    type_guid: uuid.UUID
    begin: int
    size: int

    @property
    def end(self) -> int:
        return self.begin + self.size


@dataclass(frozen=True, slots=True)
class Table:
    """The four partitions of a unit. `disk_bytes`: of the disk or image that it describes."""

    disk_bytes: int
    partitions: tuple[Partition, ...]

    def get(self, name: str) -> Partition:
        return next(one for one in self.partitions if one.name == name)

    @property
    def least_bytes(self) -> int:
        """The smallest disk that it fits on."""
        return max(one.end for one in self.partitions) + COPY_SECTORS * SECTOR_BYTES


def parse_table(head: bytes) -> Table:
    """The table in the first bytes of a disk, 34 sectors or more; raises `TableError`."""
    header = head[SECTOR_BYTES : SECTOR_BYTES + HEADER.size]
    if len(head) < (2 + COPY_SECTORS) * SECTOR_BYTES or not header.startswith(b"EFI PART"):
        raise TableError("there is no partition table (GPT) at its begin")
    fields = HEADER.unpack(header)
    blank = header[:16] + bytes(4) + header[20:]
    count, size = fields[11], fields[12]
    if fields[3] != binascii.crc32(blank) or size != ENTRY.size or count > MOST_ENTRIES:
        raise TableError("its partition table is damaged")
    entries = head[2 * SECTOR_BYTES : 2 * SECTOR_BYTES + count * size]
    if fields[13] != binascii.crc32(entries):
        raise TableError("its partition table is damaged")
    found = tuple(parse_entry(one) for one in ENTRY.iter_unpack(entries) if any(one[0]))
    return cut_data(check_table(Table((fields[6] + 1) * SECTOR_BYTES, found)))


def parse_entry(fields: tuple[bytes, bytes, int, int, int, bytes]) -> Partition:
    kind, _, first, last, _, name = fields
    text = name.decode("utf-16-le", errors="replace").partition("\0")[0]
    begin, size = first * SECTOR_BYTES, (last + 1 - first) * SECTOR_BYTES
    return Partition(text, uuid.UUID(bytes_le=kind), begin, size)


def check_table(table: Table) -> Table:
    """That of a unit: raises `TableError` otherwise."""
    names = [one.name for one in table.partitions]
    if sorted(names) != sorted(NAMES):
        raise TableError(
            f"its partitions are {', '.join(names) or 'none'}; a unit has {', '.join(NAMES)}"
        )
    for one in table.partitions:
        odd_end = one.size % MIB if one.name != "data" else 0
        if one.begin % MIB or odd_end or one.size < MIB or not one.begin:
            raise TableError(f"its partition {one.name} does not begin and end at whole MiB")
    ordered = sorted(table.partitions, key=lambda one: one.begin)
    ends = [0, *(one.end for one in ordered)]
    if any(one.begin < end for one, end in zip(ordered, ends, strict=False)):
        raise TableError("its partitions overlap")
    if ends[-1] > table.disk_bytes:
        raise TableError("its partitions do not fit on it")
    if table.get("root-a").size != table.get("root-b").size:
        raise TableError("its two system slots are not of the same size")
    return table


def cut_data(table: Table) -> Table:
    """With the least data partition: on a unit that runs it has grown to the end of its disk, and
    on the new one it will.
    """
    data = table.get("data")
    least = replace(data, size=min(data.size // MIB * MIB, LEAST_DATA_BYTES))
    return replace(
        table, partitions=tuple(least if one is data else one for one in table.partitions)
    )


def format_script(table: Table) -> str:
    """What sfdisk makes of it, with new GUIDs."""
    lines = ["label: gpt", f"label-id: {uuid.uuid4()}", "unit: sectors"]
    for one in table.partitions:
        place = f"start={one.begin // SECTOR_BYTES}, size={one.size // SECTOR_BYTES}"
        lines.append(f'{place}, type={one.type_guid}, uuid={uuid.uuid4()}, name="{one.name}"')
    return "\n".join(lines) + "\n"


def write_table(path: str, table: Table) -> None:
    """Raises `OSError`."""
    script = format_script(table)
    done = subprocess.run(
        [*SFDISK, path], input=script, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OSError(5, f"sfdisk: {done.stderr.strip()[-300:]}")
