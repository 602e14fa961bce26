"""The sticks that are plugged in, as the kernel lists them.

    drives = Drives()
    drives.list_parts()     # [Part("sdb1", "vfat")]

Reads: /sys/block, the mounts; the first bytes of a stick, through blkid. Writes: nothing.
Never: names a disk of the computer itself: one that is not removable and not on USB, or of which
anything is in use, as of a unit that boots from a stick.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ota.stick.programs import run

BLOCKS = Path("/sys/block")
MOUNTS = Path("/proc/self/mountinfo")
FILE_SYSTEMS = ("vfat", "exfat", "ext4")
MOST_PARTS = 16
PROBE_S = 20.0


@dataclass(frozen=True, slots=True)
class Part:
    """A partition of a stick, or a whole stick without any. `kind`: its file system, as blkid names
    it, "" where it knows none.
    """

    name: str
    kind: str

    @property
    def device(self) -> Path:
        return Path("/dev") / self.name


@dataclass(frozen=True, slots=True)
class Drives:
    """`blocks`, `mounts`, `find_kind`: others in tests."""

    blocks: Path = BLOCKS
    mounts: Path = MOUNTS
    find_kind: Callable[[str], str] = field(default_factory=lambda: find_kind)

    def list_parts(self) -> list[Part]:
        """All of all sticks that nothing uses."""
        used = self._list_used()
        disks = [one for one in sorted(self.blocks.glob("*")) if is_stick(one)]
        free = [one for one in disks if not is_used(one, used)]
        parts = [part for disk in free for part in list_parts(disk)]
        return [Part(one.name, self.find_kind(one.name)) for one in parts[:MOST_PARTS]]

    def _list_used(self) -> frozenset[str]:
        """Major and minor numbers of what is mounted."""
        lines = self.mounts.read_text(errors="replace").splitlines()
        return frozenset(line.split()[2] for line in lines if len(line.split()) > 2)


def is_stick(disk: Path) -> bool:
    """Whether it can be pulled out, and something is in it: the slots of a card reader are there
    without a card as well.
    """
    on_usb = "/usb" in os.path.realpath(disk)
    return (on_usb or read(disk / "removable") == "1") and read(disk / "size") not in ("", "0")


def is_used(disk: Path, used: frozenset[str]) -> bool:
    """Whether anything of it is mounted, or part of something else (RAID, encryption)."""
    own = [disk, *list_partitions(disk)]
    return any(read(one / "dev") in used or has_holders(one) for one in own)


def has_holders(block: Path) -> bool:
    with suppress(OSError):
        return any((block / "holders").iterdir())
    return False


def list_parts(disk: Path) -> list[Path]:
    """Its partitions; itself where it has none."""
    return list_partitions(disk) or [disk]


def list_partitions(disk: Path) -> list[Path]:
    return sorted(one.parent for one in disk.glob("*/partition"))


def find_kind(name: str) -> str:
    """The file system, "" where there is none that is known, or the stick does not answer."""
    words = ["blkid", "-p", "-s", "TYPE", "-o", "value", f"/dev/{name}"]
    with suppress(OSError):
        done = run(words, limit_s=PROBE_S)
        return done.text if done.code == 0 else ""
    return ""


def read(path: Path) -> str:
    """A small file of the kernel; "" where it cannot be read."""
    with suppress(OSError):
        return path.read_text(errors="replace").strip()
    return ""
