"""Makes the unit database ready before a service opens it: created, sound, of the right shape.

Reads and writes: the data directory. A damaged file is set aside under a name that says when
(aside.py), and a new one begun; nothing is ever overwritten or deleted.
Never: works on the file without holding its lock, so that services that start together take turns;
waits for that lock without limit, or checks the whole file at each start (whole_check.py).
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from appliance.errors import StoreError
from appliance.store import backup
from appliance.store.aside import SetAside, recover_log, set_aside_damaged
from appliance.store.file_locks import LockedError, take_lock
from appliance.store.sqlite_errors import explain, is_damage
from appliance.store.sqlite_files import Access, open_file
from appliance.store.store import PAGE_SIZE
from appliance.store.whole_check import (
    CHECK_S,
    find_damage,
    forget_check,
    is_checked,
    open_shared,
    record_check,
)

NEWEST_STEP = "m0008_unit_time"
LOCK_S = 10.0  # real seconds; another service's check and migration take less


def prepare_database(path: Path) -> SetAside | None:
    """Create, check and migrate the database at `path`; returns what was set aside, and why.

    Raises `StoreError` where the directory cannot be written, another program keeps the lock, or a
    migration fails.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock(path):
            aside = recover_log(path) or set_aside_where_damaged(path)
            create(path)
            if not is_current(path):
                migrate(path)
            record_check(path)
            backup.remove_torn_copies(path.parent / backup.DIRECTORY)
            return aside
    except LockedError as error:
        raise StoreError(f"the database {path} cannot be prepared: {error}") from error
    except sqlite3.Error as error:
        if is_damage(error):
            forget_check(path)
        raise StoreError(
            f"the database {path} cannot be prepared: {explain(error, path)}"
        ) from error
    except OSError as error:
        raise StoreError(
            f"the data directory {path.parent} cannot be written: {error.strerror}; "
            "check its owner, its permissions and the free space"
        ) from error


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the preparation lock beside the database. Raises `LockedError`."""
    beside = Path(f"{path}.lock")
    handle = open_shared(beside)
    try:
        take_lock(handle, beside, LOCK_S)
        yield
    finally:
        os.close(handle)


def set_aside_where_damaged(path: Path) -> SetAside | None:
    """Check the file where that is due; a damaged one goes out of the way."""
    if is_checked(path) and has_schema(path):
        return None
    found = find_damage(path, limit_s=CHECK_S)
    return set_aside_damaged(path, found) if found else None


def has_schema(path: Path) -> bool:
    """Whether the first pages can be read: the cheapest look at the file."""
    try:
        with closing(open_file(path)) as db:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        return False
    return True


def create(path: Path) -> None:
    """Begin an empty file, group-writable from its first byte, in WAL mode."""
    if path.exists() and path.stat().st_size:
        return
    os.close(open_shared(path))
    with closing(open_file(path, Access.WRITE)) as db:
        db.execute(f"PRAGMA page_size={PAGE_SIZE}")
        db.execute("PRAGMA journal_mode=WAL")


def is_current(path: Path) -> bool:
    """Whether all migrations that this release has have been applied."""
    with closing(open_file(path)) as db:
        try:
            sql = "SELECT 1 FROM _sqlite_migrations WHERE name = ?"
            return db.execute(sql, (NEWEST_STEP,)).fetchone() is not None
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return False
            raise


def migrate(path: Path) -> None:
    """Apply the missing steps in a process of its own (appliance/store/migrations.py says why)."""
    command = [sys.executable, "-m", "appliance.store.migrations", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise StoreError(f"the database {path} could not be brought up to date: {last[0]}")
