"""The partition table as it is read: that of sfdisk, and each way in which it can be damaged."""

import os
import random
from pathlib import Path

import pytest

from provisioning.disk_installation.plan import measure_system
from provisioning.disk_installation.table import (
    LEAST_DATA_BYTES,
    MIB,
    TableError,
    format_script,
    parse_table,
)
from tests.provisioning.disk_installation.small_image import (
    ESP_MIB,
    SLOT_MIB,
    TOTAL_MIB,
    SmallImage,
    needs_tools,
    tool,
)


@needs_tools
def test_the_table_is_read_as_sfdisk_wrote_it(image: SmallImage) -> None:
    with image.raw.open("rb") as file:
        table = parse_table(file.read(MIB))
    assert table.disk_bytes == TOTAL_MIB * MIB
    sizes = {one.name: (one.begin // MIB, one.size // MIB) for one in table.partitions}
    assert sizes["esp"] == (1, ESP_MIB)
    assert sizes["root-b"] == (1 + ESP_MIB + SLOT_MIB, SLOT_MIB)
    assert "type=c12a7328-f81f-11d2-ba4b-00a0c93ec93b" in format_script(table)


@needs_tools
def test_a_data_partition_that_has_grown_begins_small_on_the_next_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.touch()
    os.truncate(disk, 3000 * MIB + 512 * 77)
    sizes = "".join(f'size=40MiB, name="{name}"\n' for name in ("esp", "root-a", "root-b"))
    tool("sfdisk", "--quiet", disk, stdin=f'label: gpt\n{sizes}size=+, name="data"\n')
    with disk.open("rb") as file:
        table = parse_table(file.read(MIB))
    assert table.get("data").size == LEAST_DATA_BYTES
    assert table.least_bytes == (1 + 3 * 40) * MIB + LEAST_DATA_BYTES + 33 * 512


@needs_tools
def test_no_flipped_bit_of_the_table_passes(image: SmallImage) -> None:
    with image.raw.open("rb") as file:
        head = file.read(MIB)
    chosen = random.Random(1)
    used = [*range(512, 512 + 92), *range(1024, 1024 + 4 * 128)]
    for _ in range(300):
        damaged = bytearray(head)
        damaged[chosen.choice(used)] ^= 1 << chosen.randrange(8)
        with pytest.raises(TableError):
            parse_table(bytes(damaged))


def test_random_bytes_are_no_table_and_no_file_system() -> None:
    chosen = random.Random(2)
    for length in (0, 511, 600, 20_000, 4096):
        data = chosen.randbytes(length)
        with pytest.raises(TableError):
            parse_table(data)
        assert measure_system(data) == 0


@needs_tools
def test_a_disk_that_is_none_of_a_unit_is_told_by_its_partitions(
    image: SmallImage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "disk"
    other.write_bytes(bytes(8 * MIB))
    tool("sfdisk", "--quiet", other, stdin='label: gpt\nsize=2MiB, name="home"\n')
    with pytest.raises(TableError, match="its partitions are home; a unit has esp, root-a"):
        parse_table(other.read_bytes())


@needs_tools
def test_the_size_of_a_file_system_is_what_dumpe2fs_says(image: SmallImage) -> None:
    assert measure_system(image.system[:MIB]) == len(image.system)
