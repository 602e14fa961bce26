"""Which disks may be erased, by what lsblk says of them; on real block devices where there are."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioning.disk_installation.inspection import Found, describe, find_obstacle
from tests.provisioning.disk_installation.small_image import (
    MIB,
    TOTAL_MIB,
    SmallImage,
    attached,
    make_disk,
    needs_tools,
    run_command,
)

GIB = 2**30
DISK = {
    "name": "nvme0n1",
    "path": "/dev/nvme0n1",
    "type": "disk",
    "size": 500 * GIB,
    "ro": False,
    "model": "Samsung SSD 970 EVO 500GB ",
    "serial": "S4EVNF0M",
    "tran": "nvme",
    "log-sec": 512,
    "mountpoints": [None],
}


def make_part(name: str, **facts: Any) -> dict[str, Any]:
    return {"name": name, "type": "part", "size": GIB, "mountpoints": [None], **facts}


def make_found(*children: dict[str, Any], **facts: Any) -> Found:
    return Found({**DISK, "children": list(children), **facts})


def test_an_unused_disk_that_is_large_enough_may_be_erased() -> None:
    assert find_obstacle(make_found(make_part("nvme0n1p1", fstype="ntfs")), 8 * GIB) == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (make_found(make_part("a1", mountpoints=[None, "/"])), "this system runs from"),
        (make_found(make_part("a1", mountpoints=["/var"])), "this system runs from"),
        (make_found(make_part("a1", mountpoints=["/media/stick"])), "unmount it first"),
        (make_found(make_part("a1", mountpoints=["[SWAP]"])), "swapoff"),
        (make_found(mountpoints=["/mnt"]), "unmount it first"),
        (make_found(make_part("a1", children=[make_part("vg-x", type="lvm")])), "(lvm) rests on"),
        (make_found(make_part("md0", type="raid1")), "(raid1) rests on"),
        (make_found(type="part"), "is not a whole disk"),
        (make_found(type="crypt"), "is not a whole disk"),
        (make_found(ro=True), "is read-only"),
        (make_found(ro="1"), "is read-only"),
        (make_found(**{"log-sec": 4096}), "sectors of 4096 bytes"),
        (
            make_found(size=8 * GIB - 512),
            "has 8.0 GiB (8589934080 bytes), 8.0 GiB (8589934592 bytes) are needed",
        ),
        (make_found(size=None), "is too small"),
    ],
)
def test_each_other_disk_is_refused_with_what_to_do(found: Found, words: str) -> None:
    assert words in find_obstacle(found, 8 * GIB)


def test_what_is_mounted_deep_below_is_found() -> None:
    deep = make_part("home", type="crypt", children=[make_part("x", mountpoints=["/home"])])
    assert "mounted at /home" in find_obstacle(make_found(make_part("a1", children=[deep])), GIB)


def test_a_person_sees_model_serial_size_and_what_is_on_the_disk() -> None:
    text = describe(make_found(make_part("nvme0n1p1", fstype="ntfs", label="Photos")))
    assert "Samsung SSD 970 EVO 500GB, nvme, 500.0 GiB, serial S4EVNF0M" in text
    assert "nvme0n1p1: 1.0 GiB, ntfs, Photos" in text


@needs_tools
def test_a_real_block_device_is_written_only_under_its_own_name(
    image: SmallImage, tmp_path: Path
) -> None:
    with attached(make_disk(tmp_path, TOTAL_MIB + 8)) as device:
        wrong = image.install("--yes-erase", "sda", device)
        assert (wrong.returncode, "is not the name" in wrong.stderr) == (2, True)
        nobody = image.install(device)
        assert nobody.returncode == 2
        done = image.install("--yes-erase", device.name, device)
        assert done.returncode == 0, done.stderr
        assert f"{device.name}:" in done.stderr


@needs_tools
def test_a_disk_that_somebody_uses_or_may_not_write_is_left_alone(
    image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, TOTAL_MIB)
    before = disk.read_bytes()
    with attached(disk) as device:
        holder = os.open(device, os.O_RDWR | os.O_EXCL)  # as a mount and dm do
        done = image.install("--yes-erase", device.name, device)
        os.close(holder)
        assert (done.returncode, "it is in use" in done.stderr) == (2, True)
    with attached(disk, "--read-only") as device:
        done = image.install("--yes-erase", device.name, device)
        assert (done.returncode, "is read-only" in done.stderr) == (2, True)
    assert disk.read_bytes() == before


@needs_tools
def test_a_mounted_disk_is_named_with_its_place(image: SmallImage, tmp_path: Path) -> None:
    disk, place = make_disk(tmp_path, TOTAL_MIB), tmp_path / "place"
    place.mkdir()
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-F", disk], check=True)
    with attached(disk) as device:
        subprocess.run(["mount", device, place], check=True)
        try:
            done = image.install("--yes-erase", device.name, device)
        finally:
            subprocess.run(["umount", place], check=True)
    assert (done.returncode, f"is mounted at {place}" in done.stderr) == (2, True)


@needs_tools
def test_the_sector_that_a_real_device_cannot_write_is_named(
    image: SmallImage, tmp_path: Path
) -> None:
    """A loop device over a file system that is full from there on: the kernel's own I/O error."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=30m", "small", small], check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        disk = small / "disk"
        disk.touch()
        os.truncate(disk, TOTAL_MIB * MIB)
        with attached(disk) as device:
            done = image.install("--yes-erase", device.name, device)
    finally:
        subprocess.run(["umount", small], check=True)
    assert done.returncode == 1
    assert "cannot be written at sector " in done.stderr
    assert "is not usable" in done.stderr
    assert "cannot be booted" in done.stderr


def test_a_path_that_is_no_disk_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        done = run_command("--without-manifest", "/dev/null", path)
        assert done.returncode == 2
