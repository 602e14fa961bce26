"""SQLite's errors in words: what happened, and what to do, by their codes.

Reads: the error. Writes: nothing; pure.
Never: advises space or permissions where another program holds the database.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from appliance.wording.sentence import Sentence, say

MASK = 0xFF  # the lowest byte of an extended code is its kind


def advise_busy(path: Path) -> Sentence:
    return say(
        "another program holds the database; end it, or wait until it is done "
        "(`fuser -v {path}` names it)",
        path=path,
    )


def advise_full(path: Path) -> Sentence:
    return say(
        "there is no space left: check the free space of {directory} (`unitctl doctor`) and delete "
        "what is no longer needed",
        directory=path.parent,
    )


def advise_read_only(path: Path) -> Sentence:
    return say(
        "it may not be written; check the owner and the permissions of {directory}, and whether "
        "the disk is mounted read-only",
        directory=path.parent,
    )


def advise_no_access(path: Path) -> Sentence:
    return say(
        "the file cannot be opened; the unit's services create it: check that they run, and the "
        "owner and the permissions of {directory}; `unitctl doctor` says more",
        directory=path.parent,
    )


DISK = say(
    "the disk cannot be read or written; see `journalctl -k` and replace the disk if it fails"
)
DAMAGED = say("the file is damaged; the next start of a service sets it aside and begins a new one")
OVERSIZED = say("a value in it is larger than any that a unit stores; its row counts as unknown")
NOT_FITTING = say(
    "the row does not fit its table, as where a newer release has written the database: install "
    "that release again, or stop the unit and go back to a backup of before "
    "(`unitctl backup --restore BACKUP`)"
)
INTERRUPTED = say("it took too long and was stopped; another try may do it")
OTHER = say("`unitctl doctor` says more")

ADVICE: dict[int, Sentence | Callable[[Path], Sentence]] = {
    sqlite3.SQLITE_BUSY: advise_busy,
    sqlite3.SQLITE_LOCKED: advise_busy,
    sqlite3.SQLITE_FULL: advise_full,
    sqlite3.SQLITE_READONLY: advise_read_only,
    sqlite3.SQLITE_PERM: advise_read_only,
    sqlite3.SQLITE_IOERR: DISK,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_CANTOPEN: advise_no_access,
    sqlite3.SQLITE_CONSTRAINT: NOT_FITTING,
    sqlite3.SQLITE_MISMATCH: NOT_FITTING,
    sqlite3.SQLITE_TOOBIG: OVERSIZED,
    sqlite3.SQLITE_INTERRUPT: INTERRUPTED,
}


def find_kind(error: sqlite3.Error) -> int | None:
    """Which kind of error it is (SQLITE_BUSY, SQLITE_FULL, ...); None where SQLite names none."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & MASK


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is damaged."""
    return find_kind(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_oversized(error: sqlite3.Error) -> bool:
    """Whether a stored value is too large to be read (sqlite_files.py)."""
    return find_kind(error) == sqlite3.SQLITE_TOOBIG


def explain(error: sqlite3.Error, path: Path) -> str:
    """SQLite's own word for it, what that means, and what to do."""
    found = ADVICE.get(find_kind(error) or 0, OTHER)
    advice = found if isinstance(found, Sentence) else found(path)
    return say("{error}: {advice}", error=error, advice=advice)
