"""Makes the unit database ready before a service opens it: created, sound, of the right shape.

Reads and writes: the data directory. A damaged file is set aside under a name that says when, and a
new one begun; nothing is ever overwritten or deleted.
Never: works on the file without holding its lock, so that services that start together take turns.
"""

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from appliance.errors import StoreError
from appliance.store.store import PAGE_SIZE
from appliance.store.whole_check import find_damage

NEWEST_STEP = "m0007_cells"
SIDE_FILES = ("", "-wal", "-shm")


def prepare_database(path: Path) -> Path | None:
    """Create, check and migrate the database at `path`; returns where a damaged one was set aside.

    Raises `StoreError` where the directory cannot be written or a migration fails.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock(path):
            aside = set_aside(path) if find_damage(path) else None
            create(path)
            if not is_current(path):
                migrate(path)
            return aside
    except OSError as error:
        raise StoreError(
            f"the data directory {path.parent} cannot be written: {error.strerror}; "
            "check its owner, its permissions and the free space"
        ) from error


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the preparation lock beside the database."""
    lock = open_shared(Path(f"{path}.lock"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def open_shared(path: Path) -> int:
    """Open a file, created group-writable whatever the umask: the services are different users."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o660)
        os.fchmod(handle, 0o660)
    except FileExistsError:
        handle = os.open(path, os.O_RDWR)
    return handle


def set_aside(path: Path) -> Path:
    """Rename the damaged file with its side files, and return its new name."""
    when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.name}.damaged-{when}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{when}-{number}")
    for side in SIDE_FILES:
        if (old := Path(f"{path}{side}")).exists():
            old.rename(f"{aside}{side}")
    return aside


def create(path: Path) -> None:
    """Begin an empty file, group-writable from its first byte, in WAL mode."""
    if path.exists() and path.stat().st_size:
        return
    os.close(open_shared(path))
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA page_size={PAGE_SIZE}")
    db.execute("PRAGMA journal_mode=WAL")
    db.close()


def is_current(path: Path) -> bool:
    """Whether all migrations that this release knows have been applied."""
    db = sqlite3.connect(path)
    try:
        sql = "SELECT 1 FROM _sqlite_migrations WHERE name = ?"
        return db.execute(sql, (NEWEST_STEP,)).fetchone() is not None
    except sqlite3.OperationalError:
        return False
    finally:
        db.close()


def migrate(path: Path) -> None:
    """Apply the missing steps in a process of its own (appliance/store/migrations.py says why)."""
    command = [sys.executable, "-m", "appliance.store.migrations", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise StoreError(f"the database {path} could not be brought up to date: {last[0]}")
