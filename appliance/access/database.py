"""The file access.db: made, checked and opened.

    file = AccessFile(settings.access_file, clock)
    with file.read() as db: ...        # an empty one where there is none yet
    with file.write() as db: ...       # one transaction, on disk at its end

Reads and writes: access.db and its directory.
Never: uses a file or directory that another user than the page's could have put there: all services
may write the data directory, and who writes this file is a technician. Never begins anew by itself
where the file is damaged: everybody would be locked out in silence, or let in.
"""

import os
import pwd
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.clock import Clock
from appliance.errors import ApplianceError
from appliance.store.sqlite_errors import explain, is_damage
from appliance.store.sqlite_files import Access, open_file
from appliance.wording.sentence import as_sentence, say

OWNER = "appliance-web"  # whom the file belongs to on a unit
BUSY_TIMEOUT_MS = 2000
VERSION = 1
SCHEMA = """
CREATE TABLE account (
    name TEXT PRIMARY KEY, shown TEXT NOT NULL, role TEXT NOT NULL, password TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TABLE pin (one INTEGER PRIMARY KEY CHECK (one = 1), pin TEXT NOT NULL, at TEXT NOT NULL)
    STRICT;
CREATE TABLE attempt (
    key TEXT PRIMARY KEY, failures INTEGER NOT NULL, wait_s REAL NOT NULL,
    boot_id TEXT NOT NULL, uptime_s REAL NOT NULL
) STRICT;
CREATE TABLE session (
    id_hash TEXT PRIMARY KEY, account TEXT, origin TEXT NOT NULL, boot_id TEXT NOT NULL,
    begun_s REAL NOT NULL, seen_s REAL NOT NULL
) STRICT;
CREATE TABLE token (
    name TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE act (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, boot_id TEXT NOT NULL, uptime_s REAL NOT NULL,
    name TEXT NOT NULL, role TEXT NOT NULL, origin TEXT NOT NULL, source TEXT NOT NULL,
    what TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL, outcome TEXT NOT NULL
) STRICT;
"""
MEND = say("`sudo unitctl access mend` sets it aside and begins a new one")


class AccessError(ApplianceError):
    """The file of logins cannot be used."""

    code = "access"


@dataclass(frozen=True, slots=True)
class AccessFile:
    """access.db of one unit; nothing is kept open. `clock`: that of people, never a scaled one."""

    path: Path
    clock: Clock

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to read. Raises `AccessError`."""
        with translate_errors(self.path, "read"):
            if not is_there(self.path):
                with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
                    yield begin(db)
                return
            with closing(self._open()) as db:
                if self._is_made(db):
                    yield db
                    return
            with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
                yield begin(db)  # made, and not filled: whoever made it was killed

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Raises `AccessError`."""
        with translate_errors(self.path, "written"):
            make_file(self.path)
            with closing(self._open()) as db:
                db.execute("PRAGMA synchronous=FULL")
                db.execute("BEGIN IMMEDIATE")
                try:
                    if not self._is_made(db):
                        begin(db)
                    yield db
                except BaseException:
                    with suppress(sqlite3.Error):
                        db.execute("ROLLBACK")
                    raise
                db.execute("COMMIT")

    def _is_made(self, db: sqlite3.Connection) -> bool:
        """Whether it has its tables; False: whoever made the empty file was killed."""
        if db.execute("PRAGMA user_version").fetchone()[0]:
            return True
        if self.path.stat().st_size:
            raise AccessError(
                say(
                    "the logins in {path} cannot be read: it was cut off; {mend}",
                    path=self.path,
                    mend=MEND,
                )
            )
        return False

    def is_closed_to_us(self) -> bool:
        """Whether it is there, and not for the user of this process."""
        try:
            self.path.stat()
        except PermissionError:
            return True
        except OSError:
            return False
        return not os.access(self.path, os.R_OK)

    def _open(self) -> sqlite3.Connection:
        # Also to read: what a killed writer has left (access.db-journal) must be taken back first.
        db = open_file(self.path, Access.WRITE)
        db.row_factory = sqlite3.Row
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        return db


def begin(db: sqlite3.Connection) -> sqlite3.Connection:
    """The tables, in an empty database."""
    db.row_factory = sqlite3.Row
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"PRAGMA user_version={VERSION}")
    return db


@contextmanager
def translate_errors(path: Path, verb: str) -> Iterator[None]:
    """Errors of SQLite and of the file system in words."""
    try:
        yield
    except sqlite3.Error as error:
        advice = (
            say("{error}: {mend}", error=error, mend=MEND)
            if is_damage(error)
            else explain(error, path)
        )
        raise AccessError(
            say(
                "the logins in {path} cannot be {verb}: {advice}",
                path=path,
                verb=as_sentence(verb),
                advice=advice,
            )
        ) from error
    except PermissionError as error:
        raise AccessError(
            say(
                "the logins in {path} cannot be {verb}: they are for the page and for root; "
                "begin the command with sudo",
                path=path,
                verb=as_sentence(verb),
            )
        ) from error
    except OSError as error:
        raise AccessError(
            say(
                "the logins in {path} cannot be {verb}: {cause}; check the free space and the "
                "permissions of {parent}",
                path=path,
                verb=as_sentence(verb),
                cause=error.strerror,
                parent=path.parent.parent,
            )
        ) from error


def is_there(path: Path) -> bool:
    """Whether there is a file, and one that can be trusted. Raises `AccessError`, `OSError`."""
    try:
        for one, is_kind in ((path.parent, stat.S_ISDIR), (path, stat.S_ISREG)):
            status = one.lstat()
            if not is_ours(status.st_uid) and status.st_uid == find_owner():
                raise PermissionError(1, "it is the page's", str(one))
            if not is_kind(status.st_mode) or status.st_mode & 0o077 or not is_ours(status.st_uid):
                raise AccessError(
                    say(
                        "{one} belongs to somebody else, is a link or is open to others, so "
                        "nobody can log in: look who has made it (`ls -ld {one}`), then {mend}",
                        one=one,
                        mend=MEND,
                    )
                )
    except FileNotFoundError:
        return False
    return True


def is_ours(owner: int) -> bool:
    """Whether a file of that user is that of the page: ours; for root that of the page too."""
    return owner == os.geteuid() or (os.geteuid() == 0 and owner == find_owner())


def find_owner() -> int | None:
    """The page's user; None where this computer has none, such as a laptop."""
    try:
        return pwd.getpwnam(OWNER).pw_uid
    except KeyError:
        return None


def make_file(path: Path) -> None:
    """The directory and an empty file, where they are missing; root makes them for the page."""
    if is_there(path):
        return
    with suppress(FileExistsError):
        path.parent.mkdir(mode=0o700, parents=False)
        give_to_page(path.parent)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
        give_to_page(path)
    if not is_there(path):
        raise FileNotFoundError(2, "it was removed while it was made", str(path))


def set_aside(file: AccessFile) -> Path | None:
    """Rename the directory of a file that cannot be used; its new name, None where it can be used
    or is not there. Raises `AccessError`.
    """
    try:
        with file.read() as db:
            damage = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if damage == "ok" or not file.path.parent.exists():
            return None
    except AccessError:
        pass
    with translate_errors(file.path, "set aside"):
        when = file.clock.stamp().utc.strftime("%Y%m%dT%H%M%SZ")
        aside = file.path.parent.with_name(f"{file.path.parent.name}.damaged-{when}")
        file.path.parent.rename(aside)
    return aside


def give_to_page(path: Path) -> None:
    """The page's user owns what root has made."""
    owner = find_owner()
    if os.geteuid() == 0 and owner is not None:
        os.chown(path, owner, -1, follow_symlinks=False)
