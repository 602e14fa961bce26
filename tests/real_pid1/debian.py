"""A Debian 13 as its installer leaves it: systemd and Python, nothing of what the unit needs.

What the installation fetches from the network lies in apt's cache, so that it needs none.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from provisioning.installation.packages import PACKAGES
from tests.conftest import ROOT

PLAIN = ("systemd-sysv", "python3")
MIRROR_OF_RELEASES = "lighttpd"  # as Debian sets it up: port 80, /var/www/html
MIRROR = "http://deb.debian.org/debian"
RELEASE = Path("root/release")  # where a technician unpacks it, below the root
WHEELS = ROOT / "build/wheels"
NOT_RELEASED = (".git", ".venv", "build", "__pycache__", ".*_cache", "*.egg-info")


def make_root(root: Path, more: Sequence[str] = (MIRROR_OF_RELEASES,)) -> None:
    """A root directory, with the release and its wheels. `more`: packages that are not the unit's
    own.
    """
    fetch = f'chroot "$1" apt-get install --download-only --yes -qq {" ".join(PACKAGES)}'
    run(
        *(
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            f"--include={','.join((*PLAIN, *more))}",
        ),
        *("--skip=cleanup/apt", f"--customize-hook={fetch} --no-install-recommends >/dev/null"),
        *("trixie", root, MIRROR),
    )
    release = root / RELEASE
    shutil.copytree(ROOT, release, symlinks=True, ignore=shutil.ignore_patterns(*NOT_RELEASED))
    shutil.copytree(WHEELS, release / "wheels")


def run(*words: str | Path) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
