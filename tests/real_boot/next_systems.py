"""Releases of the operating system that differ from the image in a few files, and their fleet.

Reads: the build directory of the image that is tested. Writes: a fleet, bundles.
Never: builds a root anew: a slot is copied, and files in it are replaced (debugfs).
"""

import hashlib
import subprocess
import sys
import uuid
from pathlib import Path

from ota.slots.unified import find_unified
from ota.slots.verity import EXT4_AT, SWITCH, read_ext4_bytes
from provisioning.image.bundle import make_bundle
from provisioning.image.command import SLOT
from provisioning.image.keys import BundleKeys
from provisioning.image.secure_boot import add_unified, find_boot_keys
from provisioning.image.slot import add_hash_tree
from provisioning.image.tools import Chroot, run
from provisioning.update_demo.fleet_side import ENERGY_WH
from tests.conftest import ROOT

EPOCH = 1_796_000_000  # seconds since 1970, of what is in a bundle
OS_RELEASE, COMMAND_LINE = "/usr/lib/os-release", "/etc/kernel/cmdline"
# Without its initial RAM disk the kernel finds no root: it panics, and restarts.
PANIC = " rdinit=/nowhere"


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class NextSystems:
    """`built`: the directory of `make image`."""

    def __init__(self, built: Path, directory: Path) -> None:
        self._built = built
        self._directory = directory
        self.fleet = directory / "fleet"
        self._run_fleet("init", str(self.fleet))

    @property
    def tree(self) -> Path:
        return self.fleet / "tree"

    @property
    def roots_of_trust(self) -> list[Path]:
        return sorted((self.fleet / "trust").glob("*-root.json"))

    def offer(self, unit: str, release: str, *, sequence: int, boots: bool = True) -> str:
        """Build, sign, publish and assign; one that does not boot panics, or is signed for Secure
        Boot by a stranger. Returns the SHA-256 of the slot.
        """
        bundle, slot_sha256 = self._make_bundle(release, boots=boots)
        here = ("--fleet", str(self.fleet))
        energy = ("--sequence", str(sequence), "--energy-wh", ENERGY_WH)
        self._run_fleet("release", "build", release, "--os", str(bundle), *energy, *here)
        bundle.unlink()
        for words in (("release", "sign"), ("release", "publish"), ("assign", unit)):
            self._run_fleet(*words, release, *here)
        return slot_sha256

    def _make_bundle(self, release: str, *, boots: bool) -> tuple[Path, str]:
        work = self._directory / release
        work.mkdir()
        slot = work / SLOT
        run("cp", "--sparse=always", self._built / "image" / SLOT, slot)
        lines = self._read(slot, OS_RELEASE).splitlines()
        kept = [line for line in lines if not line.startswith("IMAGE_VERSION=")]
        self._replace(slot, OS_RELEASE, "\n".join([*kept, f"IMAGE_VERSION={release}", ""]))
        if not boots:
            self._replace(slot, COMMAND_LINE, self._read(slot, COMMAND_LINE).strip() + PANIC)
        if SWITCH in self._read(slot, COMMAND_LINE):
            self._sign_again(slot, release, self._built if boots else work)
        key = self._built / "keys/development.pem"
        keys = BundleKeys(str(key), key.with_suffix(".crt"), development=True)
        bundle = work / "unit.raucb"
        tools = Chroot(self._built / "tools")
        make_bundle(tools, work, bundle, keys, release=release, epoch=EPOCH)
        slot_sha256 = hash_file(slot)
        slot.unlink()
        return bundle, slot_sha256

    def _sign_again(self, slot: Path, release: str, keys: Path) -> None:
        """Hash tree and signed file, of what is in the slot now."""
        was_signed = find_unified(slot)
        with slot.open("r+b") as file:
            file.seek(EXT4_AT)
            file.truncate(read_ext4_bytes(file.read(1024), slot))
        tools, root = Chroot(self._built / "tools"), self._built / "root"
        add_hash_tree(tools, slot, uuid.uuid4())
        if was_signed:
            add_unified(tools, root, slot, find_boot_keys(keys), release=release, epoch=EPOCH)

    def _read(self, slot: Path, place: str) -> str:
        return run("debugfs", "-R", f"cat {place}", slot)

    def _replace(self, slot: Path, place: str, text: str) -> None:
        file = slot.with_name("new-file")
        file.write_text(text)
        for order in (f"rm {place}", f"write {file} {place}"):
            run("debugfs", "-w", "-R", order, slot)

    def _run_fleet(self, *words: str) -> None:
        command = [sys.executable, "-m", "tests.real_boot.fast_fleet", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"fleet {' '.join(words)}: {done.stdout}{done.stderr}"
