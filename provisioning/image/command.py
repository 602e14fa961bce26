"""The command `python -m provisioning.image`: builds step by step, and says how long each took.

Reads: its arguments, the time of the commit. Writes: the build directory.
Never: leaves an older file under a name of this build.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.disk_installation.esp import make_esp
from provisioning.image.bundle import make_bundle
from provisioning.image.disk import make_disk
from provisioning.image.inventory import write_manifest
from provisioning.image.keys import BundleKeys, find_keys
from provisioning.image.root import OPTIONAL_SETS, SOURCES, RootPlan, make_root
from provisioning.image.sbom import write_sboms
from provisioning.image.secure_boot import (
    BootKeys,
    add_signed_loader,
    add_unified,
    find_boot_keys,
)
from provisioning.image.slot import SlotPlan, make_slot
from provisioning.image.tools import Chroot, ImageError, list_mirrors, make_tools, run

MIRROR = "http://deb.debian.org/debian"
DISK, BUNDLE, SLOT, MANIFEST = "unit.raw", "unit.raucb", "root.ext4", "manifest.json"
EPILOG = """exit codes: 0 built; 1 a step failed; 2 wrong arguments, or not root.

The directory holds at the end, in image/: unit.raw (a disk: write it with
provisioning/install-image), unit.raucb (for `fleet release build --os`), manifest.json."""


def main() -> None:
    asked = parse_arguments()
    if os.geteuid() != 0:
        fail("must be run as root: Debian's packages are unpacked with their owners", 2)
    os.umask(0o022)  # services of other users read what is built
    try:
        build(asked)
    except ImageError as error:
        fail(str(error), 1)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m provisioning.image",
        description="Builds the image of a unit: Debian 13, x86-64.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("directory", type=Path, help="where it is built")
    parser.add_argument("--release", default="0", help="its name (default: 0)")
    parser.add_argument("--mirror", default=MIRROR, help=f"of Debian (default: {MIRROR})")
    parser.add_argument(
        "--security-mirror", help='(default: --mirror with debian-security in it; "": none)'
    )
    parser.add_argument("--wheels", type=Path, required=True, help="made by `make wheels`")
    parser.add_argument(
        "--sbom", type=Path, metavar="DIR", help="with bills of materials, by the programs in DIR"
    )
    add_choices(parser)
    parser.add_argument("--key", help="signs bundles: a PEM file, or pkcs11:... (default: made)")
    parser.add_argument("--certificate", type=Path, help="of --key: units know bundles by it")
    parser.add_argument("--epoch", type=int, help="seconds since 1970 (default: the commit's)")
    asked = parser.parse_args()
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", asked.release):
        parser.error("--release: small letters, digits, `.`, `_` and `-`, 64 at most")
    asked.verity |= asked.secure_boot
    return asked


def add_choices(parser: argparse.ArgumentParser) -> None:
    """What an image has, or has not."""
    parser.add_argument("--kiosk", action="store_true", help="with the page on a touchscreen")
    parser.add_argument("--verity", action="store_true", help="roots with a hash tree (dm-verity)")
    parser.add_argument(
        "--secure-boot", action="store_true", help="signed for Secure Boot; with --verity"
    )
    parser.add_argument("--sb-key", type=Path, help="signs for Secure Boot: PEM, RSA")
    parser.add_argument("--sb-certificate", type=Path, help="of --sb-key (default: both are made)")
    parser.add_argument("--tpm", action="store_true", help="data encrypted, opened by the TPM")


def build(asked: argparse.Namespace) -> None:
    directory: Path = asked.directory
    directory.mkdir(parents=True, exist_ok=True)
    keys = find_keys(directory, asked.key, asked.certificate)
    sets = ("base", *(name for name in OPTIONAL_SETS if getattr(asked, name)))
    epoch = find_epoch() if asked.epoch is None else asked.epoch
    mirrors = list_mirrors(asked.mirror, asked.security_mirror)
    plan = RootPlan(asked.release, epoch, mirrors, asked.wheels, keys.certificate, sets)
    with timed("tools"):
        tools = make_tools(directory / "tools", mirrors)
    with timed("root"):
        root = make_root(directory / "root", plan, tools)
    made = directory / "image"
    made.mkdir(exist_ok=True)
    boot_keys = None
    if asked.secure_boot:
        boot_keys = find_boot_keys(directory, key=asked.sb_key, certificate=asked.sb_certificate)
    make_files(tools, root, made, plan, (keys, boot_keys))
    list_contents(root, made, plan, asked.sbom)
    if keys.development:
        print("signed by a development key: for a unit in the field name --key and --certificate")


def make_files(
    tools: Chroot,
    root: Chroot,
    made: Path,
    plan: RootPlan,
    all_keys: tuple[BundleKeys, BootKeys | None],
) -> None:
    keys, boot_keys = all_keys
    with timed("slot"):
        slot = SlotPlan(plan.release, plan.epoch, verity="verity" in plan.package_sets)
        if boot_keys:
            add_signed_loader(tools, root.root, made, boot_keys, plan.epoch)
        make_slot(tools, root.root, made / SLOT, slot)
        if boot_keys:
            add_unified(
                *(tools, root.root, made / SLOT, boot_keys),
                release=plan.release,
                epoch=plan.epoch,
            )
    with timed("disk"):
        make_esp(made / "esp", root.root, image=made / SLOT)
        make_disk(tools, made, made / DISK, release=plan.release, epoch=plan.epoch)
    with timed("bundle"):
        make_bundle(tools, made, made / BUNDLE, keys, release=plan.release, epoch=plan.epoch)


def list_contents(root: Chroot, made: Path, plan: RootPlan, programs: Path | None) -> None:
    """The bills of materials, and the manifest that names all files."""
    files = {"disk": made / DISK, "bundle": made / BUNDLE, "slot": made / SLOT}
    if programs is not None:
        with timed("sbom"):
            files |= write_sboms(
                root.root, made, programs=programs, release=plan.release, epoch=plan.epoch
            )
    with timed("manifest"):
        write_manifest(made / MANIFEST, root, files, release=plan.release, epoch=plan.epoch)


def find_epoch() -> int:
    """The time of the commit."""
    return int(run("git", "-C", SOURCES, "log", "-1", "--format=%ct", environment=dict(os.environ)))


@contextmanager
def timed(step: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    print(f"{step}: {time.monotonic() - begun:.0f} s", flush=True)


def fail(text: str, code: int) -> None:
    print(f"provisioning.image: {text}", file=sys.stderr)
    sys.exit(code)
