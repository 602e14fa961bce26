"""Copies the unit database to a dated file and keeps the newest three.

Reads: the unit database. Writes: `unit-DATE.db` in one directory.
Never: counts a copy that is not sound, deletes an old copy before the new one is there or a file
that is not named exactly like a copy, takes a copy for newer because a wrong clock named it, or
leaves a torn one behind: the next backup, and the next start of a service, removes it.
"""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from appliance.errors import StoreError
from appliance.store.alarm_copies import close_alarms
from appliance.store.connection import connect
from appliance.store.durable_files import sync_directory
from appliance.store.file_locks import LockedError, begin_file, remove_leftovers
from appliance.store.log_owner import NO_SESSION
from appliance.store.sqlite_errors import explain
from appliance.store.sqlite_files import Access, open_file
from appliance.store.store import Store
from appliance.store.whole_check import find_damage
from appliance.wording.sentence import say

KEEP = 3
DIRECTORY = "backups"  # in the data directory
PATTERN = f"unit-{'[0-9]' * 8}T{'[0-9]' * 6}Z.db"
TORN = f"{PATTERN}.part"


def make_backup(store: Store, directory: Path) -> Path:
    """Copy the database into `directory`; returns the new file. Raises `StoreError`."""
    made = directory / store.clock.stamp().utc.strftime("unit-%Y%m%dT%H%M%SZ.db")
    part = directory / f"{made.name}.part"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        remove_torn_copies(directory)
        with begin_file(part) as handle:
            take_group(store.path, handle)
            copy_database(store.path, part)
            os.fsync(handle)
            part.replace(made)
            os.fsync(handle)  # on a stick (FAT) the new name has size 0 until then
        sync_directory(directory)
        delete_old_copies(directory, made)
    except LockedError as error:
        raise StoreError(say("another backup is being made: {error}", error=error)) from error
    except OSError as error:
        raise StoreError(
            say(
                "no backup can be made in {directory}: {cause}; check that it exists, its "
                "permissions and the free space",
                directory=directory,
                cause=error.strerror,
            )
        ) from error
    return made


def remove_torn_copies(directory: Path) -> int:
    """Remove what a backup that was killed has left; returns how many files."""
    count = remove_leftovers(directory.glob(TORN))
    beside = directory.glob(f"{TORN}-*")  # what SQLite keeps beside a copy in the making
    return count + remove_leftovers(
        path for path in beside if not path.with_name(path.name.rpartition("-")[0]).exists()
    )


def take_group(source: Path, handle: int) -> None:
    """Who may read the database may read its copy, also where an administrator makes it."""
    with suppress(PermissionError):
        os.fchown(handle, -1, source.stat().st_gid)
    os.fchmod(handle, 0o640)


def copy_database(source: Path, part: Path) -> None:
    """One consistent, compacted, sound copy while others write. A torn one is removed."""
    try:
        with closing(connect(source, read_only=True)) as db:
            db.execute("VACUUM INTO ?", (str(part),))
        mark_as_copy(part)
        if found := find_damage(part):
            raise StoreError(
                say(
                    "the copy {part} is not sound ({found}); the older ones are kept",
                    part=part,
                    found=found,
                )
            )
    except sqlite3.Error as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            say(
                "the database {source} cannot be copied to {parent}: {why}",
                source=source,
                parent=part.parent,
                why=explain(error, part),
            )
        ) from error
    except StoreError:
        part.unlink(missing_ok=True)
        raise


def mark_as_copy(part: Path) -> None:
    """No log belongs to it (log_owner.py), wherever it is put, and none of its alarms is sent from
    there (alarm_copies.py).
    """
    with closing(open_file(part, Access.WRITE)) as db:
        with db:
            close_alarms(db)
        db.execute(f"PRAGMA user_version={NO_SESSION}")


def delete_old_copies(directory: Path, made: Path) -> None:
    """Delete all copies but the newest; the one just made always stays."""
    others = sorted((path for path in directory.glob(PATTERN) if path != made), key=rank)
    for old in others[: max(0, len(others) - (KEEP - 1))]:
        old.unlink()


def rank(path: Path) -> tuple[float, str]:
    """For sorting, the oldest first: by the unit's own time in the copy, then by its name.

    The name alone is the time of the wall clock: one of a wrong year would stay for ever.
    """
    try:
        with closing(open_file(path, Access.FILE_ALONE)) as db:
            found = db.execute("SELECT unit_s FROM unit_time").fetchone()
    except sqlite3.Error:
        return (-1.0, path.name)
    return (found[0] if found and isinstance(found[0], float) else -1.0, path.name)
