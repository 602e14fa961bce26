"""The data partition of a new unit: an ext4 file system that holds what RAUC knows of both slots.

    make_data(file, 2**29, SlotFacts("2026.11.1", sha256, 1610612736))

Reads: nothing. Writes: one file, sparse, by mkfs.ext4.
Never: takes anything from another unit's data: each begins with its own.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from provisioning.disk_installation.errors import UnfinishedError

COMPATIBLE = "unit-x86-64"
RAUC_STATUS = Path("lib/rauc/central.raucs")
GROWS = "resize=1073741824"  # to 4 TiB in blocks: mkfs reserves for 512 GiB by itself
MKFS = (
    *("mkfs.ext4", "-q", "-F", "-L", "data", "-b", "4096", "-m", "0"),
    *("-E", f"lazy_itable_init=0,nodiscard,root_owner=0:0,{GROWS}"),
)


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """The system in both slots. `release`: "" where it is not known."""

    release: str
    sha256: str
    size_bytes: int


def format_rauc_status(facts: SlotFacts) -> str:
    """As RAUC 1.13 keeps it. By the digest the first update comes as a difference."""
    version = f"bundle.version={facts.release}\n" if facts.release else ""
    groups = [
        f"[slot.rootfs.{number}]\nbundle.compatible={COMPATIBLE}\n{version}"
        f"status=ok\nsha256={facts.sha256}\nsize={facts.size_bytes}\n"
        for number in (0, 1)
    ]
    return "\n".join(groups)


def make_data(image: Path, size_bytes: int, facts: SlotFacts) -> None:
    """Raises `UnfinishedError`."""
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder) / "content"
        status = content / RAUC_STATUS
        status.parent.mkdir(parents=True)
        status.write_text(format_rauc_status(facts))
        for path in (content, *content.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        with image.open("wb") as file:
            file.truncate(size_bytes)
        done = subprocess.run(
            [*MKFS, "-d", content, image], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise UnfinishedError(f"the data partition cannot be made: {done.stderr.strip()[-300:]}")
