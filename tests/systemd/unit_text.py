"""The unit files as text: what each sets, and which there are."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

UNITS = ROOT / "systemd"
PAGE = ROOT / "docs/units.md"
SHARED = "appliance-.service.d"
UNIT_SUFFIXES = {".service", ".socket", ".target", ".timer", ".slice", ".path"}
# Keys that the target systems know (systemd 255 and 257) and an older one here warns of.
NEWER = {"RestartSteps": 254, "RestartMaxDelaySec": 254}


def list_units(suffixes: set[str]) -> list[str]:
    """The units of these kinds; a template by its instance `demo`."""
    return sorted(
        path.name.replace("@.", "@demo.") for path in UNITS.iterdir() if path.suffix in suffixes
    )


SERVICES = list_units({".service"})
ALL = list_units(UNIT_SUFFIXES)


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not on this machine: {', '.join(missing)}")


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False)


def values(unit: Path, key: str) -> list[str]:
    """What a unit file sets `key` to, in order."""
    lines = unit.read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.partition("=")[0] == key]


def keys(unit: Path) -> set[str]:
    return set(re.findall(r"^([A-Z]\w+)=", unit.read_text(), re.MULTILINE))


def file_of(service: str) -> Path:
    return UNITS / service.replace("@demo.", "@.")


@cache
def read_version() -> int:
    """The version of systemd on this machine."""
    found = re.match(r"systemd (\d+)", run("systemd-analyze", "--version").stdout)
    assert found
    return int(found[1])


def leave_out_newer_keys(directory: Path) -> None:
    """Take out of the copied services what this machine's systemd is too old for."""
    older = [key for key, since in NEWER.items() if read_version() < since]
    for unit in directory.glob("*.service"):
        lines = unit.read_text().splitlines(keepends=True)
        unit.write_text("".join(one for one in lines if one.partition("=")[0] not in older))
