"""Which disks count as sticks: never one of the computer itself."""

from pathlib import Path

from ota.stick.drives import Drives, Part


def plug(blocks: Path, name: str, *partitions: str, removable: str = "1", size: str = "99") -> Path:
    disk = blocks / name
    for number, one in enumerate((disk, *(disk / part for part in partitions))):
        one.mkdir(parents=True)
        (one / "dev").write_text(f"8:{number}\n")
        (one / "size").write_text(f"{size}\n")
    for part in partitions:
        (disk / part / "partition").write_text("1\n")
    (disk / "removable").write_text(f"{removable}\n")
    return disk


def find(tmp_path: Path, mounted: str = "") -> list[str]:
    (tmp_path / "mountinfo").write_text(f"1 0 0:1 / / rw - tmpfs tmpfs rw\n{mounted}")
    drives = Drives(tmp_path / "blocks", tmp_path / "mountinfo", lambda _: "vfat")
    return [one.name for one in drives.list_parts()]


def test_partitions_are_looked_at_or_the_whole_stick_without_any(tmp_path: Path) -> None:
    plug(tmp_path / "blocks", "sda", "sda1", "sda2")
    plug(tmp_path / "blocks", "sdb")
    assert find(tmp_path) == ["sda1", "sda2", "sdb"]
    assert Part("sda1", "vfat").device == Path("/dev/sda1")


def test_a_disk_inside_is_none_and_one_behind_usb_is(tmp_path: Path) -> None:
    plug(tmp_path / "blocks", "sda", removable="0")
    assert find(tmp_path) == []
    disk = plug(tmp_path / "pci0000:00/usb1/1-2/block", "sdb", removable="0")
    (tmp_path / "blocks/sdb").symlink_to(disk)
    assert find(tmp_path) == ["sdb"]


def test_a_disk_of_which_anything_is_in_use_is_left_alone(tmp_path: Path) -> None:
    """As the stick that the unit itself boots from."""
    disk = plug(tmp_path / "blocks", "sda", "sda1", "sda2")
    assert find(tmp_path, "9 1 8:2 / /boot rw - vfat /dev/sda2 rw\n") == []
    assert find(tmp_path) == ["sda1", "sda2"]
    (disk / "sda1/holders/dm-0").mkdir(parents=True)
    assert find(tmp_path) == []


def test_a_slot_of_a_card_reader_without_a_card_is_none(tmp_path: Path) -> None:
    plug(tmp_path / "blocks", "sda", size="0")
    assert find(tmp_path) == []


def test_no_more_than_a_few_partitions_are_looked_at(tmp_path: Path) -> None:
    plug(tmp_path / "blocks", "sda", *(f"sda{number}" for number in range(10, 90)))
    assert len(find(tmp_path)) == 16
