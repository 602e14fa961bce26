"""An image of `make image SECURE_BOOT=1`: a firmware with its keys boots what they signed, no more.

The tests stand in an order, and each goes on where the one before has ended.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_boot import updating
from tests.real_boot.built import BIGGER_DISK_GIB, IMAGE
from tests.real_boot.next_systems import NextSystems
from tests.real_boot.unit import BOOT_S, GIB, EmulatedUnit

pytestmark = updating.needs_build

SYSTEMS = "EFI/Linux"
STATE = "od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
GOOD, STRANGER = "2099.1", "2099.2"
INSTALL_S, TRIAL_S, FALL_BACK_S = 2400.0, 1800.0, 3600.0


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedUnit]:
    """In a computer whose firmware has no keys yet; systemd-boot enrols those of the ESP."""
    directory = tmp_path_factory.mktemp("unit") / "m"
    made = EmulatedUnit(
        IMAGE,
        directory,
        disk_bytes=BIGGER_DISK_GIB * GIB,
        camera=False,
        tpm=True,
        secure_boot=True,
    )
    if "keys" not in made.disk.list("loader"):
        pytest.skip("needs an image of `make image SECURE_BOOT=1`")
    with made.site.simulated():
        yield made
    made.remove()


def copy_system(unit: EmulatedUnit, new: str, *, changed: bool) -> str:
    """The system that boots as another entry; `changed`: in one bit of its initial RAM disk."""
    (name,) = unit.disk.list(SYSTEMS)
    path = Path(unit.machine.directory) / "system.efi"
    unit.disk.fetch(f"{SYSTEMS}/{name}", path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= changed
    path.write_bytes(data)
    unit.disk.put_file(path, f"{SYSTEMS}/{new}")
    path.unlink()
    return name


def require_signed(unit: EmulatedUnit, release: str, slot: str) -> None:
    assert unit.order(STATE).split() == ["1"]
    assert updating.find_running(unit)[1:] == [f"rauc.slot={slot}"]
    assert release in ("", updating.find_running(unit)[0])
    if unit.run("test -x /usr/lib/appliance/open-data").returncode == 0:
        assert unit.ask("findmnt -no SOURCE /var") == "/dev/mapper/data"


def test_the_keys_are_enrolled_and_the_signed_system_runs(
    unit: EmulatedUnit, systems: NextSystems, port: int
) -> None:
    updating.begin(unit, systems, port)
    require_signed(unit, "", "A")
    assert unit.ask("findmnt -no SOURCE /") == "/dev/mapper/root"
    assert "rauc.slot" not in unit.ask("cat /proc/cmdline")
    assert "Booted from: rootfs.0 (A)" in unit.order("rauc status")
    assert unit.ask("systemctl --failed --plain --no-legend") == ""


def test_a_changed_system_does_not_run_and_the_one_before_does(unit: EmulatedUnit) -> None:
    unit.shut_down()
    first = copy_system(unit, "unit-2B-changed+3.efi", changed=True)
    unit.boot()
    unit.wait_for(unit.find_boot, BOOT_S, "SSH")
    require_signed(unit, "", "A")
    entries = updating.list_entries(unit)
    assert first in entries
    assert "unit-2B-changed+0-3.efi" in entries, entries
    unit.order("rm /efi/EFI/Linux/unit-2B-*")


def test_the_slot_is_found_by_its_root_hash_whatever_the_name_of_the_entry_says(
    unit: EmulatedUnit,
) -> None:
    unit.shut_down()
    copy_system(unit, "unit-3B-same.efi", changed=False)
    unit.boot()
    unit.wait_for(unit.find_boot, BOOT_S, "SSH")
    assert "unit-3B-same.efi" in unit.order("bootctl status")
    require_signed(unit, "", "A")
    unit.order("rm /efi/EFI/Linux/unit-3B-*")


def test_a_signed_release_is_installed_tried_and_kept(
    unit: EmulatedUnit, systems: NextSystems
) -> None:
    systems.offer(unit.site.name, GOOD, sequence=1)
    before = unit.find_boot()
    updating.ask_mirrors(unit)
    updating.wait_for_step(unit, GOOD, "reboot", INSTALL_S)
    unit.wait_for_boot(before)
    require_signed(unit, GOOD, "B")
    updating.wait_for_entry(unit, f"B-{GOOD}+2-1.efi")
    updating.check_in(unit)
    updating.wait_for_step(unit, GOOD, "commit", TRIAL_S)
    updating.wait_for_entry(unit, f"B-{GOOD}.efi")


def test_a_release_that_a_stranger_signed_is_left_for_the_one_before(
    unit: EmulatedUnit, systems: NextSystems
) -> None:
    systems.offer(unit.site.name, STRANGER, sequence=2, boots=False)
    before = unit.find_boot()
    updating.ask_mirrors(unit)
    updating.wait_for_step(unit, STRANGER, "reboot", INSTALL_S)
    unit.wait_for_boot(before, seconds=FALL_BACK_S)
    require_signed(unit, GOOD, "B")
    updating.check_in_until(unit, STRANGER, "rollback", FALL_BACK_S)
    assert unit.look()[0] == 200
