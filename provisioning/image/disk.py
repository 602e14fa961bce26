"""The disk: a partition table, ESP with systemd-boot and the entry of slot A, both slots, data.

Reads: the root and its slot image. Writes: one file, sparse.
Never: needs a loop device or a mount.
"""

import shutil
import uuid
from pathlib import Path

from ota.disk import Disk
from ota.slots.boot_source import read_source
from ota.slots.systemd_boot import BootSource, SystemdBoot
from provisioning.image.slot import NAMESPACE
from provisioning.image.tools import Chroot

HERE = Path(__file__).parent
LABEL = "/dev/disk/by-partlabel/"
LOADER = "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
LOADER_CONF = "timeout 0\nconsole-mode keep\neditor no\n"  # no `default`: it defeats the fallback


def make_esp(esp: Path, root: Path) -> None:
    """What the ESP holds, by the same code that a unit uses for its next release."""
    shutil.rmtree(esp, ignore_errors=True)
    for place in ("EFI/BOOT/BOOTX64.EFI", "EFI/systemd/systemd-bootx64.efi"):
        (esp / place).parent.mkdir(parents=True)
        shutil.copy(root / LOADER, esp / place)
    (esp / "loader/entries").mkdir(parents=True)
    (esp / "loader/loader.conf").write_text(LOADER_CONF)
    (esp / "provision").mkdir()

    def read(slot: str) -> BootSource:
        return read_source(root, f"{LABEL}root-{slot.lower()}")

    state = esp / "state.json"
    boot = SystemdBoot(esp, state, Disk(), read)
    boot.set_primary("A")
    boot.set_state("A", good=True)
    state.unlink()


def make_disk(tools: Chroot, work: Path, disk: Path, *, release: str, epoch: int) -> None:
    """`work`: holds esp/ and root.ext4; `disk` is made anew, in `work` too."""
    disk.unlink(missing_ok=True)
    definitions = work / "repart.d"
    shutil.rmtree(definitions, ignore_errors=True)
    shutil.copytree(HERE / "repart.d", definitions)
    place = Path("/") / work.name
    tools.run(
        *("systemd-repart", "--offline=yes", "--empty=create", "--size=auto", "--dry-run=no"),
        *(f"--seed={uuid.uuid5(NAMESPACE, release)}", f"--definitions={place / 'repart.d'}"),
        *(f"--root={place}", "--no-pager", place / disk.name),
        bind=[work],
        environment={"SOURCE_DATE_EPOCH": str(epoch)},
    )
