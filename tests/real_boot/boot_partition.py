"""The boot partition of a disk that is not running: what it boots, and whether that is whole.

Reads: a disk or its ESP (mtools, dd). Writes: copies of a partition.
Never: changes what it reads.
"""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ota.slots.boot_entries import FOLDER, find_first, parse_entry
from provisioning.emulator.guest_disk import GuestDisk, Partition


def hash_boot_files(disk: GuestDisk) -> Iterator[str]:
    for folder in disk.list(FOLDER):
        for name in ("linux", "initrd"):
            yield hash_on_esp(f"{disk.path}@@{disk.find('esp').start}", f"{FOLDER}/{folder}/{name}")


def hash_on_esp(esp: str, place: str) -> str:
    done = subprocess.run(["mcopy", "-i", esp, f"::{place}", "-"], capture_output=True, check=False)
    return hashlib.sha256(done.stdout).hexdigest() if done.returncode == 0 else "unreadable"


def copy_part(disk: Path, part: Partition, target: Path) -> None:
    """One partition alone, with holes."""
    words = [f"if={disk}", f"of={target}", "conv=sparse", "bs=1M", "status=none"]
    where = [f"skip={part.start}", f"count={part.length}", "iflag=skip_bytes,count_bytes"]
    subprocess.run(["dd", *words, *where], check=True)


def find_wrong(esp: Path, whole: frozenset[str]) -> str:
    """What is wrong with what a boot partition boots."""
    listed = subprocess.run(
        ["mdir", "-b", "-i", esp, "::loader/entries"], capture_output=True, text=True, check=False
    )
    names = [Path(one).name for one in listed.stdout.split()]
    found = {name: read(esp, f"loader/entries/{name}") for name in names}
    entries = [parse_entry(name, data) for name, data in found.items()]
    first = find_first(one for one in entries if one)
    if first is None or not first.is_bootable:
        return f"no entry can be booted: {names}"
    files = [f"{FOLDER}/{first.boot_files}/{name}" for name in ("linux", "initrd")]
    return "".join(
        f"{one} of {first.name}; " for one in files if hash_on_esp(str(esp), one) not in whole
    )


def read(esp: Path, place: str) -> bytes:
    words = ["mcopy", "-i", str(esp), f"::{place}", "-"]
    return subprocess.run(words, capture_output=True, check=False).stdout
