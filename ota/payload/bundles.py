"""The file system image inside of a bundle (RAUC: an uncompressed squashfs), for differences.

    inner = extract_image(bundle, directory)          # None: the file is no bundle

Reads: a bundle that was built here. Writes: its files below `directory`.
Never: is run on a unit: there the image is in the running slot.
"""

import subprocess
from pathlib import Path

from appliance.wording.sentence import say

MAGIC = b"hsqs"


def extract_image(bundle: Path, directory: Path) -> Path | None:
    """The largest file of a bundle; raises `OSError`, also where `unsquashfs` is absent."""
    with bundle.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return None
    directory.mkdir()
    target = directory / "files"
    command = ["unsquashfs", "-quiet", "-no-progress", "-d", str(target), str(bundle)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(say("unsquashfs: {stderr}", stderr=done.stderr.strip()[:200]))
    files = [one for one in target.rglob("*") if one.is_file() and not one.is_symlink()]
    return max(files, key=lambda one: (one.stat().st_size, one.name), default=None)
