"""The check of the whole database file: once a boot, or after an unclean end; never without limit.

    if not is_checked(path) and (found := find_damage(path, limit_s=CHECK_S)): ...
    record_check(path)

Reads: the file. Writes: `unit.db.checked` beside it: the boot in which it was checked, and which
file that was.
Never: trusts a file that is not the one that was checked, or makes a service wait for a whole card.

While a log (`-wal`) is beside the file, the unit works with it: SQLite keeps it sound through any
crash of a process. Without one nobody has it open, and then it must be as the last one left it. A
damaged page that is met at work ends that trust (`forget_check`).
"""

import os
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from appliance.clock import BOOT_ID
from appliance.errors import StoreError
from appliance.parsing.small_file import read_small_file
from appliance.store.file_format import has_log
from appliance.store.file_locks import open_shared
from appliance.store.sqlite_errors import explain, find_kind, is_oversized
from appliance.store.sqlite_files import Access, open_file
from appliance.wording.sentence import say

CHECK_S = 5.0  # s; what is damaged beyond is found when it is read


def find_damage(
    path: Path, limit_s: float | None = None, access: Access = Access.READ
) -> str | None:
    """What SQLite finds wrong with the file and its log, in its words; None if they are sound or
    not there. Neither is changed.

    After `limit_s` what was seen until then counts. Raises `StoreError` where it cannot be read.
    """
    if not path.exists():
        return None
    db = open_file(path, access)
    timer = threading.Timer(limit_s or 0.0, db.interrupt)
    if limit_s is not None:
        timer.start()
    try:
        found: str = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if find_kind(error) == sqlite3.SQLITE_INTERRUPT:
            return None
        raise StoreError(
            say(
                "the database {path} cannot be read: {why}",
                path=path,
                why=explain(error, path),
            )
        ) from None
    except sqlite3.DatabaseError as error:
        return None if is_oversized(error) else str(error)
    finally:
        timer.cancel()
        if limit_s is not None:
            timer.join()
        db.close()
    return None if found == "ok" else found


def is_checked(path: Path) -> bool:
    """Whether this file was checked in this boot and has been in SQLite's hands since then."""
    try:
        boot_id, inode, *state = read_marker(path).split()
        is_same = (boot_id, inode) == (read_boot_id(), str(path.stat().st_ino))
        return is_same and (has_log(path) or state == describe_state(path))
    except (OSError, ValueError):
        return False


def record_check(path: Path) -> None:
    """Note that the file is sound as it is. Where that cannot be written, it is checked again."""
    with suppress(OSError):
        text = " ".join((read_boot_id(), str(path.stat().st_ino), *describe_state(path)))
        handle = open_shared(make_marker_path(path))
        try:
            os.truncate(handle, os.write(handle, text.encode()))
        finally:
            os.close(handle)


def record_clean_end(path: Path) -> None:
    """The file was closed in order: as it is now it was left, if nobody else works with it."""
    with suppress(OSError, ValueError):
        boot_id, inode, *_ = read_marker(path).split()
        is_same = (boot_id, inode) == (read_boot_id(), str(path.stat().st_ino))
        if is_same and not has_log(path):
            record_check(path)


def forget_check(path: Path) -> None:
    """Damage was met: the next start checks the whole file."""
    with suppress(OSError):
        make_marker_path(path).unlink(missing_ok=True)


def make_marker_path(path: Path) -> Path:
    return Path(f"{path}.checked")


def read_marker(path: Path) -> str:
    """Boot, inode, size and time of change of the file that was checked."""
    return read_small_file(make_marker_path(path), 200).decode()


def describe_state(path: Path) -> list[str]:
    """Size and time of the last change of the file."""
    status = path.stat()
    return [str(status.st_size), str(status.st_mtime_ns)]


def read_boot_id() -> str:
    """The kernel's id of this boot."""
    return BOOT_ID.read_text().strip()
