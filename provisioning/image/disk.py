"""The disk: a partition table, ESP with systemd-boot and the entry of slot A, both slots, data.

Reads: the root and its slot image. Writes: one file, sparse.
Never: needs a loop device or a mount.
"""

import os
import shutil
import uuid
from pathlib import Path

from provisioning.disk_installation.data import GROWS
from provisioning.image.slot import NAMESPACE
from provisioning.image.tools import Chroot

HERE = Path(__file__).parent


def make_disk(tools: Chroot, work: Path, disk: Path, *, release: str, epoch: int) -> None:
    """`work`: holds esp/ and root.ext4; `disk` is made anew, in `work` too."""
    disk.unlink(missing_ok=True)
    definitions = work / "repart.d"
    shutil.rmtree(definitions, ignore_errors=True)
    shutil.copytree(HERE / "repart.d", definitions)
    place, fixed = Path("/") / work.name, uuid.uuid5(NAMESPACE, release)
    for path in [work / "esp", *(work / "esp").rglob("*")]:
        os.utime(path, (epoch, epoch))
    tools.run(
        *("systemd-repart", "--offline=yes", "--empty=create", "--size=auto", "--dry-run=no"),
        *(f"--seed={fixed}", f"--definitions={place / 'repart.d'}"),
        *(f"--root={place}", "--no-pager", place / disk.name),
        bind=[work],
        environment={
            "SOURCE_DATE_EPOCH": str(epoch),
            "SYSTEMD_REPART_MKFS_OPTIONS_EXT4": f"-E hash_seed={fixed},{GROWS}",
        },
    )
