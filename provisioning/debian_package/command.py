"""The command `python -m provisioning.debian_package`: fills a tree and lets dpkg-deb pack it.

Reads: its arguments, the time of the commit. Writes: the .deb.
Never: takes a time, an owner or an order from the computer that builds: dpkg-deb has the commit's.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from provisioning.debian_package.contents import fill_tree, pack_text, put_scripts
from provisioning.debian_package.control import (
    ADDRESS,
    ARCHITECTURES,
    COPYRIGHT,
    LINTIAN,
    MAINTAINER,
    NAME,
    format_changelog,
    format_control,
)
from provisioning.debian_package.errors import PackageError
from provisioning.installation.command import RELEASE

DPKG_DEB = ("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build")  # wheels are packed


def main() -> None:
    asked = parse_arguments()
    try:
        print(build(asked))
    except PackageError as error:
        print(f"provisioning.debian_package: {error}", file=sys.stderr)
        sys.exit(1)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m provisioning.debian_package",
        description="Builds the package for Debian 12 and 13 and Ubuntu 24.04 (JetPack 7).",
    )
    add = parser.add_argument
    add("directory", type=Path, help="where it is built")
    add("--wheels", type=Path, required=True, help="for all Pythons that it is for")
    add("--machine", choices=ARCHITECTURES, default="x86_64", help="(default: x86_64)")
    add("--release", default="0", help="its version (default: 0)")
    add("--maintainer", default=MAINTAINER, help=f"who answers for it (default: {MAINTAINER})")
    add("--epoch", type=int, help="no file is newer, seconds since 1970 (default: the commit's)")
    asked = parser.parse_args()
    if not ADDRESS.fullmatch(asked.maintainer):
        parser.error("--maintainer: as in 'Ada Lovelace <ada@example.org>'")
    return asked


def build(asked: argparse.Namespace) -> Path:
    """The package; raises `PackageError`."""
    check_version(asked.release)
    epoch_s = find_epoch() if asked.epoch is None else asked.epoch
    tree = asked.directory / "tree"
    texts = {
        "lintian/overrides/appliance": LINTIAN.encode(),
        "doc/appliance/copyright": COPYRIGHT.encode(),
        "doc/appliance/changelog.gz": pack_text(
            format_changelog(asked.release, epoch_s, asked.maintainer)
        ),
    }
    size_kib = fill_tree(tree, release=RELEASE, wheels=asked.wheels, texts=texts)
    control = format_control(
        asked.release, machine=asked.machine, size_kib=size_kib, maintainer=asked.maintainer
    )
    put_scripts(tree, control)
    package: Path = asked.directory / (f"{NAME}_{asked.release}_{ARCHITECTURES[asked.machine]}.deb")
    run(*DPKG_DEB, tree, package, epoch_s=epoch_s)
    return package


def check_version(version: str) -> None:
    try:
        run("dpkg", "--validate-version", version)
    except PackageError as error:
        raise PackageError(f"--release {version} is no version for dpkg: {error}") from error


def find_epoch() -> int:
    return int(run("git", "-C", RELEASE, "log", "-1", "--format=%ct"))


def run(*words: str | Path, epoch_s: int = 0) -> str:
    """What a program prints; raises `PackageError`."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch_s)}
    try:
        done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    except OSError as error:
        raise PackageError(f"{words[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        raise PackageError(f"{words[0]}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout
