"""Step 5: the program and its Python packages, in a directory of their own (a venv).

Reads: requirements.lock, the release's packages, `--wheels`. Writes: /opt/appliance/venv and the
link /usr/local/bin/unitctl.
Never: installs a package of which the lock file has not the hash, or more than what differs.

A venv whose Python is no longer the computer's (after a new release of Debian) is made anew.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from provisioning.installation.lock_file import format_lock, parse_lock
from provisioning.installation.machine import ask, run
from provisioning.installation.source_tree import copy_sources, list_sources

VENV = Path("/opt/appliance/venv")
COMMAND = Path("/usr/local/bin/unitctl")
EXAMINE = Path(__file__).with_name("examine_venv.py")
SYSTEM_PYTHON = "/usr/bin/python3"


class Program:
    """The venv. `wheels`: a directory of wheels that is used instead of a package index."""

    def __init__(self, release: Path, wheels: Path | None, *, venv: Path = VENV) -> None:
        self._release = release
        self._wheels = wheels
        self._venv = venv
        self._python = venv / "bin/python"

    def list_differences(self) -> list[str]:
        """Packages that are missing, of another version or damaged; files of ours that differ."""
        if not self._is_venv_usable():
            return [f"{self._venv} is missing, or not made with {SYSTEM_PYTHON}"]
        packages = [
            f"Python package {name} {why}" for name, why in self._examine_packages().items()
        ]
        link = self._venv / "bin/unitctl"
        linked = COMMAND.is_symlink() and COMMAND.readlink() == link
        return [
            *packages,
            *self._list_own_differences(),
            *([] if linked else [f"{COMMAND} must be a link to {link}"]),
        ]

    def apply(self) -> None:
        if not self._is_venv_usable():
            shutil.rmtree(self._venv, ignore_errors=True)
            run(SYSTEM_PYTHON, "-m", "venv", self._venv, what=f"{self._venv} cannot be made")
        self._install_packages(list(self._examine_packages()))
        if self._list_own_differences():
            self._install_own()
        COMMAND.unlink(missing_ok=True)
        COMMAND.symlink_to(self._venv / "bin/unitctl")
        os.sync()

    def _is_venv_usable(self) -> bool:
        version = "import sys, pip; print(sys.version_info[:2])"
        found = ask(self._python, "-I", "-c", version)
        return bool(found) and found == ask(SYSTEM_PYTHON, "-I", "-c", version.replace(", pip", ""))

    def _examine_packages(self) -> dict[str, str]:
        """The packages of the lock file that are not as it says, with what is wrong."""
        what = f"{self._venv} cannot be examined"
        lock = self._release / "requirements.lock"
        found: dict[str, str] = json.loads(run(self._python, "-I", EXAMINE, lock, what=what))
        return found

    def _install_packages(self, names: list[str]) -> None:
        """These alone, each by its hash."""
        if not names:
            return
        lock = parse_lock((self._release / "requirements.lock").read_text())
        with tempfile.TemporaryDirectory() as directory:
            needed = Path(directory) / "needed.lock"
            needed.write_text(format_lock(one for one in lock if one.name in names))
            self._pip("install", "--force-reinstall", "--require-hashes", "-r", needed)

    def _list_own_differences(self) -> list[str]:
        """Files of the program that differ from the release's, and those that it has not."""
        packages = next(self._venv.glob("lib/python3*/site-packages"))
        sources = list_sources(self._release)
        found = set(list_installed(packages, sources))
        if not found:
            return ["the program is not installed"]
        wrong = [
            f"{packages / name} is missing or differs from {source}"
            for name, source in sources.items()
            if name not in found or (packages / name).read_bytes() != source.read_bytes()
        ]
        stale = sorted(found - sources.keys())
        return [*wrong, *(f"{packages / name} is of an older release" for name in stale)]

    def _install_own(self) -> None:
        """Built from a copy, with the locked setuptools beside it: neither stays. Installed by its
        name, since pip keeps the path of a wheel or a directory that it is given.
        """
        with tempfile.TemporaryDirectory() as directory:
            tools, sources = Path(directory) / "tools", Path(directory) / "sources"
            lock = self._release / "requirements/build.lock"
            self._pip("install", "--require-hashes", "--target", tools, "-r", lock)
            copy_sources(self._release, sources)
            os.environ["PYTHONPATH"] = str(tools)
            try:
                self._pip("wheel", "--no-build-isolation", "-w", directory, sources)
                (wheel,) = Path(directory).glob("*.whl")
                by_name = ("--no-index", "--find-links", directory, wheel.name.partition("-")[0])
                self._pip("install", "--force-reinstall", *by_name)
            finally:
                del os.environ["PYTHONPATH"]

    def _pip(self, command: str, *words: str | Path) -> None:
        pip: tuple[str | Path, ...] = (
            self._python,
            "-m",
            "pip",
            command,
            "--no-deps",
            "--no-input",
            "--quiet",
        )
        what = "the Python packages cannot be installed"
        if self._wheels:
            what += f" from {self._wheels}"
            pip += ("--no-index", "--find-links", self._wheels)
        run(*pip, "--disable-pip-version-check", *words, what=what)


def list_installed(packages: Path, sources: Iterable[str]) -> Iterator[str]:
    """The program's files below site-packages, by their names there."""
    for package in sorted({name.partition("/")[0] for name in sources}):
        for path in (packages / package).rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                yield str(path.relative_to(packages))
