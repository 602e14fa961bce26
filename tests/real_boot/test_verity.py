"""An image of `make image VERITY=1`: what was changed in a slot is not read, and the other boots.

The tests stand in an order, and each goes on where the one before has ended.
"""

import mmap

import pytest

from ota.payload.ext4_map import FileExtent, read_file_map
from ota.slots.boot_entries import parse_entry
from tests.real_boot.unit import BOOT_S, EmulatedUnit

ENTRIES = "loader/entries"
PID_1, RARE = "usr/lib/systemd/systemd", "usr/bin/nano"


@pytest.fixture(autouse=True)
def _verified(unit: EmulatedUnit) -> None:
    entries = unit.disk.list(ENTRIES)
    if not any("roothash=" in unit.disk.read(f"{ENTRIES}/{name}") for name in entries):
        pytest.skip("needs an image of `make image VERITY=1`")


def find_file(unit: EmulatedUnit, label: str, name: str) -> tuple[int, FileExtent]:
    """The slot's place on the disk in bytes, and a file's in the slot."""
    start = unit.disk.find(label).start
    with (
        unit.disk.path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ, offset=start) as slot,
    ):
        return start, read_file_map(slot)[name][0]


def change(unit: EmulatedUnit, label: str, name: str) -> None:
    """One bit of a file, in the slot."""
    start, extent = find_file(unit, label, name)
    with unit.disk.path.open("r+b") as file:
        file.seek(start + extent.offset)
        (byte,) = file.read(1)
        file.seek(start + extent.offset)
        file.write(bytes([byte ^ 1]))


def test_the_root_is_read_through_its_hash_tree(unit: EmulatedUnit) -> None:
    change(unit, "root-a", RARE)
    unit.boot()
    unit.wait_for(unit.find_boot, BOOT_S, "SSH")
    assert unit.ask("findmnt -n -o SOURCE,OPTIONS /").startswith("/dev/mapper/root ro")
    assert "verity" in unit.order("dmsetup table root")
    assert unit.ask("systemctl --failed --plain --no-legend") == ""


def test_a_changed_block_is_an_error_and_no_other_file_minds(unit: EmulatedUnit) -> None:
    done = unit.run(f"cat /{RARE}")
    assert (done.returncode, "Input/output error" in done.stderr) == (1, True), done.stderr
    assert "is corrupted" in unit.order("journalctl --boot --dmesg --grep verity")
    assert unit.look()[0] in (200, 503)
    unit.order(f"cat /{PID_1} >/dev/null")


def test_a_slot_whose_system_was_changed_leaves_the_boot_to_the_other(unit: EmulatedUnit) -> None:
    unit.shut_down()
    start_a, start_b = unit.disk.find("root-a").start, unit.disk.find("root-b").start
    with unit.disk.path.open("r+b") as file:
        for at in range(0, unit.disk.find("root-a").length, 1 << 24):
            file.seek(start_a + at)
            data = file.read(1 << 24)
            file.seek(start_b + at)
            file.write(data)
    (first,) = unit.disk.list(ENTRIES)
    text = unit.disk.read(f"{ENTRIES}/{first}").replace("version 1\n", "version 2\n")
    newer = first.replace("unit-1-", "unit-2-")
    text = text.replace("root-a", "root-b").replace("rauc.slot=A", "rauc.slot=B")
    unit.disk.put(text, f"{ENTRIES}/{newer}")
    change(unit, "root-b", PID_1)
    unit.boot()
    unit.wait_for(unit.find_boot, BOOT_S, "SSH")
    assert "rauc.slot=A" in unit.ask("cat /proc/cmdline").split()
    entries = [parse_entry(name, b"") for name in unit.order("ls /efi/loader/entries").split()]
    assert {(one.number, one.left) for one in entries if one} == {(1, None), (2, 0)}
