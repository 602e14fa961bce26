"""Copies the unit database to a dated file and keeps the newest three.

Reads: the unit database. Writes: `unit-DATE.db` in one directory.
Never: counts a copy that is not sound, and never deletes an old copy before the new one is.
"""

import os
import sqlite3
from pathlib import Path

from appliance.errors import StoreError
from appliance.store.connection import connect
from appliance.store.store import Store
from appliance.store.whole_check import find_damage

KEEP = 3
PATTERN = "unit-*Z.db"


def make_backup(store: Store, directory: Path) -> Path:
    """Copy the database into `directory`; returns the new file. Raises `StoreError`."""
    name = store.clock.stamp().utc.strftime("unit-%Y%m%dT%H%M%SZ.db")
    part = directory / f"{name}.part"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        copy_database(store.path, part)
        found = find_damage(part)
        if found:
            raise StoreError(f"the copy {part} is not sound ({found}); the older ones are kept")
        sync_to_disk(part)
        part.replace(directory / name)
        sync_to_disk(directory)
        delete_old_copies(directory, made=directory / name)
    except OSError as error:
        raise StoreError(
            f"no backup can be made in {directory}: {error.strerror}; "
            "check that it exists, its permissions and the free space"
        ) from error
    return directory / name


def copy_database(source: Path, part: Path) -> None:
    """One consistent, compacted copy while others write. A torn one is removed."""
    db = connect(source, read_only=False)  # VACUUM INTO is refused to a `query_only` connection
    try:
        db.execute("VACUUM INTO ?", (str(part),))
    except sqlite3.Error as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            f"the database {source} cannot be copied to {part.parent}: {error}; "
            "check the free space there, and `unitctl doctor`"
        ) from error
    finally:
        db.close()


def sync_to_disk(path: Path) -> None:
    """Make a file or a directory's names survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def delete_old_copies(directory: Path, made: Path) -> None:
    """Delete all copies but the newest by name; the one just made always stays."""
    others = sorted(path for path in directory.glob(PATTERN) if path != made)
    for old in others[: max(0, len(others) - (KEEP - 1))]:
        old.unlink()
