"""Claim tokens: each lets the one box with that serial into the fleet, once, until it expires.

    token = make_token(engine, Wanted("field-7", "all", serial="a41f0c53d2be4c1f"), now)

Reads and writes: the table `claim`, which has only the hash of a token.
Never: shows a token twice.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from ota.fleet.database.tables import claim as claim_table
from ota.fleet.database.tables import unit as unit_table
from ota.fleet.errors import FleetError

MARK = "nec1-"  # what a token looks like, for people and for those who search for leaked ones
TOKEN_BYTES = 20
LIFE = timedelta(days=7)
KEPT = timedelta(days=90)  # what is over


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which unit it is to be. `serial`: of the box (`unitctl fleet serial`). `replaces`: the name
    is that of a unit which is there already, whose box or key was exchanged.
    """

    name: str
    group: str
    serial: str
    replaces: bool = False


def make_token(engine: Engine, wanted: Wanted, now: datetime, life: timedelta = LIFE) -> str:
    """A new token, shown once. Raises `FleetError` where the name is taken."""
    token = f"{MARK}{secrets.token_urlsafe(TOKEN_BYTES)}"
    with engine.begin() as connection:
        taken = connection.execute(
            select(unit_table.c.serial).where(
                unit_table.c.name == wanted.name, unit_table.c.revoked_at.is_(None)
            )
        ).first()
        if taken and not wanted.replaces:
            raise FleetError(
                f"{wanted.name} is in the fleet already (serial {taken.serial}); give another name,"
                " or --replace where its box or key was exchanged"
            )
        connection.execute(delete(claim_table).where(claim_table.c.expires_at < now - KEPT))
        connection.execute(
            insert(claim_table).values(
                token_sha256=hash_token(token),
                serial=wanted.serial,
                unit_name=wanted.name,
                fleet_group=wanted.group,
                made_at=now,
                expires_at=now + life,
                replaces=wanted.replaces,
            )
        )
    return token


def call_back(engine: Engine, name: str, now: datetime) -> int:
    """All tokens made for a name open nothing any more; how many were still open."""
    is_open = (
        claim_table.c.unit_name == name,
        claim_table.c.used_at.is_(None),
        claim_table.c.expires_at > now,
    )
    with engine.begin() as connection:
        count = connection.execute(
            select(func.count()).select_from(claim_table).where(*is_open)
        ).scalar_one()
        void_tokens(connection, name)
    return count


def void_tokens(connection: Connection, name: str) -> None:
    """Those of one unit, used or not. They expire as they were made, so that no clock that is set
    back opens them again.
    """
    own = claim_table.c.unit_name == name
    connection.execute(update(claim_table).where(own).values(expires_at=claim_table.c.made_at))


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
