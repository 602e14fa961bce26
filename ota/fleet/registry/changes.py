"""What the operator changes of units: take one out, accept one that was doubted, add one by hand.

Reads and writes: the tables `unit`, `certificate` and `claim`.
Never: deletes a unit: who was in the fleet stays known.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from ota.fleet.claims.entering import revoke_certificates
from ota.fleet.claims.tokens import void_tokens
from ota.fleet.database.tables import unit
from ota.fleet.errors import FleetError
from ota.fleet.reports.intake import TRUSTED_NEXT
from ota.fleet.reports.signature import find_key_sha256, parse_public_key


@dataclass(frozen=True, slots=True)
class NewUnit:
    """`public_key`: PEM, as unit-key.pub.pem of the unit has it."""

    name: str
    group: str
    serial: str
    public_key: str


def revoke_unit(engine: Engine, name: str, reason: str, now: datetime) -> None:
    """Its reports are refused from now on; its certificates, and tokens made for it, are void.
    Raises `FleetError`.
    """
    with engine.begin() as connection:
        void_tokens(connection, name)  # tokens before units, as one who enters: no deadlock
        row = find(connection, name)
        if row.revoked_at is not None:
            raise FleetError(f"{name} was taken out already: {row.revoked_reason}")
        revoke_certificates(connection, row.id, now)
        connection.execute(
            update(unit)
            .where(unit.c.id == row.id)
            .values(revoked_at=now, revoked_reason=reason, doubt="")
        )


def accept_unit(engine: Engine, name: str) -> None:
    """Whatever it reports next is taken as the newest. Raises `FleetError`."""
    with engine.begin() as connection:
        row = find(connection, name)
        if not row.doubt:
            raise FleetError(f"nothing stands against {name}: there is nothing to accept")
        connection.execute(
            update(unit).where(unit.c.id == row.id).values(doubt="", report_sha256=TRUSTED_NEXT)
        )


def add_unit(engine: Engine, new: NewUnit, now: datetime) -> None:
    """A unit whose key was carried here by a person. Raises `FleetError`."""
    key_sha256 = find_key_sha256(parse_public_key(new.public_key))
    with engine.begin() as connection:
        query = select(unit.c.name).where(
            (unit.c.name == new.name) | (unit.c.key_sha256 == key_sha256)
        )
        there = connection.execute(query).scalar()
        if there is not None:
            raise FleetError(f"{there} has this name or this key already: nothing was added")
        connection.execute(
            insert(unit).values(
                name=new.name,
                fleet_group=new.group,
                serial=new.serial,
                key_sha256=key_sha256,
                public_key=new.public_key,
                entered_at=now,
            )
        )


def find(connection: Connection, name: str) -> Row[Any]:
    row = connection.execute(
        select(unit).where(unit.c.name == name).with_for_update()
    ).one_or_none()
    if row is None:
        raise FleetError(f"there is no unit {name} in this fleet; `fleet units` lists them")
    return row
