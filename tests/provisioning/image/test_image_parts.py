"""Parts of the build that need neither Debian nor root: keys, ESP, names of a release."""

import shutil
from pathlib import Path

import pytest

from ota.slots.boot_entries import parse_entry
from provisioning.disk_installation.esp import LOADER, SIGNED, STARTER, make_esp
from provisioning.image import command, root
from provisioning.image.keys import find_keys
from provisioning.image.slot import BLOCK_BYTES, count_blocks
from provisioning.image.tools import ImageError

CMDLINE = Path(root.__file__).parent / "files/etc/kernel/cmdline"


@pytest.fixture
def made_root(tmp_path: Path) -> Path:
    """What the ESP is made of."""
    made = tmp_path / "root"
    for name in ("etc/kernel", "boot", str(Path(LOADER).parent)):
        (made / name).mkdir(parents=True)
    (made / LOADER).write_bytes(b"loader")
    (made / "etc/os-release").write_text('ID=debian\nIMAGE_VERSION="2026.11.1"\n')
    shutil.copy(CMDLINE, made / "etc/kernel/cmdline")
    for name in ("vmlinuz", "initrd.img"):
        (made / "boot" / f"{name}-6").write_bytes(name.encode())
        (made / name).symlink_to(f"boot/{name}-6")
    return made


def test_the_esp_boots_slot_a_which_is_committed(tmp_path: Path, made_root: Path) -> None:
    make_esp(tmp_path / "esp", made_root, image=tmp_path / "root.ext4")
    (file,) = (tmp_path / "esp/loader/entries").iterdir()
    entry = parse_entry(file.name, file.read_bytes())
    assert entry is not None
    assert (entry.slot, entry.left, entry.release) == ("A", None, "2026.11.1")
    assert "root=/dev/disk/by-boot-disk/root-a" in entry.options.split()
    folder = tmp_path / "esp/neural-energy" / entry.boot_files
    assert (folder / "linux").read_bytes() == b"vmlinuz"
    assert (tmp_path / "esp/EFI/BOOT/BOOTX64.EFI").read_bytes() == b"loader"


def test_the_loader_names_no_entry_by_itself(tmp_path: Path, made_root: Path) -> None:
    """`default` would boot an entry for ever that has no try left."""
    make_esp(tmp_path / "esp", made_root, image=tmp_path / "root.ext4")
    lines = (tmp_path / "esp/loader/loader.conf").read_text().splitlines()
    assert not any(line.startswith("default") for line in lines)
    assert "editor no" in lines
    assert sorted(path.name for path in (tmp_path / "esp").iterdir()) == [
        *("EFI", "loader", "neural-energy", "provision"),
    ]


def test_a_signed_image_begins_with_the_starter_of_its_loader(
    tmp_path: Path, made_root: Path
) -> None:
    """Which systemd-boot must not list: it would come before entries that have no try left."""
    (made_root / STARTER).parent.mkdir(parents=True)
    (made_root / STARTER).write_bytes(b"starter")
    (made_root / f"{LOADER}{SIGNED}").write_bytes(b"signed loader")
    esp = tmp_path / "esp"
    make_esp(esp, made_root, image=tmp_path / "root.ext4")
    assert (esp / "EFI/BOOT/BOOTX64.EFI").read_bytes() == b"starter"
    assert (esp / "EFI/systemd/systemd-bootx64.efi").read_bytes() == b"signed loader"
    assert "auto-entries no" in (esp / "loader/loader.conf").read_text().splitlines()


def test_the_command_line_leaves_the_root_and_its_slot_to_the_entry() -> None:
    words = CMDLINE.read_text().split()
    assert "ro" in words
    assert not any(word.startswith(("root=", "rauc.slot=")) for word in words)


def test_a_key_for_development_is_made_once(tmp_path: Path) -> None:
    first = find_keys(tmp_path, None, None)
    bytes_of_first = Path(first.key).read_bytes()
    assert first.development
    assert Path(first.key).stat().st_mode & 0o077 == 0
    again = find_keys(tmp_path, None, None)
    assert Path(again.key).read_bytes() == bytes_of_first


def test_a_key_without_its_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="belong together"):
        find_keys(tmp_path, "pkcs11:object=bundle", None)
    with pytest.raises(ImageError, match="does not exist"):
        find_keys(tmp_path, "pkcs11:object=bundle", tmp_path / "none.pem")


def test_a_slot_has_room_for_its_files_and_for_itself(tmp_path: Path) -> None:
    empty = count_blocks(tmp_path)
    (tmp_path / "file").write_bytes(bytes(100 * BLOCK_BYTES))
    assert count_blocks(tmp_path) >= empty + 100


@pytest.mark.parametrize("release", ["../x", "Big", "a b", "", "x" * 65, "-x"])
def test_a_release_whose_name_no_boot_entry_can_have_is_refused(
    release: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["image", "build/x", "--wheels", "build/wheels", f"--release={release}"]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        command.parse_arguments()
    assert ended.value.code == 2
    assert "--release" in capsys.readouterr().err
