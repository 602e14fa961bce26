"""Connections to the unit database, and queries that no stored byte can break.

Reads and writes: unit.db, as asked. Every error is a `StoreError` in words.
Never: waits longer than `BUSY_TIMEOUT_MS` for another program.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from appliance.errors import StoreError
from appliance.store.log_owner import is_log_foreign
from appliance.store.sqlite_errors import explain, is_damage, is_oversized
from appliance.store.sqlite_files import Access, open_file
from appliance.store.whole_check import forget_check
from appliance.wording.sentence import as_sentence, say

WAL_PAGES = 2000  # pages in the log before they are copied back, about 2 MB
BUSY_TIMEOUT_MS = 5000
SQLITE_VERSION = sqlite3.sqlite_version
OVERSIZED = "value of more than 1 MB"  # sqlite_files.py
NO_TEXT = "Could not decode to UTF-8"
NOT_THERE = re.compile(r"no such (?:column|table): (?P<name>\S+)")


class UnknownAnswer(Exception):  # noqa: N818  (no error: what cannot be read is unknown)
    """A table or column that the database does not have (an older release), or a value that is too
    large; the text says which.
    """


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the database; raise `StoreError` in words where that is not possible."""
    refuse_foreign_log(path)
    try:
        db = open_file(path, Access.READ if read_only else Access.WRITE)
        db.row_factory = sqlite3.Row
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        db.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        db.execute("SELECT name FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.Error as error:
        raise make_error(path, "opened", error) from error
    return db


def refuse_foreign_log(path: Path) -> None:
    """SQLite would read the log, or copy it into the file. Raises `StoreError`."""
    with suppress(OSError):
        if is_log_foreign(path):
            raise StoreError(
                say(
                    "the database {path} was exchanged, and the log beside it is that of the "
                    "one before: start a service of the unit, which sets the log aside by name",
                    path=path,
                )
            )


def run_query(
    db: sqlite3.Connection, path: Path, sql: str, values: tuple[Any, ...]
) -> list[sqlite3.Row]:
    """The rows of a SELECT; text that is no UTF-8 comes as bytes.

    Raises `UnknownAnswer` and `StoreError`.
    """
    try:
        return db.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        if not is_text_damaged(error):
            raise make_read_error(path, error) from error
    try:
        with read_tolerantly(db):
            return db.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise make_read_error(path, error) from error


def is_text_damaged(error: sqlite3.Error) -> bool:
    """Whether a stored text is no UTF-8."""
    return str(error).startswith(NO_TEXT)


@contextmanager
def read_tolerantly(db: sqlite3.Connection) -> Iterator[None]:
    """Text that is no UTF-8 comes as bytes; slower."""
    before, db.text_factory = db.text_factory, decode_text
    try:
        yield
    finally:
        db.text_factory = before


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
    return StoreError(
        say(
            "the database {path} cannot be {verb}: {why}",
            path=path,
            verb=as_sentence(verb),
            why=explain(error, path),
        )
    )


def make_read_error(path: Path, error: sqlite3.Error) -> StoreError | UnknownAnswer:
    """What a query raises for an error of SQLite."""
    if missing := NOT_THERE.match(str(error)):
        return UnknownAnswer(missing["name"])
    return UnknownAnswer(OVERSIZED) if is_oversized(error) else make_error(path, "read", error)


def read_inode(path: Path) -> int | None:
    """Which file stands under this name now."""
    try:
        return path.stat().st_ino
    except (FileNotFoundError, NotADirectoryError):
        return None
