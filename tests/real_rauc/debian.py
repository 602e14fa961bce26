"""A root of Debian 13 with `rauc` and `bootctl`, entered by chroot in mounts of its own.

Reads: Debian's packages. Writes: its root directory. Never: mounts anything outside of its own
namespace, or reaches the computer's bus.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT
from tests.stand_ins.private_bus import run_bus

PACKAGES = ("rauc", "rauc-service", "dbus", "systemd-boot-tools", "python3", "squashfs-tools")
MIRROR = "http://deb.debian.org/debian"
BACKEND = """#!/bin/sh
PYTHONPATH=/opt/sources exec python3 -m ota.slots.backend systemd-boot --mounted /srv/slots "$@"
"""
SYSTEM_CONF = """[system]
compatible=unit-x86-64
bootloader=custom
bundle-formats=-plain
data-directory=/var/lib/rauc
activate-installed=false
[handlers]
bootloader-custom-backend=/usr/local/bin/boot-backend
[keyring]
path=/etc/rauc/ca.pem
[slot.rootfs.0]
device=/srv/root-a
type=raw
bootname=A
[slot.rootfs.1]
device=/srv/root-b
type=raw
bootname=B
"""
MANIFEST = """[update]
compatible={compatible}
version=2.0
[bundle]
format={form}
[image.rootfs]
filename=root.img
"""
# /proc and /dev of the computer, in a namespace that ends with the program.
ENTER = 'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"'
# bootctl wants a file system of its own.
ENTER_WITH_ESP = (
    'mount -t proc proc "$0/proc"; mount -t tmpfs esp "$0/efi"; cp -r "$0/srv/esp/." "$0/efi/"; '
    'exec chroot "$0" "$@"'
)
KEYS = (
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout etc/rauc/key.pem "
    "-out etc/rauc/ca.pem -subj /CN=test -days 30"
)


class Debian:
    """`root`: its root directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self) -> None:
        include = f"--include={','.join(PACKAGES)}"
        words = ("mmdebstrap", "--quiet", "--variant=minbase", include, "trixie", self.root, MIRROR)
        subprocess.run(words, check=True)
        for package in ("appliance", "ota"):
            shutil.copytree(ROOT / package, self.root / "opt/sources" / package)
        backend = self.root / "usr/local/bin/boot-backend"
        backend.write_text(BACKEND)
        backend.chmod(0o755)
        (self.root / "etc/rauc").mkdir(exist_ok=True)
        (self.root / "etc/rauc/system.conf").write_text(SYSTEM_CONF)
        openssl = ("openssl", *KEYS.split())
        subprocess.run(openssl, cwd=self.root, check=True, capture_output=True)
        for slot in ("a", "b"):
            (self.root / f"srv/root-{slot}").write_bytes(bytes(2**20))
            make_slot(self.root / "srv/slots" / slot.upper())

    def reset(self) -> None:
        shutil.rmtree(self.root / "efi", ignore_errors=True)
        shutil.rmtree(self.root / "var/lib/rauc", ignore_errors=True)
        for folder in ("efi/loader/entries", "var/lib/rauc"):
            (self.root / folder).mkdir(parents=True)
        for verb in (("set-primary", "A"), ("set-state", "A", "good")):
            self.run("/usr/local/bin/boot-backend", *verb)

    def run(self, *words: str, enter: str = ENTER) -> str:
        whole = ("unshare", "--mount", "sh", "-ec", enter, str(self.root), *words)
        done = subprocess.run(whole, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def list_entries(self) -> list[str]:
        return sorted(one.name for one in (self.root / "efi/loader/entries").iterdir())

    def make_bundle(self, form: str, compatible: str = "unit-x86-64") -> Path:
        """Its path, as RAUC sees it."""
        content = self.root / "srv/content"
        content.mkdir(exist_ok=True)
        (content / "root.img").write_bytes(os.urandom(100_000))  # zeros would be packed away
        (content / "manifest.raucm").write_text(MANIFEST.format(form=form, compatible=compatible))
        bundle = f"/srv/{form}-{compatible}.raucb"
        (self.root / bundle.lstrip("/")).unlink(missing_ok=True)
        keys = ("--cert=/etc/rauc/ca.pem", "--key=/etc/rauc/key.pem")
        self.run("rauc", *keys, "bundle", "/srv/content", bundle)
        return Path(bundle)

    @contextmanager
    def serve(self) -> Iterator[str]:
        """RAUC's service on a bus of its own; the bus's address."""
        words = ("rauc", "--override-boot-slot=A", "service")
        setting = "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus"
        whole = ("unshare", "--mount", "sh", "-ec", ENTER, self.root, "env", setting, *words)
        log = (self.root / "run/rauc.log").open("w")
        with log, run_bus(self.root / "run") as address:
            service = subprocess.Popen(whole, stdout=log, stderr=log)
            try:
                yield address
            finally:
                service.terminate()
                service.wait()


def make_slot(root: Path) -> None:
    """What an image has for its boot."""
    (root / "etc/kernel").mkdir(parents=True)
    (root / "etc/os-release").write_text("IMAGE_VERSION=1.0\n")
    (root / "etc/kernel/cmdline").write_text("ro quiet\n")
    for name in ("vmlinuz", "initrd.img"):
        (root / name).write_bytes(name.encode())
