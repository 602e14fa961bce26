"""Which disk was booted from: the script of udev, on two real disks with the same labels."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from provisioning.image import root

FILES = Path(root.__file__).parent / "files"
SCRIPT = FILES / "usr/lib/udev/boot-disk"
RULE = FILES / "etc/udev/rules.d/61-boot-disk.rules"
VARIABLES = "/sys/firmware/efi/efivars"
VARIABLE = f"{VARIABLES}/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
TABLE = 'label: gpt\nsize=2MiB, type=uefi, name="esp"\nsize=2MiB, name="root-a"\n'
# $1: a file that stands for the variable, $2: the script, $3: a partition
ENTER = (
    f'mount -t tmpfs none /sys/firmware && mkdir -p {VARIABLES} && cp "$1" {VARIABLE} && '
    'exec sh "$2" "$3"'
)
WITHOUT = 'mount -t tmpfs none /sys/firmware && mkdir -p "$1" && exec sh "$2" "$3"'


def run(*words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)


@contextmanager
def attached(disk: Path) -> Iterator[str]:
    """A block device with two partitions; its name below /dev."""
    with disk.open("wb") as file:
        file.truncate(16 * 2**20)
    made = run("sfdisk", "--quiet", disk, stdin=TABLE)
    found = run("losetup", "--find", "--show", disk)
    device = found.stdout.strip()
    if made.returncode or found.returncode:
        pytest.skip("there are no loop devices here")
    try:
        if run("partx", "--add", device).returncode:
            pytest.skip("loop devices have no partitions here")
        yield Path(device).name
    finally:
        run("partx", "--delete", device)
        run("losetup", "--detach", device)


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[list[str]]:
    if not all(map(shutil.which, ("sfdisk", "losetup", "partx", "blkid", "unshare"))):
        pytest.skip("needs fdisk and util-linux")
    with ExitStack() as stack:
        yield [stack.enter_context(attached(tmp_path / name)) for name in ("stick", "disk")]


def is_boot_disk(partition: str, variable: str, script: str = ENTER) -> bool:
    return not run(
        *("unshare", "--mount", "sh", "-c", script, "sh", variable, SCRIPT, partition)
    ).returncode


def test_of_two_disks_with_one_image_the_one_that_was_booted_is_known(
    disks: list[str], tmp_path: Path
) -> None:
    stick, disk = disks
    variable = tmp_path / "variable"
    for booted, other in ((stick, disk), (disk, stick)):
        esp = run("blkid", "-p", "-s", "PART_ENTRY_UUID", "-o", "value", f"/dev/{booted}p1")
        text = f"{esp.stdout.strip().upper()}\0"  # systemd-boot writes it so
        variable.write_bytes(b"\x06\0\0\0" + text.encode("utf-16-le"))
        for number in (1, 2):
            assert is_boot_disk(f"{booted}p{number}", str(variable))
            assert not is_boot_disk(f"{other}p{number}", str(variable))


def test_where_no_boot_loader_says_so_any_disk_is_taken(disks: list[str]) -> None:
    assert is_boot_disk(f"{disks[0]}p2", VARIABLES, WITHOUT)
    assert is_boot_disk(f"{disks[1]}p2", "/sys/firmware/none", WITHOUT)


def test_all_that_names_a_partition_names_it_by_the_disk_that_was_booted() -> None:
    names = [path for path in FILES.rglob("*") if path.is_file()]
    text = "\n".join(path.read_text() for path in names if path != RULE)
    assert "by-partlabel" not in text
    assert "PARTLABEL=" not in text
    assert 'SYMLINK+="disk/by-boot-disk/$env{ID_PART_ENTRY_NAME}"' in RULE.read_text()
