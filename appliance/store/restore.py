"""Puts a backup in the place of the database, and keeps what was there.

    text = restore_backup(settings.database, Path("backups/unit-20261128T121500Z.db"))

Reads: the backup. Writes: unit.db; what was there is kept as `unit.db.replaced-TIME`, with its log.
Never: touches the present database before the copy is whole, checked and on the disk, or while a
process has it open; changes the backup.
"""

import fcntl
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from appliance.errors import StoreError
from appliance.store.aside import REPLACED, choose_aside_name, move_side_files
from appliance.store.backup import mark_as_copy
from appliance.store.durable_files import sync_directory
from appliance.store.file_format import has_log, read_header
from appliance.store.file_locks import LockedError, find_holder, open_shared
from appliance.store.prepare import lock
from appliance.store.sqlite_errors import explain
from appliance.store.sqlite_files import Access, open_file
from appliance.store.whole_check import find_damage, forget_check

# SQLite holds a lock on these bytes as long as a connection is open (sqlite.org/lockingv3.html).
IN_USE_AT, IN_USE_BYTES = 0x40000002, 510
STOP_FIRST = "stop the unit first: `systemctl stop appliance.target appliance-web.socket`"


def restore_backup(path: Path, copy: Path) -> str:
    """Restore `copy` as the database `path`; returns what was done. Raises `StoreError`, and then
    the database is as it was.
    """
    try:
        refuse_unusable(copy, path)
        with lock(path):
            refuse_in_use(path)
            return replace_database(path, copy)
    except LockedError as error:
        raise StoreError(f"{copy} was not restored: {error}") from error
    except sqlite3.Error as error:
        raise StoreError(f"{copy} was not restored: {explain(error, copy)}") from error
    except OSError as error:
        raise StoreError(
            f"{copy} was not restored to {path}: {error.strerror}; "
            "check that both exist, the permissions and the free space"
        ) from error


def refuse_unusable(copy: Path, path: Path) -> None:
    """Raise `StoreError` where a file is no sound, finished copy of a unit's database."""
    if read_header(copy) is None:
        raise StoreError(f"{copy} is no database; name a file that `unitctl backup` has made")
    if path.exists() and copy.samefile(path):
        raise StoreError(f"{copy} is the database itself: name a file of its backups")
    if has_log(copy):
        raise StoreError(
            f"a log lies beside {copy} ({copy.name}-wal): it is no finished copy; "
            "name a file that `unitctl backup` has made"
        )
    if found := find_damage(copy, access=Access.FILE_ALONE):
        raise StoreError(f"{copy} is damaged ({found}); take another one")
    with closing(open_file(copy, Access.FILE_ALONE)) as db:
        sql = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlite_migrations'"
        if not db.execute(sql).fetchone()[0]:
            raise StoreError(f"{copy} is no database of a unit")


def refuse_in_use(path: Path) -> None:
    """Raise `StoreError` where a process has the database open."""
    if not path.exists():
        return
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, IN_USE_BYTES, IN_USE_AT)
    except (BlockingIOError, PermissionError):
        holder = find_holder(os.fstat(handle), "POSIX")
        whose = f"process {holder}" if holder else "a process"
        raise StoreError(f"{path} is open in {whose}: {STOP_FIRST}") from None
    finally:
        os.close(handle)


def replace_database(path: Path, copy: Path) -> str:
    """Put the copy there in one step, then the old log out of the way. What stops in between leaves
    a log that is not the file's own: the next start sets it aside (log_owner.py).
    """
    new = write_copy(path, copy)
    aside = choose_aside_name(path, REPLACED)
    was_there = os.path.lexists(path)
    if was_there:
        os.link(path, aside, follow_symlinks=False)
    new.replace(path)
    move_side_files(path, aside)
    sync_directory(path.parent)
    forget_check(path)
    kept = f"; what was there is kept as {aside}" if was_there else ""
    return f"{copy} was restored as {path}, and is sound{kept}"


def write_copy(path: Path, copy: Path) -> Path:
    """A whole copy beside the database, on the disk and checked."""
    new = path.with_name(f"{path.name}.restoring")
    new.unlink(missing_ok=True)
    try:
        with copy.open("rb") as old, open(open_shared(new), "wb") as file:
            shutil.copyfileobj(old, file)
        mark_as_copy(new)
        if found := find_damage(new):
            raise StoreError(f"the copy of {copy} is damaged ({found}): check the disk")
        sync_file(new)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
    return new


def sync_file(path: Path) -> None:
    """Wait until the disk has the file."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
