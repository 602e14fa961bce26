"""An image of `make image SECURE_BOOT=1`: a firmware with its keys boots what they signed, no more.

The tests stand in an order, and each goes on where the one before has ended.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_boot.conftest import IMAGE
from tests.real_boot.unit import BOOT_S, EmulatedUnit

SYSTEMS = "EFI/Linux"
STATE = "od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedUnit]:
    """In a computer whose firmware has no keys yet; systemd-boot enrols those of the ESP."""
    directory = tmp_path_factory.mktemp("unit") / "m"
    made = EmulatedUnit(IMAGE, directory, camera=False, tpm=True, secure_boot=True)
    if "keys" not in made.disk.list("loader"):
        pytest.skip("needs an image of `make image SECURE_BOOT=1`")
    with made.site.simulated():
        yield made
    made.remove()


def find_system(unit: EmulatedUnit) -> str:
    (name,) = unit.disk.list(SYSTEMS)
    return name


def copy_changed(unit: EmulatedUnit, new: str) -> None:
    """As another entry, with one bit of its initial RAM disk changed."""
    path = Path(unit.machine.directory) / "system.efi"
    unit.disk.fetch(f"{SYSTEMS}/{find_system(unit)}", path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    unit.disk.put_file(path, f"{SYSTEMS}/{new}")
    path.unlink()


def test_the_keys_are_enrolled_and_the_signed_system_runs(unit: EmulatedUnit) -> None:
    unit.boot()
    unit.wait_for(unit.find_boot, BOOT_S, "SSH")
    assert unit.order(STATE).split() == ["1"]
    assert unit.ask("findmnt -no SOURCE /") == "/dev/mapper/root"
    assert unit.ask("cat /run/appliance-image/slot") == "A"
    assert "rauc.slot" not in unit.ask("cat /proc/cmdline")
    assert "Booted from: rootfs.0 (A)" in unit.order("rauc status")
    assert unit.ask("systemctl --failed --plain --no-legend") == ""


def test_a_changed_system_does_not_run_and_the_one_before_does(unit: EmulatedUnit) -> None:
    """The newer entry is the same file with one bit of its initial RAM disk changed."""
    unit.shut_down()
    first = find_system(unit)
    copy_changed(unit, "unit-2B-changed+3.efi")
    unit.boot()
    unit.wait_for(unit.find_boot, BOOT_S, "SSH")
    assert unit.order(STATE).split() == ["1"]
    entries = unit.order("ls /efi/EFI/Linux").split()
    assert first in entries
    assert any(name.startswith("unit-2B-changed+0") for name in entries), entries
