"""Packages of two releases, built as `make deb` builds them, and a Debian to install them in.

Reads: the wheels of `make deb`. Writes: directories of the tests.
Never: reaches out of the container while a package is installed.
"""

import subprocess
import sys
from pathlib import Path

from provisioning.installation.packages import PACKAGES
from tests.conftest import ROOT

WHEELS = ROOT / "build/deb"
MIRROR = "http://deb.debian.org/debian"
PLAIN = ("systemd-sysv", "python3", "debconf")


def build_package(folder: Path, release: str, machine: str = "x86_64") -> Path:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "provisioning.debian_package", folder, "--release", release),
            *("--wheels", WHEELS / f"wheels-{machine}", "--machine", machine),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def make_debian(root: Path, *words: str, ready: bool = False) -> None:
    """A root. `ready`: what the package needs is installed; else it lies in apt's cache alone."""
    needed = ",".join((*PLAIN, *PACKAGES)) if ready else ",".join(PLAIN)
    fetch = f'chroot "$1" apt-get install --download-only --yes -qq {" ".join(PACKAGES)}'
    done = subprocess.run(
        [
            *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={needed}", *words),
            *("--skip=cleanup/apt", f"--customize-hook={fetch} --no-install-recommends >/dev/null"),
            *("trixie", root, MIRROR),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
