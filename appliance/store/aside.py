"""Sets aside what cannot be worked with, by a name that says when, and saves what can be saved.

    unit.db.damaged-20261128T101500        the file, with -wal and -shm where it had them

Reads and writes: the files of the database, under its preparation lock.
Never: deletes or overwrites anything that was found.

A log (`-wal`) without its file, or beside an empty one, is deleted by SQLite when it opens the
file; one beside another file (log_owner.py) is copied into it. So it is set aside first. Where a
log without a file holds every page since the database began, the database is made from it again;
else it is kept for whoever can make more of it.
"""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from appliance.store.durable_files import sync_directory
from appliance.store.file_format import INDEX, LOG, has_log, read_header, read_pages
from appliance.store.file_locks import open_shared
from appliance.store.log_owner import forget_session
from appliance.store.sqlite_files import Access, open_file
from appliance.store.whole_check import find_damage
from appliance.wording.sentence import say

SIDE_FILES = ("", LOG, INDEX)
DAMAGED, REPLACED = "damaged", "replaced"  # stand in the names of what was set aside
ADVICE = say("copy it away and have it examined")


@dataclass(frozen=True, slots=True)
class SetAside:
    """What was set aside: `path` is its name without -wal and -shm, `text` says what happened."""

    path: Path
    text: str


def set_aside_damaged(path: Path, found: str) -> SetAside:
    """A damaged file goes out of the way; a new one is begun."""
    aside = set_aside(path)
    return SetAside(
        aside,
        say(
            "the database was damaged ({found}); it is kept as {aside} and a new one was begun: "
            "{advice}",
            found=found,
            aside=aside,
            advice=ADVICE,
        ),
    )


def recover_log(path: Path) -> SetAside | None:
    """Deal with a log that has lost its file; None where there is none. Raises `OSError`."""
    if not has_log(path) or read_header(path):
        return None
    state = describe_lost_file(path)
    aside = set_aside(path)
    if rebuild(path, Path(f"{aside}{LOG}")):
        done = say("all that was in it was recovered from its log, which")
    else:
        done = say("a new one was begun; its log, which holds the rows of its last time,")
    return SetAside(
        aside,
        say(
            "the database {path} was {state}; {done} is kept as {aside}{log}: {advice}",
            path=path,
            state=state,
            done=done,
            aside=aside,
            log=LOG,
            advice=ADVICE,
        ),
    )


def describe_lost_file(path: Path) -> str:
    """What stands in the place of the database."""
    if not path.exists():
        return say("missing")
    return say("no database") if path.stat().st_size else say("empty")


def set_foreign_log_aside(path: Path, found: str) -> SetAside:
    """The log beside the file is not its own: the log goes out of the way, the file stays."""
    aside = set_aside(path, sides=(LOG, INDEX))
    return SetAside(
        aside,
        say(
            "the log beside the database {path} was not its own ({found}); the database is used "
            "as it is, and the log, which may hold the last rows of the database that was there "
            "before, is kept as {aside}{log}: {advice}",
            path=path,
            found=found,
            aside=aside,
            log=LOG,
            advice=ADVICE,
        ),
    )


def rebuild(path: Path, log: Path) -> bool:
    """Make the database from a log that holds all of it; False, and nothing made, where it does
    not.

    SQLite takes a log only for a file that has a first page: that one comes from the log itself.
    """
    first = next((page for number, page in read_pages(log) if number == 1), None)
    if first is None:
        return False
    write_shared(path, first)
    open_shared_copy(log, Path(f"{path}{LOG}"))
    with suppress(sqlite3.Error), closing(open_file(path, Access.WRITE)) as db:
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if tables and find_damage(path) is None:
            return True
    for side in SIDE_FILES:
        Path(f"{path}{side}").unlink(missing_ok=True)
    return False


def write_shared(path: Path, data: bytes) -> None:
    """A new file that the group may write."""
    with open(open_shared(path), "wb") as file:
        file.write(data)


def open_shared_copy(source: Path, path: Path) -> None:
    """A copy that the group may write."""
    with source.open("rb") as old, open(open_shared(path), "wb") as new:
        shutil.copyfileobj(old, new)


def set_aside(path: Path, sides: tuple[str, ...] = SIDE_FILES) -> Path:
    """Rename the file with its side files, and return its new name."""
    aside = choose_aside_name(path, DAMAGED)
    if "" in sides:
        forget_session(path)  # the log of the next file would count as foreign by it, for ever
    move_side_files(path, aside, sides)
    sync_directory(path.parent)
    return aside


def choose_aside_name(path: Path, word: str) -> Path:
    """A name that says why and when, and that nothing has yet."""
    when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside, number = path.with_name(f"{path.name}.{word}-{when}"), 1
    while any(os.path.lexists(f"{aside}{side}") for side in SIDE_FILES):
        number += 1
        aside = path.with_name(f"{path.name}.{word}-{when}-{number}")
    return aside


def move_side_files(path: Path, aside: Path, sides: tuple[str, ...] = (LOG, INDEX)) -> None:
    """Rename those that are there."""
    for side in sides:
        if (old := Path(f"{path}{side}")).exists():
            old.rename(f"{aside}{side}")


def list_set_aside(path: Path) -> list[Path]:
    """What was set aside of the database at `path`, each once, by its name."""
    found = path.parent.glob(f"{path.name}.{DAMAGED}-*")
    names = {file.name.removesuffix(LOG).removesuffix(INDEX) for file in found}
    return [path.with_name(name) for name in sorted(names)]
