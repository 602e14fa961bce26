"""Secure Boot with own keys: the boot loader and each system's kernel signed, and the keys' files.

    add_signed_loader(tools, root, work, keys, epoch)      # into the root, before it is a slot
    add_unified(tools, root, slot, keys, release=..., epoch=...)   # behind its hash tree

Reads: keys, the root, a slot with its hash tree. Writes: into the root; behind the slot.
Never: leaves a private key in the root, in the slot or in the tools.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ota.slots.boot_entries import SORT_KEY
from ota.slots.boot_source import OF_THE_ENTRY
from ota.slots.unified import HEADER_BYTES, format_header
from ota.slots.verity import read_verity_options
from provisioning.disk_installation.esp import ENROLLED, LOADER, SIGNED, STARTER
from provisioning.image.tools import Chroot, ImageError, run

STARTER_SOURCE = Path(__file__).parent / "starter.s"
DAYS = 20 * 365
SUBJECT = "/O=Neural Energy unit/CN=Secure Boot development key: not for units in the field"
SBSIGN = "/usr/lib/systemd/systemd-sbsign"
STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
# systemd-boot asks that what it is to boot on is the root of a file system.
ENROL = (
    'mkdir -p "$1"; mount -t tmpfs none "$1"; SYSTEMD_RELAX_ESP_CHECKS=1 bootctl install --quiet '
    '--esp-path="$1" --no-variables --secure-boot-auto-enroll=yes --certificate="$2" '
    '--private-key="$3"; cp "$1"/loader/keys/auto/*.auth "$4"'
)
# A file of ELF, linked as one of UEFI.
ASSEMBLE = (
    'as -o "$1.o" "$1"; ld -m i386pep --subsystem 10 --entry start --image-base 0 '
    '--file-alignment 0x200 --no-insert-timestamp --strip-all -o "$2" "$1.o"'
)
# A signature has a time, and no program here takes it from SOURCE_DATE_EPOCH.
CLOCK = ("faketime", "-f")
# The same version in all: names of files say what is newer, with a number that rises.
OS_RELEASE = 'ID={key}\nIMAGE_ID={key}\nVERSION_ID=1\nPRETTY_NAME="Neural Energy {release}"\n'


@dataclass(frozen=True, slots=True)
class BootKeys:
    """PEM files; RSA, since firmware knows no other."""

    key: Path
    certificate: Path


def find_boot_keys(
    directory: Path, *, key: Path | None = None, certificate: Path | None = None
) -> BootKeys:
    """Those that are named, or a pair for development, made at the first build."""
    if (key is None) != (certificate is None):
        raise ImageError("--sb-key and --sb-certificate belong together: name both, or neither")
    made = directory / "keys/secure-boot.pem"
    keys = BootKeys(key or made, certificate or made.with_suffix(".crt"))
    if key is None and not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        run(
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(DAYS)),
            *("-subj", SUBJECT, "-keyout", keys.key, "-out", keys.certificate),
        )
    for path in (keys.key, keys.certificate):
        if not path.is_file():
            raise ImageError(f"{path} does not exist: name a PEM file")
    return keys


def stop_clock(epoch: int) -> tuple[str, ...]:
    """The words before a program for which it is always `epoch`, in seconds since 1970."""
    return (*CLOCK, datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S"))


@contextmanager
def lent(work: Path, keys: BootKeys) -> Iterator[tuple[Path, Path]]:
    """Key and certificate in a directory in `work`, as the tools find it."""
    with tempfile.TemporaryDirectory(dir=work, prefix="signing-") as folder:
        shutil.copy(keys.key, Path(folder) / "key.pem")
        shutil.copy(keys.certificate, Path(folder) / "certificate.pem")
        place = Path("/") / work.name / Path(folder).name
        yield place / "key.pem", place / "certificate.pem"


def add_signed_loader(tools: Chroot, root: Path, work: Path, keys: BootKeys, epoch: int) -> None:
    """systemd-boot and its starter, signed; and what enrols the keys."""
    place, enrolled = Path("/") / root.name, root / ENROLLED
    enrolled.mkdir(parents=True, exist_ok=True)
    environment = {"SOURCE_DATE_EPOCH": str(epoch)}
    with lent(work, keys) as (key, certificate):
        names = (f"--private-key={key}", f"--certificate={certificate}")
        source, starter = key.parent / STARTER_SOURCE.name, key.parent / "starter.efi"
        shutil.copy(STARTER_SOURCE, work / key.parent.name)
        tools.run("sh", "-ec", ASSEMBLE, "sh", source, starter, bind=[work])
        for file, signed in (
            (place / LOADER, place / f"{LOADER}{SIGNED}"),
            (starter, place / STARTER),
        ):
            tools.run(
                *(*stop_clock(epoch), SBSIGN, "sign", *names, f"--output={signed}"),
                file,
                bind=[root, work],
                environment=environment,
            )
        esp = key.parent / "esp"
        tools.run(
            *("sh", "-ec", ENROL, "sh", esp, certificate, key, place / ENROLLED),
            bind=[root, work],
            environment=environment,
        )


def add_unified(
    tools: Chroot, root: Path, slot: Path, keys: BootKeys, *, release: str, epoch: int
) -> None:
    """Kernel, initial RAM disk and command line in one signed file, behind the slot's hash tree."""
    words = (root / "etc/kernel/cmdline").read_text().split()
    own = [word for word in words if not word.startswith(OF_THE_ENTRY)]
    with lent(slot.parent, keys) as (key, certificate):
        folder = slot.parent / key.parent.name
        cmdline = " ".join([*own, *read_verity_options(slot)])
        (folder / "os-release").write_text(OS_RELEASE.format(key=SORT_KEY, release=release))
        (folder / "cmdline").write_text(cmdline)
        place = Path("/") / root.name
        made = folder / "unit.efi"
        tools.run(
            *(*stop_clock(epoch), "ukify", "build"),
            *(f"--linux={place / 'vmlinuz'}", f"--initrd={place / 'initrd.img'}"),
            *(f"--cmdline=@{key.parent / 'cmdline'}", f"--stub={STUB}"),
            *(f"--os-release=@{key.parent / 'os-release'}", "--signtool=systemd-sbsign"),
            "--no-sign-kernel",
            *(f"--secureboot-private-key={key}", f"--secureboot-certificate={certificate}"),
            f"--output={key.parent / made.name}",
            bind=[root, slot.parent],
            environment={"SOURCE_DATE_EPOCH": str(epoch)},
        )
        append(made, slot)


def append(unified: Path, slot: Path) -> None:
    """As ota.slots.unified finds it."""
    data = unified.read_bytes()
    with slot.open("ab") as file:
        file.write(format_header(len(data)))
        file.write(data)
        file.write(bytes(-len(data) % HEADER_BYTES))
