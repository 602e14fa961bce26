"""Tokens of scripts: shown once when they are made, stored as hashes.

Reads and writes: `token`.
Never: tells a token again.
"""

from dataclasses import dataclass

from appliance.access.accounts import clean_name, fold
from appliance.access.database import AccessFile
from appliance.access.passwords import digest, make_token
from appliance.access.roles import GIVEN_ROLES, Origin, Person, Role
from appliance.store.rows import encode_time
from appliance.strict_json import InputError, show

MOST_TOKENS = 100
LONGEST = 200  # characters of what is given as one
PREFIX = "token "  # before its name, where a person is named


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of one after it was made."""

    name: str
    role: Role
    at: str


def add_token(file: AccessFile, name: str, role: Role) -> str:
    """The new token. Raises `InputError` where there is one of that name, `AccessError`."""
    name, token = fold(clean_name(name)), make_token()
    with file.write() as db:
        if db.execute("SELECT 1 FROM token WHERE name = ?", (name,)).fetchone():
            raise InputError(f"there is a token {show(name)} already: remove it first")
        if db.execute("SELECT count(*) FROM token").fetchone()[0] >= MOST_TOKENS:
            raise InputError(f"there are {MOST_TOKENS} tokens already: remove one first")
        at = encode_time(file.clock.stamp().utc)
        db.execute("INSERT INTO token VALUES (?, ?, ?, ?)", (name, digest(token), role.word, at))
    return token


def list_tokens(file: AccessFile) -> list[Token]:
    """All, by name. Raises `AccessError`."""
    with file.read() as db:
        rows = db.execute("SELECT name, role, at FROM token ORDER BY name").fetchall()
    return [
        Token(row["name"], GIVEN_ROLES.get(row["role"], Role.NOBODY), row["at"]) for row in rows
    ]


def remove_token(file: AccessFile, name: str) -> None:
    """Raises `InputError` where there is none, `AccessError`."""
    with file.write() as db:
        if not db.execute("DELETE FROM token WHERE name = ?", (fold(name),)).rowcount:
            raise InputError(f"there is no token {show(name)}: `unitctl access token list`")


def find_bearer(file: AccessFile, token: str, origin: Origin) -> Person | None:
    """Whose token that is; None: it is none. Raises `AccessError`."""
    if len(token) > LONGEST:
        return None
    with file.read() as db:
        sql = "SELECT name, role FROM token WHERE token_hash = ?"
        row = db.execute(sql, (digest(token),)).fetchone()
    if row is None:
        return None
    return Person(PREFIX + row["name"], GIVEN_ROLES.get(row["role"], Role.NOBODY), origin)
