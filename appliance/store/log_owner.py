"""Whether the log (`-wal`) beside a database file is its own, or that of an earlier file.

    begin_session(path)                  # nobody has the file open: it gets a number of its own
    if is_log_foreign(path): ...         # before SQLite opens it

Reads and writes: the number in the file (SQLite's user version) and `unit.db.session` beside it:
the number that the file of this log has, and which file that is.
Never: opens a file beside a log.

SQLite copies any log that it finds back into the file and deletes it, also where a person has put a
backup in the place of the file, or an older copy: both are lost then. A backup has the number 0, an
older copy that of its time.
"""

import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from appliance.parsing.small_file import read_small_file
from appliance.store.durable_files import replace_file
from appliance.store.file_format import has_log, read_header
from appliance.store.sqlite_files import Access, open_file

NO_SESSION = 0  # of a copy: no log belongs to it
MOST_NUMBER = 2**31 - 1
BUSY_MS = 100
MOST_NOTE_BYTES = 200


def begin_session(path: Path) -> None:
    """Give the file a new number and keep its log in WAL mode, unless a log is beside it already.

    What cannot be written (another program has the file, the disk is full) stays as it is.
    """
    header = read_header(path)
    if header is None or has_log(path):
        return
    number = 1 + secrets.randbelow(MOST_NUMBER)
    with suppress(sqlite3.Error, OSError):
        write_note(path, number, header.session)
        with closing(open_file(path, Access.WRITE)) as db:
            db.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute(f"PRAGMA user_version={number}")
        if (now := read_header(path)) and now.session == number:
            write_note(path, number)


def is_log_foreign(path: Path) -> bool:
    """Whether the log beside the file certainly belongs to another one. Raises `OSError`."""
    header, note = read_header(path), read_note(path)
    if header is None or not note or not has_log(path):
        return False
    own_inode, inode, *numbers = note
    if header.session not in numbers:
        return True
    # A note that was copied itself came with its database: all have new inodes.
    is_original = own_inode == make_note_path(path).stat().st_ino
    return is_original and inode != path.stat().st_ino


def forget_session(path: Path) -> None:
    """The file goes: what was noted of it says nothing of the next one."""
    make_note_path(path).unlink(missing_ok=True)


def write_note(path: Path, *numbers: int) -> None:
    """Note which numbers the file of this log may have, and the inodes of file and note."""
    place = make_note_path(path)
    part = place.with_name(f"{place.name}.part")
    part.touch()
    text = f"{part.stat().st_ino} {path.stat().st_ino} {' '.join(map(str, numbers))}"
    replace_file(place, text.encode(), part=part, mode=0o660)


def read_note(path: Path) -> list[int]:
    """What `write_note` wrote; empty where that cannot be read."""
    try:
        data = read_small_file(make_note_path(path), MOST_NOTE_BYTES)
        found = [int(word) for word in data.split()]
    except (OSError, ValueError):
        return []
    return found if len(found) > 2 else []


def make_note_path(path: Path) -> Path:
    return Path(f"{path}.session")
