"""Connections to the unit database, and queries that no stored byte can break.

Reads and writes: unit.db, as asked. Every error is a `StoreError` in words.
Never: waits longer than `BUSY_TIMEOUT_MS` for another program.
"""

import re
import sqlite3
from pathlib import Path
from typing import Any

from appliance.errors import StoreError
from appliance.store.sqlite_errors import explain, is_damage
from appliance.store.whole_check import forget_check

WAL_PAGES = 2000  # pages in the log before they are copied back, about 2 MB
BUSY_TIMEOUT_MS = 5000
SQLITE_VERSION = sqlite3.sqlite_version
NO_TEXT = "Could not decode to UTF-8"
NOT_THERE = re.compile(r"no such (?:column|table): (?P<name>\S+)")


class OlderShape(Exception):  # noqa: N818  (no error: an older release has no such column)
    """A table or column that the database does not have; its name is the text."""


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the database; raise `StoreError` in words where that is not possible."""
    try:
        # A reader opens read-write as well: WAL readers need the shared-memory file.
        # `query_only` then refuses every change.
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        db.row_factory = sqlite3.Row
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        db.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        db.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
        db.execute("SELECT name FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.Error as error:
        raise make_error(path, "opened", error) from error
    return db


def run_query(
    db: sqlite3.Connection, path: Path, sql: str, values: tuple[Any, ...]
) -> list[sqlite3.Row]:
    """The rows of a SELECT; text that is no UTF-8 comes as bytes.

    Raises `OlderShape` and `StoreError`.
    """
    try:
        return db.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        if str(error).startswith(NO_TEXT):
            return run_tolerantly(db, path, sql, values)
        if found := NOT_THERE.match(str(error)):
            raise OlderShape(found["name"]) from error
        raise make_error(path, "read", error) from error


def run_tolerantly(
    db: sqlite3.Connection, path: Path, sql: str, values: tuple[Any, ...]
) -> list[sqlite3.Row]:
    """As `run_query`, slower."""
    db.text_factory = decode_text
    try:
        return db.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise make_error(path, "read", error) from error
    finally:
        db.text_factory = str


def decode_text(data: bytes) -> str | bytes:
    """Text as text, what is none as it is."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def make_error(path: Path, verb: str, error: sqlite3.Error) -> StoreError:
    """The sentence for an error of SQLite; a damaged file is checked at the next start."""
    if is_damage(error):
        forget_check(path)
    return StoreError(f"the database {path} cannot be {verb}: {explain(error, path)}")


def read_inode(path: Path) -> int | None:
    """Which file stands under this name now."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
