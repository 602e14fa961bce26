"""Which driver a machine gets."""

from pathlib import Path

from ota.slots.directory import DirectorySlots
from ota.slots.find import find_preflight, find_slots
from ota.slots.none import NoSlots
from ota.slots.rauc import RaucSlots


def test_a_machine_with_rauc_is_updated_by_it(tmp_path: Path) -> None:
    (tmp_path / "system.conf").touch()
    found = find_slots(tmp_path, rauc=tmp_path / "system.conf")
    assert isinstance(found, RaucSlots)


def test_a_laptop_has_slots_where_they_were_made(tmp_path: Path) -> None:
    (tmp_path / "slots").mkdir()
    assert isinstance(find_slots(tmp_path, rauc=tmp_path / "none"), DirectorySlots)


def test_any_other_machine_keeps_its_operating_system(tmp_path: Path) -> None:
    assert isinstance(find_slots(tmp_path, rauc=tmp_path / "none"), NoSlots)


def test_a_jetson_looks_at_its_firmware_before_an_installation(tmp_path: Path) -> None:
    assert find_preflight(tmp_path / "none") is None
    (tmp_path / "nv_boot_control.conf").touch()
    assert find_preflight(tmp_path / "nv_boot_control.conf") is not None
