"""Which database files this process has open, and how the start of one is read beside SQLite.

    db = connect_counted(path, address)     # for sqlite_files.py alone
    data = read_beside(path, 100)

Reads: the first bytes of a file. Writes: nothing.
Never: closes a handle of a file that a connection of this process has open.

A process's POSIX locks on a file are dropped when it closes any handle of that file, also one that
SQLite knows nothing of (sqlite.org/howtocorrupt.html, 2.2). Another process that closes the
database then counts as the last one, and deletes the log (`-wal`) into which this one goes on
writing: its rows are lost, and nobody sees them.
"""

import os
import sqlite3
import stat
import threading
from collections import Counter
from pathlib import Path

FileId = tuple[int, int]  # device and inode

_turn = threading.Lock()
_connections: Counter[FileId] = Counter()
_kept: dict[FileId, int] = {}  # a handle of a file, until its last connection is closed


class CountedConnection(sqlite3.Connection):
    """A connection that says which files it may have open. One that is never closed counts for
    ever, which only keeps a handle.
    """

    files: frozenset[FileId] = frozenset()

    def close(self) -> None:
        super().close()
        with _turn:
            gone, self.files = self.files, frozenset()
            for file in gone:
                _connections[file] -= 1
                if not _connections[file]:
                    del _connections[file]
                    if file in _kept:
                        os.close(_kept.pop(file))


def connect_counted(path: Path, address: str) -> CountedConnection:
    """Open the database of that URI, which is at `path`. Raises `sqlite3.Error`."""
    with _turn:
        before = find_file(path)
        db = sqlite3.connect(
            address,
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            factory=CountedConnection,
        )
        # Renamed in between: it is one of both.
        db.files = frozenset(one for one in (before, find_file(path)) if one)
        _connections.update(db.files)
    return db


def find_file(path: Path) -> FileId | None:
    """Which file stands under this name now."""
    try:
        return identify(path.stat())
    except OSError:
        return None


def identify(status: os.stat_result) -> FileId:
    return status.st_dev, status.st_ino


def read_beside(path: Path, count: int) -> bytes:
    """The first bytes of a regular file; none of any other, or where there is none. Raises
    `OSError`.
    """
    with _turn:
        kept = _kept.get(find_file(path) or (0, 0))
        if kept is not None:
            return os.pread(kept, count, 0)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return b""
        status = os.fstat(handle)
        try:
            return os.pread(handle, count, 0) if stat.S_ISREG(status.st_mode) else b""
        finally:
            if _connections[identify(status)]:
                _kept[identify(status)] = handle
            else:
                os.close(handle)
