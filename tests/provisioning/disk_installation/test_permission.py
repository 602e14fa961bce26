"""What may not be erased: the image itself, a file that is in use, one that nobody has named."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.provisioning.disk_installation.small_image import (
    COMMAND,
    MIB,
    TOTAL_MIB,
    SmallImage,
    attached,
    erase,
    make_disk,
    needs_tools,
    run_command,
)

pytestmark = needs_tools
ON_TERMINAL = """import os, sys
os.setsid()
os.open(sys.argv[1], os.O_RDWR)  # from here on it is /dev/tty
os.execv(sys.argv[2], sys.argv[2:])
"""


def require_refusal(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert done.stderr.endswith(". Nothing was changed.\n")


@contextmanager
def mounted(device: Path, place: Path) -> Iterator[Path]:
    place.mkdir()
    subprocess.run(["mount", device, place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("link", [None, Path.symlink_to, Path.hardlink_to])
def test_the_image_is_not_installed_on_itself_under_whatever_name(
    own_image: SmallImage, tmp_path: Path, link: object
) -> None:
    before, disk = own_image.raw.read_bytes(), own_image.raw
    if link is not None:
        disk = tmp_path / "disk.raw"
        link(disk, own_image.raw)  # type: ignore[operator]
    require_refusal(own_image.install(*erase(disk), disk), f"{disk} is, or holds, the image")
    require_refusal(own_image.install("--file", disk), f"{disk} is, or holds, the image")
    assert own_image.raw.read_bytes() == before


def test_the_image_on_standard_input_is_not_the_disk(own_image: SmallImage) -> None:
    before = own_image.raw.read_bytes()
    raw, named = own_image.raw, ("--manifest", own_image.manifest)
    words: list[str | Path] = [*COMMAND, *erase(raw), *named, "-", raw]
    with raw.open("rb") as file:
        done = subprocess.run(words, stdin=file, capture_output=True, text=True, check=False)
    require_refusal(done, "the image on standard input")
    assert own_image.raw.read_bytes() == before


def test_a_loop_device_over_the_image_is_the_image_in_both_directions(
    own_image: SmallImage,
) -> None:
    before = own_image.raw.read_bytes()
    with attached(own_image.raw, "--partscan") as device, attached(own_image.raw) as other:
        manifest = ("--manifest", own_image.manifest)
        for image, disk in (
            (own_image.raw, device),
            (device, own_image.raw),
            (other, device),
            (Path(f"{device}p1"), device),
        ):
            if image.exists():
                words = erase(disk) if disk == own_image.raw else erase(disk)[1:]
                done = run_command(*manifest, *words, image, disk)
                require_refusal(done, "is, or holds, the image")
    assert own_image.raw.read_bytes() == before


def test_an_image_that_lies_on_the_target_is_not_erased_with_it(
    own_image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, 3 * TOTAL_MIB)
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-F", disk], check=True)
    with attached(disk) as device, mounted(device, tmp_path / "place") as place:
        image = SmallImage(place / "unit.raw", b"")
        for path in (own_image.raw, own_image.manifest):
            (place / path.name).write_bytes(path.read_bytes())
        require_refusal(image.install("--yes-erase", device.name, device), f"the image {image.raw}")
        require_refusal(image.install(*erase(disk), disk), f"{disk} is, or holds, the image")
        beside = make_disk(place, TOTAL_MIB, "beside")
        assert image.install(*erase(beside), beside).returncode == 0
        done = run_command(*erase(beside), "--without-manifest", device, beside)
        require_refusal(done, f"the image {device}")


def test_a_file_is_erased_only_under_its_own_name(image: SmallImage, tmp_path: Path) -> None:
    disk, link = make_disk(tmp_path, TOTAL_MIB), tmp_path / "link"
    link.symlink_to(disk)
    before = disk.read_bytes()
    for path in (disk, link):
        require_refusal(image.install("--file", path), "give --yes-erase disk")
        done = image.install("--file", "--yes-erase", "other", path)
        require_refusal(done, "'other' is not the name of what is erased (disk)")
        assert f"disk: a file of {len(before)} bytes, {disk}" in done.stderr
    assert disk.read_bytes() == before
    assert image.install("--file", "--yes-erase", "disk", link).returncode == 0


def test_a_new_file_needs_no_question_but_no_wrong_name_either(
    image: SmallImage, tmp_path: Path
) -> None:
    disk = tmp_path / "new"
    disk.touch()
    os.truncate(disk, TOTAL_MIB * MIB)
    require_refusal(image.install("--file", "--yes-erase", "sdb", disk), "is not the name")
    done = image.install("--file", disk)
    assert done.returncode == 0, done.stderr
    require_refusal(image.install("--file", disk), "give --yes-erase new")


def test_a_person_at_a_terminal_is_asked_for_the_name_of_a_file(
    image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, TOTAL_MIB)
    for answer, code in (("yes", 2), ("disk", 0)):
        ours, theirs = pty.openpty()
        words = [str(one) for one in (*COMMAND, "--file", image.raw, disk)]
        os.write(ours, f"{answer}\n".encode())
        done = subprocess.run(
            [sys.executable, "-c", ON_TERMINAL, os.ttyname(theirs), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        asked = os.read(ours, 1000).decode()
        os.close(ours)
        os.close(theirs)
        assert (done.returncode, "Type its name (disk)" in asked) == (code, True), done.stderr


@pytest.mark.parametrize("words", [(), ("--read-only",)])
def test_a_file_that_is_attached_to_a_loop_device_is_refused_with_what_to_do(
    image: SmallImage, tmp_path: Path, words: tuple[str, ...]
) -> None:
    disk = make_disk(tmp_path, TOTAL_MIB)
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-F", disk], check=True)
    before = disk.read_bytes()
    with attached(disk, *words) as device:
        done = image.install(*erase(disk), disk)
        require_refusal(done, f"attached to {device}; unmount")
        with attached(disk) as other:
            done = image.install("--yes-erase", other.name, other)
            require_refusal(done, f"attached to {device}; unmount")
    assert disk.read_bytes() == before


def test_a_file_that_was_renamed_since_it_was_attached_is_refused(
    image: SmallImage, tmp_path: Path
) -> None:
    disk, renamed = make_disk(tmp_path, TOTAL_MIB), tmp_path / "renamed"
    renamed.hardlink_to(disk)
    with attached(disk) as device:
        disk.unlink()
        require_refusal(image.install(*erase(renamed), renamed), f"attached to {device}")
