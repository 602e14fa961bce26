"""The system that runs as a source: its parts; the whole is booted by hand (docs/units.md)."""

import os
from pathlib import Path

import pytest

from ota.slots.boot_entries import parse_entry
from provisioning.disk_installation import running
from provisioning.disk_installation.errors import RefusedError, UnfinishedError
from provisioning.disk_installation.esp import LOADER, make_esp, pack_esp
from provisioning.disk_installation.running import find_release, read_pieces
from tests.provisioning.disk_installation.small_image import (
    MIB,
    SmallImage,
    needs_tools,
    run_command,
    tool,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What of a running system the ESP is made of."""
    made = tmp_path / "root"
    for name in ("etc/kernel", str(Path(LOADER).parent)):
        (made / name).mkdir(parents=True)
    (made / LOADER).write_bytes(b"loader")
    (made / "etc/os-release").write_text("IMAGE_VERSION=2026.11.1\n")
    (made / "etc/kernel/cmdline").write_text("ro quiet\n")
    for name in ("vmlinuz", "initrd.img"):
        (made / name).write_bytes(os.urandom(3 * MIB))
    return made


@needs_tools
def test_its_esp_boots_slot_a_whatever_slot_runs(root: Path, tmp_path: Path) -> None:
    make_esp(tmp_path / "esp", root, image=tmp_path / "root.ext4")
    packed = tmp_path / "esp.raw"
    pack_esp(tmp_path / "esp", packed, 40 * MIB)
    tool("fsck.vfat", "-n", packed)
    (name,) = (tmp_path / "esp/loader/entries").iterdir()
    data = tool("mtype", "-i", packed, f"::loader/entries/{name.name}")
    entry = parse_entry(name.name, data.encode())
    assert entry is not None
    assert (entry.slot, entry.left) == ("A", None)
    assert "root=/dev/disk/by-boot-disk/root-a" in entry.options
    kernel = tmp_path / "kernel"
    tool("mcopy", "-i", packed, f"::neural-energy/{entry.boot_files}/linux", kernel)
    assert kernel.read_bytes() == (root / "vmlinuz").read_bytes()
    tool("mdir", "-i", packed, "::provision")


@needs_tools
def test_an_esp_that_is_too_small_for_its_files_is_told(root: Path, tmp_path: Path) -> None:
    make_esp(tmp_path / "esp", root, image=tmp_path / "root.ext4")
    (tmp_path / "esp/large").write_bytes(bytes(50 * MIB))
    with pytest.raises(UnfinishedError, match="the ESP cannot be made"):
        pack_esp(tmp_path / "esp", tmp_path / "esp.raw", 40 * MIB)


@needs_tools
def test_of_its_slot_only_the_file_system_is_read(image: SmallImage, tmp_path: Path) -> None:
    slot = tmp_path / "slot"
    slot.write_bytes(image.system + os.urandom(4 * MIB))
    pieces = list(read_pieces(slot, 100 * MIB))
    assert b"".join(piece for _, piece in pieces) == image.system
    assert [offset for offset, _ in pieces[:2]] == [100 * MIB, 101 * MIB]


def test_its_release_is_that_of_the_image() -> None:
    assert find_release('ID=debian\nIMAGE_VERSION="2026.11.1"\n') == "2026.11.1"
    assert find_release("ID=debian\n") == ""


@needs_tools
def test_a_system_that_is_no_image_is_told_to_name_one(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(MIB))
    done = run_command("--file", "--from-running", disk)
    assert done.returncode == 2
    assert "give an image" in done.stderr


@pytest.mark.parametrize("place", ["/dev/vda", "overlay"])
def test_a_system_without_a_partition_is_named_as_findmnt_does(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    said = {"findmnt": place, "lsblk": '{"blockdevices": [{"path": "/dev/vda", "pkname": null}]}'}
    monkeypatch.setattr(running, "ask", lambda *words: said[words[0]])
    with pytest.raises(RefusedError, match=f"/ is {place}, which is no partition"):
        running.find_slot()


def test_a_system_with_a_hash_tree_is_not_copied_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cmdline = tmp_path / "cmdline"
    cmdline.write_text("ro systemd.verity=yes roothash=00 rauc.slot=A\n")
    monkeypatch.setattr(running, "CMDLINE", cmdline)
    with pytest.raises(RefusedError, match="hash tree"), running.open_running():
        pass
