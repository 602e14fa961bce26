"""`python -m tests.home_assistant.environment DIR`: a Debian 13 with an unmodified Home Assistant.

Reads: requirements/home-assistant.lock, a package index, Debian's packages; as root, with
mmdebstrap. Writes: DIR/wheels and DIR/root. Never: installs what the lock file has not the hash of.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from provisioning.installation.lock_file import parse_lock

ROOT = Path(__file__).parent.parent.parent
LOCK = ROOT / "requirements/home-assistant.lock"
MIRROR = "http://deb.debian.org/debian"
PYTHON = "3.13.5"  # of Debian 13; Home Assistant 2026.2 wants 3.13.2 or newer
# Some of its requirements have no wheel: a compiler.
PACKAGES = ("python3", "python3-venv", "python3-dev", "g++", "libc6-dev", "tzdata")
C_LIBRARIES = (*(f"_2_{minor}" for minor in range(41, 16, -1)), "2014")
BUILDERS = ("pybind11", "setuptools", "wheel")
VENV = "/srv/home-assistant"
# A namespace of its own for the mounts, which ends with the program.
ENTER = 'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; '
CLEAN = "exec env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "
INSTALL = f"""set -e
python3 -m venv {VENV}
PIP="{VENV}/bin/pip install --quiet --disable-pip-version-check --no-index --find-links /mnt"
$PIP {" ".join(BUILDERS)}
$PIP --no-deps --no-build-isolation --require-hashes -r /mnt/home-assistant.lock
"""


def make_command(root: Path, *words: str, mounts: str = "") -> list[str]:
    """A command line that runs `words` within `root`; it shares the network of this computer."""
    enter = f'{ENTER}{mounts}{CLEAN}chroot "$0" "$@"'
    return ["unshare", "--mount", "sh", "-ec", enter, str(root), *words]


def download(wheels: Path) -> None:
    """What the lock file names, for the Python of Debian 13."""
    machine = platform.machine()
    platforms = [f"--platform=manylinux{version}_{machine}" for version in C_LIBRARIES]
    words = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--no-deps", "--prefer-binary", f"--python-version={PYTHON}"),
        *(*platforms, "--platform=any", f"--requirement={LOCK}", f"--dest={wheels}"),
    ]
    subprocess.run(words, check=True)


def make_debian(root: Path) -> None:
    include = f"--include={','.join(PACKAGES)}"
    words = ("mmdebstrap", "--quiet", "--variant=minbase", include, "trixie", root, MIRROR)
    subprocess.run(words, check=True)


def install(root: Path, wheels: Path) -> None:
    """From the downloaded files alone."""
    shutil.copy(LOCK, wheels / LOCK.name)
    mount = f'mount --bind "{wheels}" "$0/mnt"; '
    subprocess.run(make_command(root, "sh", "-c", INSTALL, mounts=mount), check=True)


def find_version() -> str:
    """Home Assistant's, as the lock file has it."""
    pins = {one.name: one.pin for one in parse_lock(LOCK.read_text())}
    return pins["homeassistant"].rpartition("==")[2]


def main() -> None:
    directory = Path(sys.argv[1]).absolute()
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as made:
        root, wheels = Path(made) / "root", Path(made) / "wheels"
        download(wheels)
        make_debian(root)
        install(root, wheels)
        root.chmod(0o755)
        shutil.rmtree(directory / "root", ignore_errors=True)
        root.rename(directory / "root")


if __name__ == "__main__":
    main()
