"""The connection that a process keeps to the unit database; whether it is still that of the file.

Reads: which files lie there. Writes: what SQLite does when it opens and closes one.
Never: works on with a file, or a log, that was taken away.
"""

import sqlite3
from pathlib import Path

from appliance.errors import StoreError
from appliance.store.connection import connect, read_inode
from appliance.store.file_format import INDEX
from appliance.store.sqlite_files import leave_log
from appliance.store.whole_check import record_clean_end
from appliance.wording.sentence import say


class HeldConnection:
    """Not open at first: every use is a `StoreError` until `reopen` succeeds."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self._read_only = read_only
        self._connection: sqlite3.Connection | None = None
        self._file: int | None = None
        self._index: int | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            record_clean_end(self.path)

    def reopen(self) -> None:
        """Open the file of this name as it is now; raises `StoreError` and keeps the old one."""
        self.leave_lost_log()
        fresh = connect(self.path, read_only=self._read_only)
        self.close()
        self._connection = fresh
        self._file, self._index = read_inode(self.path), self._find_index()

    def leave_lost_log(self) -> None:
        """Close a file whose log was taken away: SQLite would go on writing into the lost one, with
        every new connection of this process, and copy it over what others have written since.
        """
        if self._connection is not None and self._is_log_lost():
            leave_log(self._connection)
            self._connection.close()
            self._connection = None

    @property
    def is_open(self) -> bool:
        """Whether it has been opened."""
        return self._connection is not None

    def is_replaced(self) -> bool:
        """Whether file or log was taken away behind our back: then this process must reopen it."""
        if self._connection is None:
            return False
        return read_inode(self.path) != self._file or self._is_log_lost()

    def _is_log_lost(self) -> bool:
        """The index of a log lies beside it for as long as anybody has the file open."""
        return self._index is not None and self._find_index() != self._index

    def _find_index(self) -> int | None:
        return read_inode(Path(f"{self.path}{INDEX}"))

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(
                say(
                    "the database {path} is not open; see the faults before this one",
                    path=self.path,
                )
            )
        return self._connection
