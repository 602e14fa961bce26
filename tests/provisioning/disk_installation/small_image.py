"""A small image of a unit, made by the tools that a technician has: sfdisk, mkfs.vfat, mkfs.ext4.

image = make_image(tmp_path)
image.run(disk, "--yes-erase", ...)
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioning.disk_installation.command import TOOLS
from tests.conftest import ROOT

MIB = 2**20
ESP_MIB, SLOT_MIB, DATA_MIB = 36, 12, 16
SYSTEM_MIB = 8
TOTAL_MIB = 1 + ESP_MIB + 2 * SLOT_MIB + DATA_MIB + 1
SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
MISSING = [name for name in (*TOOLS, "mkfs.vfat", "zstd") if not shutil.which(name, path=SBIN)]
needs_tools = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")
SCRIPT = f"""label: gpt
first-lba: 2048
start=2048, size={ESP_MIB}MiB, type=uefi, name="esp"
size={SLOT_MIB}MiB, type=linux, name="root-a"
size={SLOT_MIB}MiB, type=linux, name="root-b"
size={DATA_MIB}MiB, type=linux, name="data"
"""
COMMAND = (sys.executable, "-I", "-S", ROOT / "provisioning/install-image")  # Python's own library


@dataclass(frozen=True, slots=True)
class SmallImage:
    """`raw`: the image; `system`: the file system in slot A."""

    raw: Path
    system: bytes

    @property
    def manifest(self) -> Path:
        return self.raw.with_name("manifest.json")

    def install(
        self, *words: str | Path, image: Path | None = None, stdin: bytes | None = None
    ) -> subprocess.CompletedProcess[str]:
        return run_command(image or self.raw, *words, stdin=stdin)


def run_command(*words: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*COMMAND, *words], input=stdin or b"", capture_output=True, check=False)
    text = (one.decode(errors="replace") for one in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, *text)


def make_image(folder: Path) -> SmallImage:
    esp, system, raw = folder / "esp.raw", folder / "system.ext4", folder / "unit.raw"
    fill_esp(folder, esp)
    content = folder / "system"
    content.mkdir()
    (content / "noise").write_bytes(os.urandom(MIB))
    tool("mkfs.ext4", "-q", "-O", "^has_journal", "-d", content, system, f"{SYSTEM_MIB}m")
    raw.touch()
    os.truncate(raw, TOTAL_MIB * MIB)
    tool("sfdisk", "--quiet", raw, stdin=SCRIPT)
    with raw.open("r+b") as file:
        for place_mib, part in ((1, esp), (1 + ESP_MIB, system)):
            file.seek(place_mib * MIB)
            file.write(part.read_bytes())
    image = SmallImage(raw, system.read_bytes())
    write_manifest(image)
    return image


def fill_esp(folder: Path, esp: Path) -> None:
    """With provision/, and a file that fills more than its first pieces."""
    esp.touch()
    os.truncate(esp, ESP_MIB * MIB)
    tool("mkfs.vfat", "-F", "32", "-S", "512", esp)
    kernel = folder / "linux"
    kernel.write_bytes(os.urandom(6 * MIB))
    tool("mmd", "-i", esp, "::provision")
    tool("mcopy", "-i", esp, kernel, "::linux")


def write_manifest(image: SmallImage, machine: str = "x86-64") -> None:
    data = image.raw.read_bytes()
    files = {
        "disk": {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()},
        "slot": {"bytes": len(image.system), "sha256": ""},
    }
    tree = {"release": "2026.11.1", "machine": machine, "files": files}
    image.manifest.write_text(json.dumps(tree))


def make_disk(folder: Path, size_mib: int, name: str = "disk") -> Path:
    """A file that stands for a disk, full of what was on it before."""
    disk = folder / name
    disk.write_bytes(os.urandom(MIB) * size_mib)
    return disk


def erase(disk: Path) -> tuple[str, ...]:
    """The words that let a file be erased which is not empty."""
    return "--file", "--yes-erase", disk.name


@contextmanager
def attached(file: Path, *words: str) -> Iterator[Path]:
    """A block device of the kernel's own over a file."""
    done = subprocess.run(
        ["losetup", "--find", "--show", *words, file], capture_output=True, text=True, check=False
    )
    if done.returncode or os.geteuid() != 0:
        pytest.skip("there are no loop devices here")
    device = Path(done.stdout.strip())
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


def read_part(disk: Path, begin_mib: int, size_mib: int) -> bytes:
    with disk.open("rb") as file:
        file.seek(begin_mib * MIB)
        return file.read(size_mib * MIB)


def tool(*words: str | Path, stdin: str = "") -> str:
    done = subprocess.run(
        words, input=stdin, capture_output=True, text=True, check=False, env={"PATH": SBIN}
    )
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout
