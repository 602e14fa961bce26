"""Two builds of one commit, compared file by file.

Reads: two directories of `make image`. Writes: what diffoscope says, into build/bench.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.bench.report import OUT

FILES = ("unit.raw", "root.ext4")
SIGNED = "unit.raucb"  # a signature differs each time
SHOWN = OUT / "image.diffoscope.txt"


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compare(first: Path, second: Path) -> dict[str, bool]:
    """Whether each file of theirs is the same; differences of the roots go into SHOWN."""
    same = {name: hash_file(first / name) == hash_file(second / name) for name in FILES}
    program = shutil.which("diffoscope")
    if not all(same.values()) and program:
        roots = [str(one.parent / "root") for one in (first, second)]
        OUT.mkdir(parents=True, exist_ok=True)
        subprocess.run((program, "--text", SHOWN, *roots), check=False)
    return same
