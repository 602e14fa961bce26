"""The model store's directories: one writer at a time; a change is whole or not done at all.

Reads: nothing. Writes: files and directories below the store.
Never: removes a file before its replacement is on the disk.
"""

import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from appliance.store.durable_files import replace_file, sync_directory
from appliance.store.file_locks import LockedError, take_lock
from appliance.wording.sentence import say

LOCK_S = 30.0  # examining a large model takes seconds
FILE_MODE = 0o640  # services read; only users of the command write
NEW, OLD = ".new-", ".old-"  # prefixes of directories that are being added or removed
HALF_DIRECTORY = re.compile(r"\.new-[a-z0-9_]{8}|\.old-[0-9a-f]{16}")  # by tempfile, by digest
HALF_FILE = re.compile(r"\.(active|bench)\.json\.(?P<pid>\d+)")


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Be the only writer of the store; a disk error is raised as a `ModelError`."""
    try:
        make_dir(root)
        with (root / ".lock").open("w") as lock:
            take_lock(lock.fileno(), root / ".lock", LOCK_S)
            sweep(root)
            yield
    except LockedError as error:
        raise ModelError(
            say("the model store {root} is in use: {error}", root=root, error=error)
        ) from error
    except OSError as error:
        raise ModelError(
            say(
                "the model store {root} cannot be written: {cause}; nothing in it was changed: "
                "make room on the disk, or use the command as an administrator",
                root=root,
                cause=error.strerror or error,
            )
        ) from error


def make_dir(path: Path) -> None:
    """A directory that the group may read; below the data directory it inherits the group."""
    path.mkdir(mode=0o750, parents=True, exist_ok=True)
    if path.stat().st_uid == os.geteuid():
        path.chmod(0o750 | (path.stat().st_mode & stat.S_ISGID))


def sweep(root: Path) -> None:
    """Remove unfinished directories and files that a power cut or a kill left, by their exact
    names: what a person keeps there stays.
    """
    for path in root.glob(".*"):
        if HALF_DIRECTORY.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)
        elif (half := HALF_FILE.fullmatch(path.name)) and not Path("/proc", half["pid"]).exists():
            path.unlink(missing_ok=True)


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A directory to fill; what is left of it at the end is removed."""
    path = Path(tempfile.mkdtemp(prefix=NEW, dir=root))
    try:
        make_dir(path)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def replace_json(path: Path, tree: dict[str, Any]) -> None:
    """Put a JSON file in the place of the one that is there."""
    data = json.dumps(tree, indent=2, ensure_ascii=False).encode() + b"\n"
    part = path.with_name(f".{path.name}.{os.getpid()}")
    replace_file(path, data, part=part, mode=FILE_MODE)


def remove_dir(path: Path) -> None:
    """Remove a directory in one step: a power cut leaves it whole or gone."""
    gone = path.parent / f"{OLD}{path.name}"
    path.rename(gone)
    sync_directory(path.parent)
    shutil.rmtree(gone, ignore_errors=True)
