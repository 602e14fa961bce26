"""The hash tree of a slot, against what veritysetup says of the same bytes."""

import hashlib
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from ota.errors import SlotError
from ota.slots.boot_source import read_source
from ota.slots.verity import SUPERBLOCK, read_verity_options
from tests.ota.slots.test_backend import make_slot

BLOCK = 4096
BLOCKS = 200
SALT = bytes(range(32))
# `veritysetup format IMAGE IMAGE --hash-offset=819200 --salt=000102...1f`, version 2.7.5.
ROOT_HASH = "8e361ed3a2a21d534cbd828c40532ef96d32b954b9453ebbd341a441dc7e74ac"


def make_file_system() -> bytes:
    """An ext4 superblock, and something in each block."""
    data = bytearray(b"".join(number.to_bytes(2) * (BLOCK // 2) for number in range(BLOCKS)))
    data[1024:2048] = bytes(1024)
    struct.pack_into("<I", data, 1024 + 0x04, BLOCKS)
    struct.pack_into("<I", data, 1024 + 0x18, 2)
    struct.pack_into("<H", data, 1024 + 0x38, 0xEF53)
    return bytes(data)


def hash_blocks(data: bytes) -> bytes:
    """The next level of the tree, in whole blocks."""
    starts = range(0, len(data), BLOCK)
    level = b"".join(hashlib.sha256(SALT + data[at : at + BLOCK]).digest() for at in starts)
    return level + bytes(-len(level) % BLOCK)


def make_head(**other: int) -> bytes:
    kept = {"kind": 1, "data": BLOCK, "block": BLOCK, "count": BLOCKS, "salt": len(SALT)} | other
    fields = (kept["data"], kept["block"], kept["count"], kept["salt"])
    head = SUPERBLOCK.pack(
        b"verity\0\0", 1, kept["kind"], bytes(16), b"sha256", *fields, SALT.ljust(256, b"\0")
    )
    return head.ljust(BLOCK, b"\0")


def make_image(path: Path) -> Path:
    data = make_file_system()
    low = hash_blocks(data)
    path.write_bytes(data + make_head() + hash_blocks(low) + low)
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return make_image(tmp_path / "root.ext4")


def damage(image: Path, head: bytes) -> None:
    with image.open("r+b") as file:
        file.seek(BLOCKS * BLOCK)
        file.write(head)


def test_the_root_hash_is_the_one_that_veritysetup_says(image: Path) -> None:
    assert read_verity_options(image) == [
        f"roothash={ROOT_HASH}",
        f"systemd.verity_root_options=hash-offset={BLOCKS * BLOCK}",
    ]


@pytest.mark.skipif(not shutil.which("veritysetup"), reason="needs cryptsetup-bin")
def test_veritysetup_verifies_the_slot_by_that_hash(image: Path) -> None:
    root_hash = read_verity_options(image)[0].partition("=")[2]
    offset = f"--hash-offset={BLOCKS * BLOCK}"
    command = ("veritysetup", "verify", image, image, root_hash, offset)
    subprocess.run(command, check=True, capture_output=True)


def test_an_image_that_asks_for_it_gets_it_on_the_command_line(tmp_path: Path, image: Path) -> None:
    root = make_slot(tmp_path / "slot", "1.0")
    cmdline = root / "etc/kernel/cmdline"
    cmdline.write_text("ro systemd.verity=yes roothash=00 systemd.verity_root_options=x\n")
    source = read_source(root, "/dev/disk/by-partlabel/root-b", image=image)
    assert source.options == (
        f"root=PARTLABEL=root-b ro systemd.verity=yes roothash={ROOT_HASH} "
        "systemd.verity_root_options=hash-offset=819200"
    )
    cmdline.write_text("ro\n")
    assert read_source(root, "/dev/sda2", image=image).options == "root=/dev/sda2 ro"


def test_a_slot_that_asks_for_a_tree_and_has_none_is_not_booted(
    tmp_path: Path, image: Path
) -> None:
    root = make_slot(tmp_path / "slot", "1.0")
    (root / "etc/kernel/cmdline").write_text("ro systemd.verity=yes\n")
    with image.open("r+b") as file:
        file.truncate(BLOCKS * BLOCK)
    with pytest.raises(SlotError, match="no hash tree"):
        read_source(root, "/dev/sda2", image=image)
    with pytest.raises(SlotError, match="cannot be read"):
        read_source(root, "/dev/sda2", image=tmp_path / "none")


@pytest.mark.parametrize(
    "other",
    [{"kind": 0}, {"count": BLOCKS - 1}, {"data": 512}, {"block": 2**31}, {"salt": 300}],
    ids=str,
)
def test_a_tree_of_another_kind_is_refused(image: Path, other: dict[str, int]) -> None:
    damage(image, make_head(**other))
    with pytest.raises(SlotError, match="not known"):
        read_verity_options(image)


def test_what_is_no_ext4_file_system_is_refused(image: Path) -> None:
    image.write_bytes(bytes(4096))
    with pytest.raises(SlotError, match="no ext4"):
        read_verity_options(image)
