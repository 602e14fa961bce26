"""Opens a database file with SQLite, for all parts of the store.

    with closing(open_file(path)) as db: ...                  # to read
    with closing(open_file(path, Access.WRITE)) as db: ...

Reads and writes: nothing but what the connection is asked for.
Never: lets a stored value fill the memory: a larger one than `MOST_VALUE_BYTES` is refused by
SQLite (`SQLITE_TOOBIG`), and its row counts as unreadable. A connection that only reads never
copies a log (`-wal`) back into the file, and never deletes one.
"""

import sqlite3
import sys
from enum import Enum
from pathlib import Path

from appliance.store.open_files import connect_counted

MOST_VALUE_BYTES = 1_000_000  # the largest value of a unit is a policy's table: some 50 kB


class Access(Enum):
    """What a connection may do with the file and its log; the value is SQLite's parameter."""

    READ = "mode=ro"
    WRITE = "mode=rw"
    FILE_ALONE = "immutable=1"  # as if there were no log; for a file that nobody writes


def open_file(path: Path, access: Access = Access.READ) -> sqlite3.Connection:
    """A connection to a file that is there. Raises `sqlite3.Error`."""
    db = connect_counted(path, f"{path.absolute().as_uri()}?{access.value}")
    limit_values(db)
    return db


def limit_values(db: sqlite3.Connection) -> None:
    """Have larger values refused."""
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_VALUE_BYTES)


def leave_log(db: sqlite3.Connection) -> None:
    """Have the log left as it is when the connection is closed (Python 3.12 and later can)."""
    if sys.version_info >= (3, 12):
        db.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)  # noqa: FBT003  (positional only)
