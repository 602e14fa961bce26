"""Run by the venv's own Python with a lock file: which of its packages are not as it says.

Reads: the lock file, what is installed beside this Python. Writes: JSON, {name: what is wrong}.
Never: changes anything; it is given to `python -I` by path and imports nothing of the program.
"""

import base64
import csv
import hashlib
import json
import re
import sys
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
)
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement

LINE = re.compile(r"^(?P<requirement>[A-Za-z0-9][^\\]*)", re.MULTILINE)
# What a unit with a GPU has in the place of a locked package: the same modules.
SUBSTITUTES = {"onnxruntime": "onnxruntime-gpu"}


def examine(lock: str) -> dict[str, str]:
    """The packages that are missing, of another version, or damaged."""
    found = {}
    for line in LINE.finditer(lock):
        requirement = Requirement(line["requirement"].strip())
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        if find(SUBSTITUTES.get(requirement.name, "")) is None:
            found[requirement.name] = describe(requirement)
    return {name: why for name, why in found.items() if why}


def describe(requirement: Requirement) -> str:
    """What is wrong with a package; "" where nothing is."""
    installed = find(requirement.name)
    if installed is None:
        return "is missing"
    if installed.version not in requirement.specifier:
        return f"must be {requirement.specifier}, not {installed.version}"
    recorded = (installed.read_text("RECORD") or "").splitlines()
    for name, digest, *_ in csv.reader(recorded):
        if is_damaged(Path(str(installed.locate_file(name))), digest):
            return f"is damaged: {name}"
    return ""


def find(name: str) -> Distribution | None:
    try:
        return distribution(name) if name else None
    except PackageNotFoundError:
        return None


def is_damaged(place: Path, recorded: str) -> bool:
    """Whether an installed file is missing or is not what was installed. `recorded`: as in RECORD,
    "sha256=..."; "" for what has no digest (its own list, bytecode).

    RECORD is read here, since `Distribution.files` leaves out what is missing.
    """
    kind, _, expected = recorded.partition("=")
    if not expected:
        return False
    if not place.is_file():
        return True
    digest = hashlib.new(kind, place.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != expected


if __name__ == "__main__":
    print(json.dumps(examine(Path(sys.argv[1]).read_text())))
