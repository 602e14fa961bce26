"""What the steps of the installation have in common: their form, programs, files.

Reads and writes: files and programs that a step names.
Never: decides what is installed.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from appliance.errors import ApplianceError

BOOTED = Path("/run/systemd/system")  # there while systemd is PID 1


class InstallError(ApplianceError):
    """The installation cannot go on."""


class Step(Protocol):
    """One part of the installation."""

    def list_differences(self) -> list[str]:
        """What is not as it should be, a sentence each; changes nothing."""

    def apply(self) -> None:
        """Mend all of it; raises `InstallError`."""


Say = Callable[[str], None]


def run(*words: str | Path, what: str, quiet: bool = True) -> str:
    """Run a program and return what it prints; raises `InstallError` that begins with `what`.

    `quiet`: its output is shown only in the error.
    """
    try:
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise InstallError(f"{what}: {words[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        shown = "\n".join((done.stdout or "").strip().splitlines()[-15:])
        command = " ".join(map(str, words))
        raise InstallError(f"{what}: `{command}` ended with {done.returncode}\n{shown}".strip())
    return done.stdout or ""


def ask(*words: str | Path) -> str:
    """What a program prints, also where it fails; "" where it cannot be run."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def is_booted() -> bool:
    """Whether systemd runs as PID 1; it does not in a chroot, where an image is built."""
    return BOOTED.is_dir()


def write_file(path: Path, data: bytes, mode: int) -> None:
    """Write a whole file: an interruption leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise InstallError(f"{path} cannot be written: {error.strerror}") from error
