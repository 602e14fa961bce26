"""The signed kernel behind the hash tree of a slot."""

from pathlib import Path

import pytest

from ota.errors import SlotError
from ota.slots.boot_source import read_source
from ota.slots.unified import Unified, find_unified, format_header
from ota.slots.verity import measure_tree
from tests.ota.slots.test_backend import make_slot
from tests.ota.slots.test_verity import BLOCK, BLOCKS, make_image

KERNEL = b"MZ" + bytes(range(256)) * 20
AT = BLOCKS * BLOCK + measure_tree(BLOCKS * BLOCK)


@pytest.fixture
def slot_image(tmp_path: Path) -> Path:
    return make_image(tmp_path / "root.ext4")


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_it_is_found_behind_the_tree_and_given_with_what_the_slot_boots(
    tmp_path: Path, slot_image: Path
) -> None:
    append(slot_image, format_header(len(KERNEL)) + KERNEL)
    found = Unified(slot_image, AT + BLOCK, len(KERNEL))
    assert find_unified(slot_image) == found
    root = make_slot(tmp_path / "root", "1.0")
    (root / "etc/kernel/cmdline").write_text("ro systemd.verity=yes\n")
    assert read_source(root, "/dev/x", image=slot_image).unified == found


def test_a_slot_with_a_tree_alone_has_none(slot_image: Path) -> None:
    assert find_unified(slot_image) is None
    append(slot_image, bytes(3 * BLOCK))
    assert find_unified(slot_image) is None


@pytest.mark.parametrize(
    "behind",
    [
        format_header(0) + KERNEL,
        format_header(2**40) + KERNEL,
        format_header(len(KERNEL)),
        format_header(len(KERNEL)) + b"ELF",
    ],
)
def test_one_that_is_torn_is_refused(slot_image: Path, behind: bytes) -> None:
    append(slot_image, behind)
    with pytest.raises(SlotError) as caught:
        find_unified(slot_image)
    assert caught.value.reason_code == "slot-incomplete"


def test_a_slot_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(SlotError) as caught:
        find_unified(tmp_path / "none")
    assert caught.value.reason_code == "slot-unreadable"
