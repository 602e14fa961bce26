"""May this disk be erased, and what is on it: asked of lsblk (util-linux).

    disk = inspect(Path("/dev/nvme0n1"))
    why_not = find_obstacle(disk, least_bytes)

Reads: what lsblk says. Writes: nothing.
Never: takes a partition, a disk in use, or one on which another part of the system rests.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioning.disk_installation.errors import RefusedError
from provisioning.disk_installation.table import MIB, SECTOR_BYTES

COLUMNS = "NAME,PATH,TYPE,SIZE,RO,MODEL,SERIAL,TRAN,FSTYPE,LABEL,PARTLABEL,MOUNTPOINTS,LOG-SEC"
SYSTEM = ("/", "/var", "/efi", "/boot", "/usr")
DISKS = ("disk", "loop")
PLAIN = ("disk", "loop", "part")
LSBLK = ("lsblk", "--json", "--bytes", "--output", COLUMNS)


@dataclass(frozen=True, slots=True)
class Found:
    """A disk, or a part of one. `facts`: as lsblk names them."""

    facts: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.facts["name"])

    @property
    def size_bytes(self) -> int:
        return int(self.facts["size"] or 0)

    @property
    def mounts(self) -> list[str]:
        return [str(one) for one in self.facts.get("mountpoints") or [] if one]

    def list_parts(self) -> Iterator["Found"]:
        """Partitions and all that rests on them."""
        for one in self.facts.get("children", ()):
            part = Found(one)
            yield part
            yield from part.list_parts()


def inspect(path: Path) -> Found:
    """Raises `RefusedError`."""
    if not path.is_block_device():
        kind = "does not exist" if not path.exists() else "is no disk (no block device)"
        raise RefusedError(f"{path} {kind}; these are here: {list_disks()}")
    try:
        return Found(run_lsblk(os.fspath(path.resolve()))[0])
    except IndexError:
        raise RefusedError(f"lsblk does not know {path}: is a medium in it?") from None


def run_lsblk(*words: str) -> list[dict[str, Any]]:
    try:
        done = subprocess.run([*LSBLK, *words], capture_output=True, text=True, check=False)
        found: list[dict[str, Any]] = json.loads(done.stdout)["blockdevices"]
    except (OSError, ValueError, KeyError) as error:
        raise RefusedError("lsblk (util-linux) cannot say what disks are here") from error
    return found


def list_disks() -> str:
    found = [Found(one) for one in run_lsblk("--nodeps")]
    real = [one for one in found if one.facts["type"] == "disk" and one.size_bytes]
    return ", ".join(f"{one.facts['path']} ({format_size(one.size_bytes)})" for one in real)


def find_obstacle(disk: Found, least_bytes: int) -> str:
    """Why it must not be written, and what to do; "" where it may."""
    facts, parts = disk.facts, list(disk.list_parts())
    if facts["type"] not in DISKS:
        return f"{disk.name} is not a whole disk but a {facts['type']}: name the disk it is on"
    if facts["ro"] in (True, 1, "1"):
        return f"{disk.name} is read-only: look for a switch on the medium"
    if in_use := find_use(disk, parts):
        return in_use
    if int(facts["log-sec"]) != SECTOR_BYTES:
        return (
            f"{disk.name} has sectors of {facts['log-sec']} bytes, an image {SECTOR_BYTES}: "
            "format it to that (`nvme format --lbaf`), or take another"
        )
    if disk.size_bytes < least_bytes:
        return (
            f"{disk.name} is too small: it has {format_size(disk.size_bytes)} ({disk.size_bytes} "
            f"bytes), {format_size(least_bytes)} ({least_bytes} bytes) are needed"
        )
    return ""


def find_use(disk: Found, parts: list[Found]) -> str:
    for one in (disk, *parts):
        if set(one.mounts) & set(SYSTEM):
            return f"{disk.name} is the disk that this system runs from ({one.name}): take another"
        if "[SWAP]" in one.mounts:
            return f"{one.name} is swap: `swapoff /dev/{one.name}` first, if it is not needed"
        if one.mounts:
            return f"{one.name} is mounted at {one.mounts[0]}: unmount it first"
    for one in parts:
        if one.facts["type"] not in PLAIN:
            return (
                f"{one.name} ({one.facts['type']}) rests on {disk.name}: it is in use; stop it "
                "first, if it is not needed"
            )
    return ""


def describe(disk: Found) -> str:
    """What is to be erased, for a person who decides."""
    facts = disk.facts
    words = [facts.get("model"), facts.get("tran"), format_size(disk.size_bytes)]
    serial = f"serial {facts['serial']}" if facts.get("serial") else "no serial"
    lines = [f"  {disk.name}: {', '.join(str(one).strip() for one in (*words, serial) if one)}"]
    for one in disk.list_parts():
        known = (one.facts.get(key) for key in ("fstype", "label", "partlabel"))
        what = ", ".join(str(text) for text in known if text) or "not known"
        lines.append(f"    {one.name}: {format_size(one.size_bytes)}, {what}")
    if len(lines) == 1:
        lines.append("    no partitions")
    return "\n".join(lines)


def format_size(size_bytes: int) -> str:
    gib = size_bytes / (1024 * MIB)
    return f"{gib:.1f} GiB" if gib >= 1 else f"{size_bytes // MIB} MiB"
