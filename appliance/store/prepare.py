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
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path

from appliance.errors import StoreError
from appliance.store import backup
from appliance.store.aside import (
    SetAside,
    recover_log,
    set_aside_damaged,
    set_foreign_log_aside,
)
from appliance.store.file_format import count_missing_pages, has_log, read_header
from appliance.store.file_locks import LockedError, hold_lock, open_shared
from appliance.store.hold_copy import match_copy
from appliance.store.log_owner import begin_session, is_log_foreign
from appliance.store.sqlite_errors import explain, is_damage
from appliance.store.sqlite_files import Access, open_file
from appliance.store.store import PAGE_SIZE
from appliance.store.whole_check import (
    CHECK_S,
    find_damage,
    forget_check,
    is_checked,
    record_check,
)
from appliance.wording.counts import format_count
from appliance.wording.sentence import say

NEWEST_STEP = "m0033_link"
LOCK_S = 10.0  # real seconds; another service's check and migration take less


def prepare_database(path: Path) -> SetAside | None:
    """Create, check and migrate the database at `path`; returns what was set aside, and why.

    Raises `StoreError` where the directory cannot be written, another program keeps the lock, or a
    migration fails.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock(path):
            return make_ready(path)
    except LockedError as error:
        raise StoreError(
            say("the database {path} cannot be prepared: {error}", path=path, error=error)
        ) from error
    except sqlite3.Error as error:
        if is_damage(error):
            forget_check(path)
        raise StoreError(
            say(
                "the database {path} cannot be prepared: {why}",
                path=path,
                why=explain(error, path),
            )
        ) from error
    except OSError as error:
        raise StoreError(describe_refusal(path, error)) from error


def describe_refusal(path: Path, error: OSError) -> str:
    """Which file it was: a directory that is as it should be may hold one that nobody may open."""
    refused = Path(os.fsdecode(error.filename)) if error.filename else path.parent
    if path.parent in refused.parents and refused.is_file():
        return say(
            "{refused} cannot be opened: {cause}; check its owner, its permissions and "
            "those of {parent} (`ls -l`; its group is appliance, which may read and write)",
            refused=refused,
            cause=error.strerror,
            parent=path.parent,
        )
    return say(
        "the data directory {parent} cannot be written: {cause}; check its owner, its "
        "permissions and the free space",
        parent=path.parent,
        cause=error.strerror,
    )


def make_ready(path: Path) -> SetAside | None:
    """The work of `prepare_database`, under its lock."""
    refuse_dangling_link(path)
    aside = recover_log(path) or separate_log(path) or set_aside_where_damaged(path)
    begun_anew = create(path)
    if not is_current(path):
        migrate(path)
    lost = match_copy(path, begun_anew=begun_anew)
    begin_session(path)
    record_check(path)
    backup.remove_torn_copies(path.parent / backup.DIRECTORY)
    return tell_orders(aside, lost, begun_anew=begun_anew)


def lock(path: Path) -> AbstractContextManager[None]:
    """Hold the preparation lock beside the database. Raises `LockedError`."""
    return hold_lock(Path(f"{path}.lock"), LOCK_S)


def refuse_dangling_link(path: Path) -> None:
    """A disk that is not mounted yet is no reason to begin anew. Raises `StoreError`."""
    if path.is_symlink() and not path.exists():
        raise StoreError(
            say(
                "the database {path} is a link to {target}, which is not there: mount the "
                "disk that it is on, or delete the link to begin a new database",
                path=path,
                target=path.readlink(),
            )
        )


def separate_log(path: Path) -> SetAside | None:
    """A log that belongs to another file goes out of the way, before SQLite copies it into this."""
    if not is_log_foreign(path):
        return None
    return set_foreign_log_aside(path, say("the file was exchanged, as for a backup put back"))


def set_aside_where_damaged(path: Path) -> SetAside | None:
    """Check the file where that is due; a damaged one goes out of the way, or only its log where
    the file is sound without it.
    """
    found = find_torn_end(path)
    if not found and is_checked(path) and has_schema(path):
        return None
    found = found or find_damage(path, limit_s=CHECK_S)
    if found and has_log(path) and is_sound_alone(path):
        return set_foreign_log_aside(path, f"with it: {found}; without it the file is sound")
    return set_aside_damaged(path, found) if found else None


def find_torn_end(path: Path) -> str | None:
    """How much of the file is missing at its end; None where it is whole. A cheap look."""
    header = read_header(path)
    missing = count_missing_pages(path, header) if header else 0
    if not header or not missing:
        return None
    return say(
        "{pages} of {all_pages} missing",
        pages=format_count(missing, "page"),
        all_pages=header.pages,
    )


def is_sound_alone(path: Path) -> bool:
    """Whether the file is sound without its log."""
    return not find_torn_end(path) and not find_damage(path, CHECK_S, Access.FILE_ALONE)


def has_schema(path: Path) -> bool:
    """Whether the first pages can be read: the cheapest look at the file."""
    try:
        with closing(open_file(path)) as db:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        return False
    return True


def tell_orders(aside: SetAside | None, lost: int, *, begun_anew: bool) -> SetAside | None:
    """Say with what was set aside what became of people's orders to the cameras."""
    if aside is None or not (lost or begun_anew):
        return aside
    text = say("no pause, mute or off of a camera is known: order again what must hold")
    if lost:
        orders = format_count(lost, "order")
        text = say(
            "{orders} to the cameras (pause, mute, off) came back from their second copy",
            orders=orders,
        )
    return replace(aside, text=say("{aside}; {text}", aside=aside.text, text=text))


def create(path: Path) -> bool:
    """Begin an empty file, group-writable from its first byte, in WAL mode; False: it was there."""
    if path.exists() and path.stat().st_size:
        return False
    os.close(open_shared(path))
    with closing(open_file(path, Access.WRITE)) as db:
        db.execute(f"PRAGMA page_size={PAGE_SIZE}")
        db.execute("PRAGMA journal_mode=WAL")
    return True


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
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise StoreError(
            say(
                "the database {path} could not be brought up to date: {last}",
                path=path,
                last=last[0],
            )
        )
