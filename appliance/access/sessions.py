"""Who is logged in: begun by a login, ended by a logout, by time, and with what it rests on.

Reads and writes: `session`.
Never: outlives the boot it began in, or goes by the wall clock; takes an id that the client chose
(session fixation); is used from another way in than it was begun at.
"""

import sqlite3
from dataclasses import dataclass

from appliance.access.accounts import fold
from appliance.access.database import AccessFile
from appliance.access.passwords import digest, make_session_id
from appliance.access.roles import GIVEN_ROLES, Origin, Person, Role
from appliance.model import Stamp

MOST_SESSIONS = 100
PIN_NAME = "touchscreen"  # whom acts name that were done with the PIN
SEEN_PART = 10  # of the idle time: so exactly is it known, and no write to the disk for each click


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """How long a session lasts, s: without an act or a new view, and in all."""

    idle_s: float
    longest_s: float


def begin_session(file: AccessFile, account: str | None, origin: Origin) -> str:
    """The id of a new one; `account` None: by the PIN. Raises `AccessError`."""
    session_id, now = make_session_id(), file.clock.stamp()
    name = None if account is None else fold(account)
    with file.write() as db:
        values = (digest(session_id), name, origin.value, now.boot_id, now.uptime_s, now.uptime_s)
        db.execute("DELETE FROM session WHERE boot_id <> ?", (now.boot_id,))
        db.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?)", values)
        sql = "DELETE FROM session WHERE rowid <= (SELECT max(rowid) FROM session) - ?"
        db.execute(sql, (MOST_SESSIONS,))
    return session_id


def find_person(
    file: AccessFile,
    session_id: str,
    origin: Origin,
    times: tuple[SessionTimes, SessionTimes],
    *,
    is_active: bool,
) -> Person | None:
    """Who is logged in by that session; None: nobody, or no longer. `times`: by PIN, and by login.
    `is_active`: a person did something, rather than a page that asks by itself. Raises
    `AccessError`.
    """
    now = file.clock.stamp()
    with file.read() as db:
        row = find_row(db, session_id, origin)
    if row is None:
        return None
    by_pin = row["account"] is None
    limits = times[0] if by_pin else times[1]
    if is_over(row, now, limits):
        return None
    if is_active and now.uptime_s - row["seen_s"] >= limits.idle_s / SEEN_PART:
        with file.write() as db:
            sql = "UPDATE session SET seen_s = ? WHERE id_hash = ?"
            db.execute(sql, (now.uptime_s, digest(session_id)))
    if by_pin:
        return Person(PIN_NAME, Role.TECHNICIAN, origin)
    return Person(row["shown"], GIVEN_ROLES.get(row["role"], Role.NOBODY), origin)


def find_row(db: sqlite3.Connection, session_id: str, origin: Origin) -> sqlite3.Row | None:
    """The session with its account; None where one of both is gone."""
    sql = (
        "SELECT session.*, shown, role FROM session LEFT JOIN account ON account.name = account "
        "WHERE id_hash = ? AND origin = ? AND (account IS NULL OR account.name IS NOT NULL)"
    )
    found: sqlite3.Row | None = db.execute(sql, (digest(session_id), origin.value)).fetchone()
    return found


def is_over(row: sqlite3.Row, now: Stamp, times: SessionTimes) -> bool:
    """Whether its time has passed, or the unit was started anew."""
    age_s, idle_s = now.uptime_s - row["begun_s"], now.uptime_s - row["seen_s"]
    is_same_boot = row["boot_id"] == now.boot_id
    return not (is_same_boot and 0 <= idle_s < times.idle_s and 0 <= age_s < times.longest_s)


def count_sessions(file: AccessFile) -> int:
    """How many there are of this boot, also such that have ended by time. Raises `AccessError`."""
    with file.read() as db:
        sql = "SELECT count(*) FROM session WHERE boot_id = ?"
        return int(db.execute(sql, (file.clock.stamp().boot_id,)).fetchone()[0])


def end_session(file: AccessFile, session_id: str) -> None:
    """Log out. Raises `AccessError`."""
    with file.write() as db:
        db.execute("DELETE FROM session WHERE id_hash = ?", (digest(session_id),))
