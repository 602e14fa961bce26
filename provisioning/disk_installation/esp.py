"""What the ESP of a unit holds: systemd-boot, and the kernel and entry of slot A.

    make_esp(folder, root, image=slot)           # root: of an image that is built, or /
    pack_esp(folder, Path("esp.raw"), 2**29)     # as a FAT file system

Reads: the root. Writes: a directory; a file.
Never: names a disk: root is looked for on the one that the firmware booted from (decision 0049).
"""

import shutil
import subprocess
from pathlib import Path

from ota.disk import Disk
from ota.slots.boot_source import read_source
from ota.slots.systemd_boot import BootSource, SystemdBoot
from provisioning.disk_installation.errors import UnfinishedError

BOOT_DISK = "/dev/disk/by-boot-disk/"
LOADER = "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
SIGNED = ".signed"  # of an image of `SECURE_BOOT=1`, beside it
STARTER = "usr/lib/appliance/starter.efi"  # its first program: provisioning/image/starter.s
ENROLLED = "usr/lib/appliance/secure-boot"  # what enrols its keys: PK.auth, KEK.auth, db.auth
LOADER_CONF = "timeout 0\nconsole-mode keep\neditor no\n"  # no `default`: it defeats the fallback
# Else systemd-boot would list the starter, before entries whose tries are used up.
LOADER_CONF_OF_STARTER = f"{LOADER_CONF}auto-entries no\n"


def make_esp(esp: Path, root: Path, *, image: Path) -> None:
    """By the same code that a unit uses for its next release. `image`: the root as the file system
    (or the partition) that it lies in. Raises `SlotError`, `OSError`.
    """
    shutil.rmtree(esp, ignore_errors=True)
    copy_loader(esp, root)
    (esp / "loader/entries").mkdir()
    (esp / "provision").mkdir()

    def read(slot: str) -> BootSource:
        return read_source(root, f"{BOOT_DISK}root-{slot.lower()}", image=image)

    state = esp / "state.json"
    boot = SystemdBoot(esp, state, Disk(), read)
    boot.set_primary("A")
    boot.set_state("A", good=True)
    state.unlink()


def copy_loader(esp: Path, root: Path) -> None:
    """systemd-boot and its settings; of a signed image with its starter and its keys."""
    signed, starter = root / f"{LOADER}{SIGNED}", root / STARTER
    loader = signed if signed.exists() else root / LOADER
    first = starter if starter.exists() else loader
    for file, place in (
        (first, "EFI/BOOT/BOOTX64.EFI"),
        (loader, "EFI/systemd/systemd-bootx64.efi"),
    ):
        (esp / place).parent.mkdir(parents=True)
        shutil.copy(file, esp / place)
    if (root / ENROLLED).is_dir():
        shutil.copytree(root / ENROLLED, esp / "loader/keys/auto")
    (esp / "loader").mkdir(exist_ok=True)
    settings = LOADER_CONF_OF_STARTER if starter.exists() else LOADER_CONF
    (esp / "loader/loader.conf").write_text(settings)


def pack_esp(esp: Path, image: Path, size_bytes: int) -> None:
    """Raises `UnfinishedError`."""
    with image.open("wb") as file:
        file.truncate(size_bytes)
    content = sorted(str(one) for one in esp.iterdir())
    for words in (
        ("mkfs.vfat", "-F", "32", "-S", "512", "-n", "ESP", str(image)),
        ("mcopy", "-s", "-i", str(image), *content, "::"),
    ):
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=False)
        except OSError as error:
            raise UnfinishedError(f"{words[0]} cannot be run: {error.strerror}") from error
        if done.returncode:
            raise UnfinishedError(f"the ESP cannot be made: {done.stderr.strip()[-300:]}")
