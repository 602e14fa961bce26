"""The system of a stick installs itself on the smallest of disks, with its own programs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_image.booted import IMAGE
from tests.real_image.stick import (
    DISK_BYTES,
    LABELS,
    Stick,
    attached,
    make_stick,
    run,
    show_partitions,
)

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPUSQL2pyPo2AtfMSxwd48B/k3K8teQD9xn8MMPoVNI1 t@laptop"
BEGIN = (
    "mkdir -p /etc/appliance/ssh; echo of-the-stick >/etc/appliance/unit.toml; "
    f"echo '{KEY}' >/etc/appliance/ssh/technician"
)


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stick]:
    folder = tmp_path_factory.mktemp("stick")
    files = folder / "stick", folder / "disk"
    make_stick(IMAGE, files[0])
    files[1].touch()
    with files[1].open("r+b") as file:
        file.truncate(DISK_BYTES)
    (folder / "root").mkdir()
    with attached(files[0]) as one, attached(files[1]) as other:
        if not Path(f"{one}p4").exists():
            pytest.skip("loop devices have no partitions here")
        yield Stick(one, other, folder / "root")
    for path in files:
        path.unlink()


def read_part(device: str, number: int, length: int) -> bytes:
    with open(f"{device}p{number}", "rb") as file:
        return file.read(length)


def test_it_does_not_write_to_the_stick_that_it_runs_from(stick: Stick) -> None:
    name = Path(stick.stick).name
    done = stick.run("install-image", "--from-running", stick.stick, "--yes-erase", name)
    assert done.returncode == 2
    assert "is the disk that this system runs from" in done.stderr


def test_it_installs_itself_with_the_technicians_key(stick: Stick) -> None:
    assert stick.run("sh", "-ec", BEGIN).returncode == 0
    words = ("--from-running", stick.disk, "--yes-erase", Path(stick.disk).name)
    key = ("--authorized-keys", "/etc/appliance/ssh/technician")
    done = stick.run("install-image", *words, *key)
    assert done.returncode == 0, done.stderr
    assert "can be booted: release" in done.stdout
    show_partitions(stick.disk)


def test_both_systems_of_the_disk_are_that_of_the_stick(stick: Stick) -> None:
    length = IMAGE.with_name("root.ext4").stat().st_size
    system = read_part(stick.stick, 2, length)
    assert read_part(stick.disk, 2, length) == system
    assert read_part(stick.disk, 3, length) == system


def test_its_boot_files_start_slot_a_and_its_data_are_new(stick: Stick) -> None:
    esp = f"{stick.disk}p1"
    assert KEY in run("mtype", "-i", esp, "::provision/authorized_keys").stdout
    (name,) = run("mdir", "-b", "-i", esp, "::loader/entries").stdout.split()
    entry = run("mtype", "-i", esp, name).stdout
    assert "root=/dev/disk/by-boot-disk/root-a" in entry
    run("fsck.vfat", "-n", esp)
    run("e2fsck", "-fn", f"{stick.disk}p4")
    kept = run("debugfs", "-R", "ls -p /lib", f"{stick.disk}p4").stdout
    assert set(re.findall(r"/([^/]+)/\d*/$", kept, re.MULTILINE)) == {".", "..", "rauc"}


def test_with_both_plugged_in_each_system_finds_its_own_partitions(stick: Stick) -> None:
    """By the image's own shell and blkid; its rule gives the names to what the script accepts."""
    for booted, other in ((stick.stick, stick.disk), (stick.disk, stick.stick)):
        for number in range(1, len(LABELS) + 1):
            for device, code in ((booted, 0), (other, 1)):
                part = f"{Path(device).name}p{number}"
                done = stick.run("/usr/lib/udev/boot-disk", part, booted=booted)
                assert done.returncode == code, (part, booted, done.stderr)


def test_the_images_udev_names_the_partitions_of_the_disk_that_the_script_accepts(
    stick: Stick,
) -> None:
    """In its test mode udev takes the script to have accepted, and makes no link."""
    for number, label in enumerate(LABELS, 1):
        part = f"/sys/class/block/{Path(stick.disk).name}p{number}"
        said = stick.run("udevadm", "test", "--action=add", part)
        text = said.stdout + said.stderr
        assert f"/usr/lib/udev/boot-disk {Path(part).name}" in text
        assert f"Added SYMLINK 'disk/by-boot-disk/{label}'" in text
