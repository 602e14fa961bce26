"""Accounts with their passwords, and the PIN of the touchscreen.

Reads and writes: `account`, `pin` and, where one changes, the sessions that end by it.
Never: lets somebody who is logged in stay so after his account, password or PIN has changed; takes
the set-up code of a new unit (setup_code.py) once there is a PIN or a technician.
"""

import re
import sqlite3
import unicodedata
from dataclasses import dataclass

from appliance.access.database import AccessFile
from appliance.access.roles import GIVEN_ROLES, Role
from appliance.store.rows import encode_time
from appliance.strict_json import InputError, show

NAME = re.compile(r"[^\W_](?:[\w .-]{0,38}[\w])?")
MOST_ACCOUNTS = 100
TAKEN = ("touchscreen", "token ")  # how acts name who has no account
SETUP = "setup"  # who sets a new unit up; without a password: who is logged in so goes on


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in. `name` is what is compared, `shown` how it was written."""

    name: str
    shown: str
    role: Role
    at: str


def clean_name(text: str) -> str:
    """The name of an account or a token as it is shown. Raises `InputError`."""
    found = unicodedata.normalize("NFC", text).strip()
    if not NAME.fullmatch(found):
        raise InputError(
            f"{show(text)} is no name: 1 to 40 letters, digits, spaces, points and dashes make one"
        )
    return found


def fold(name: str) -> str:
    """A name as it is compared: Anna and anna are one. What is no Unicode has one, too."""
    whole = name.encode(errors="replace").decode()
    return unicodedata.normalize("NFC", whole).strip().casefold()


def list_accounts(file: AccessFile) -> list[Account]:
    """All of people, by name. Raises `AccessError`."""
    sql = "SELECT name, shown, role, at FROM account WHERE name <> ? ORDER BY name"
    with file.read() as db:
        rows = db.execute(sql, (SETUP,)).fetchall()
    return [decode(row) for row in rows]


def decode(row: sqlite3.Row) -> Account:
    role = GIVEN_ROLES.get(row["role"], Role.NOBODY)
    return Account(row["name"], row["shown"], role, row["at"])


def find_password(file: AccessFile, name: str) -> str | None:
    """The stored hash; None where there is no such account. Raises `AccessError`."""
    with file.read() as db:
        row = db.execute("SELECT password FROM account WHERE name = ?", (fold(name),)).fetchone()
    return row and (str(row["password"]) or None)


def require_account(file: AccessFile, name: str) -> None:
    """Raises `InputError` where there is none of that name, `AccessError`."""
    require_found(int(find_password(file, name) is not None), name)


def clean_account_name(text: str) -> str:
    """The name of a new account as it is shown. Raises `InputError`."""
    found = clean_name(text)
    if fold(found).startswith(TAKEN) or fold(found) == SETUP:
        raise InputError(
            f"{show(found)} would be taken for the PIN, a script's token or the set-up code"
        )
    return found


def add_account(file: AccessFile, name: str, role: Role, password: str) -> None:
    """`password`: hashed. Raises `InputError` where there is one, `AccessError`."""
    shown = clean_account_name(name)
    with file.write() as db:
        if db.execute("SELECT 1 FROM account WHERE name = ?", (fold(shown),)).fetchone():
            raise InputError(
                f"there is an account {show(shown)} already: `unitctl access account password` "
                "changes its password"
            )
        if db.execute("SELECT count(*) FROM account").fetchone()[0] >= MOST_ACCOUNTS:
            raise InputError(f"there are {MOST_ACCOUNTS} accounts already: remove one first")
        at = encode_time(file.clock.stamp().utc)
        values = (fold(shown), shown, role.word, password, at)
        db.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?)", values)
        if role is Role.TECHNICIAN:
            end_setup_code(db)


def change_password(file: AccessFile, name: str, password: str) -> None:
    """Raises `InputError` where there is no such account, `AccessError`."""
    with file.write() as db:
        at = encode_time(file.clock.stamp().utc)
        sql = "UPDATE account SET password = ?, at = ? WHERE name = ?"
        require_found(db.execute(sql, (password, at, fold(name))).rowcount, name)
        end_sessions(db, name)


def remove_account(file: AccessFile, name: str) -> None:
    """Raises `InputError` where there is no such account, `AccessError`."""
    with file.write() as db:
        deleted = db.execute("DELETE FROM account WHERE name = ?", (fold(name),))
        require_found(deleted.rowcount, name)
        end_sessions(db, name)


def end_setup_code(db: sqlite3.Connection) -> None:
    """Nobody logs in with it any more; who is setting the unit up stays logged in."""
    db.execute("UPDATE account SET password = '' WHERE name = ?", (SETUP,))


def require_found(count: int, name: str) -> None:
    if not count:
        raise InputError(
            f"there is no account {show(name)}: `unitctl access account list` shows them"
        )


def end_sessions(db: sqlite3.Connection, name: str) -> None:
    """Log somebody out everywhere, and let him try again at once."""
    db.execute("DELETE FROM session WHERE account = ?", (fold(name),))
    keys = (f"account {fold(name)}", f"touchscreen {fold(name)}")
    db.execute("DELETE FROM attempt WHERE key IN (?, ?)", keys)


def find_pin(file: AccessFile) -> str | None:
    """The stored hash; None where none is set. Raises `AccessError`."""
    with file.read() as db:
        row = db.execute("SELECT pin FROM pin").fetchone()
    return row and str(row["pin"])


def set_pin(file: AccessFile, pin: str | None) -> None:
    """`pin`: hashed; None: there is none any more. Raises `AccessError`."""
    with file.write() as db:
        db.execute("DELETE FROM pin")
        if pin is not None:
            at = encode_time(file.clock.stamp().utc)
            db.execute("INSERT INTO pin VALUES (1, ?, ?)", (pin, at))
            end_setup_code(db)
        db.execute("DELETE FROM session WHERE account IS NULL")
        db.execute("DELETE FROM attempt WHERE key = 'pin'")
