"""The end of a trial: a restart where the entry that was booted is still there by its counted name.

`systemctl` is a stand-in that notes what it was asked for.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.provisioning.image.test_image_files import FILES

SCRIPT = FILES / "usr/lib/appliance/trial-end"
VARIABLE = "LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
TRIED = "unit-2-2026.11.1+2-1.conf"


def run(directory: Path, *, counted: str, entries: tuple[str, ...]) -> str:
    """What systemctl was asked for."""
    for name in ("bin", "firmware", "entries"):
        (directory / name).mkdir()
    if counted:
        text = f"\\loader\\entries\\{counted}\0".encode("utf-16-le")
        (directory / "firmware" / VARIABLE).write_bytes(b"\x06\0\0\0" + text)
    for name in entries:
        (directory / "entries" / name).touch()
    asked = directory / "asked"
    stand_in = directory / "bin/systemctl"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >{asked}\n')
    stand_in.chmod(0o755)
    environment = {"PATH": f"{directory / 'bin'}:{os.environ['PATH']}"}
    words = [SCRIPT, directory / "firmware", directory / "entries"]
    subprocess.run(words, env=environment, check=True)
    return asked.read_text().strip() if asked.exists() else ""


def test_a_system_on_trial_that_nobody_committed_restarts(tmp_path: Path) -> None:
    assert run(tmp_path, counted=TRIED, entries=("unit-1-2026.11.0.conf", TRIED)) == "reboot"


@pytest.mark.parametrize(
    ("counted", "entry"),
    [
        (TRIED, "unit-2-2026.11.1.conf"),  # committed meanwhile
        ("", "unit-1-2026.11.0.conf"),  # not counted
        ("unit-1-2026.11.0+0-3.conf", "unit-1-2026.11.0+0-3.conf"),  # no other system was there
    ],
)
def test_no_other_system_does(tmp_path: Path, counted: str, entry: str) -> None:
    assert run(tmp_path, counted=counted, entries=(entry,)) == ""
