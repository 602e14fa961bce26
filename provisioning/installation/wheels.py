"""`python -m provisioning.installation.wheels DIR`: all wheels that a unit needs (`make wheels`).

Reads: the lock files, a package index. Writes: DIR, for `provisioning/install --wheels DIR`.
Never: takes a wheel of which the lock files have not the hash.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from pip._vendor.packaging.markers import Marker

from provisioning.installation.command import RELEASE
from provisioning.installation.lock_file import LockedRequirement, format_lock, parse_lock

LOCKS = ("requirements.lock", "requirements/build.lock")
# Oldest system: Debian 12, with version 2.36 of the C library. A wheel names the version it needs.
C_LIBRARIES = (*(f"_2_{minor}" for minor in range(36, 16, -1)), "2014")


def main() -> None:
    asked = make_parser().parse_args()
    locked = [one for name in LOCKS for one in parse_lock((RELEASE / name).read_text())]
    chosen = [one for one in locked if is_needed(one, asked.python, asked.machine)]
    with tempfile.TemporaryDirectory() as directory:
        needed = Path(directory) / "needed.lock"
        needed.write_text(format_lock(chosen, markers=False))
        done = subprocess.run(
            [*make_command(asked.python, asked.machine), "-r", needed, "-d", asked.directory],
            check=False,
        )
    sys.exit(done.returncode)


def make_parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(description="Downloads the wheels that a unit needs.")
    result.add_argument("directory", type=Path, help="where they are put")
    result.add_argument("--python", default="3.13", help="the unit's Python (default 3.13)")
    result.add_argument("--machine", default="x86_64", help="or aarch64 (default x86_64)")
    return result


def make_command(python: str, machine: str) -> list[str]:
    """`pip download` for another computer."""
    platforms = [f"--platform=manylinux{version}_{machine}" for version in C_LIBRARIES]
    return [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--no-deps", "--only-binary=:all:", f"--python-version={python}"),
        *platforms,
        "--platform=any",
    ]


def is_needed(requirement: LockedRequirement, python: str, machine: str) -> bool:
    """Whether a unit with this Python needs it. pip itself would judge by its own Python."""
    unit = {"python_version": python, "python_full_version": f"{python}.0"}
    unit |= {"platform_machine": machine, "sys_platform": "linux", "platform_system": "Linux"}
    return not requirement.marker or Marker(requirement.marker).evaluate(unit)


if __name__ == "__main__":
    main()
