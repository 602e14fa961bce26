"""Where made pictures are kept between runs, by the content that they are made of.

Reads and writes: build/scenes. A file appears whole or not at all, so several runs may share it.
Never: keeps two versions apart by date: the name holds a digest of all that went in.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "build/scenes"


def compute_key(*parts: bytes | str) -> str:
    """A short name for what something is made of."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def load_or_make(name: str, make: Callable[[Path], None]) -> Path:
    """The file `name`, made by `make` where it is not there yet."""
    path = FOLDER / name
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            fresh = Path(folder) / name
            make(fresh)
            os.replace(fresh, path)
    return path
