"""`python -m tests.real_tpm.environment DIR`: a Debian 13 with a software TPM and its programs.

Reads: Debian's packages; as root, with mmdebstrap. Writes: DIR/root.
Never: installs anything that Debian has not.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.home_assistant.environment import MIRROR, make_command

PACKAGES = (
    *("openssl", "tpm2-openssl", "tpm2-tools"),  # what a unit with a TPM has
    *("swtpm", "libtss2-tcti-swtpm0t64"),
    # In place of the kernel's resource manager, so that many may use the TPM at once.
    *("tpm2-abrmd", "dbus-daemon", "libtss2-tcti-tabrmd0"),
    *("python3", "python3-cryptography", "python3-flask", "python3-paho-mqtt", "python3-urllib3"),
)
CODE, DATA = "/srv", "/mnt"
INSIDE = f"{CODE}/tests/real_tpm/inside.sh"
ROOT = Path(__file__).parent.parent.parent


def make_call(root: Path, directory: Path, *words: str) -> list[str]:
    """A command line of `inside.py` in `root`; `directory` is /mnt there."""
    mounts = (
        f'mount --bind "{ROOT}" "$0{CODE}"; mount --bind "{directory}" "$0{DATA}"; '
        'mount -t tmpfs tmpfs "$0/run"; '
    )
    return make_command(root, "dbus-run-session", "--", "sh", INSIDE, *words, mounts=mounts)


def main() -> None:
    directory = Path(sys.argv[1]).absolute()
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as made:
        root = Path(made) / "root"
        include = f"--include={','.join(PACKAGES)}"
        words = ("mmdebstrap", "--quiet", "--variant=minbase", include, "trixie", root, MIRROR)
        subprocess.run(words, check=True)
        root.chmod(0o755)
        shutil.rmtree(directory / "root", ignore_errors=True)
        root.rename(directory / "root")


if __name__ == "__main__":
    main()
