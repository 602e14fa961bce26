"""Who may read and write which topic at the broker, and which certificates are void.

    text = format_access(list_readers(connection))

Reads: the tables `unit` and `certificate`. Writes: nothing.
Never: lets a unit write, or read what is not for it or its group.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ota.fleet.database.tables import certificate, unit
from ota.push.hint import find_group_topic, find_unit_topic

PUBLISHER = "fleet.server"  # no serial of a box has a dot
HEAD = "# Made by `fleet broker`; changes are overwritten. A name is that of the certificate.\n"


@dataclass(frozen=True, slots=True)
class Reader:
    """A unit of the fleet. `serial`: of its box, the common name of its certificate."""

    serial: str
    group: str


def list_readers(connection: Connection) -> list[Reader]:
    """The units that were not taken out."""
    query = select(unit.c.serial, unit.c.fleet_group).where(unit.c.revoked_at.is_(None))
    rows = connection.execute(query.order_by(unit.c.serial, unit.c.fleet_group)).all()
    return [Reader(row.serial, row.fleet_group) for row in rows]


def list_void(connection: Connection) -> list[int]:
    """The numbers of certificates that were revoked."""
    query = select(certificate.c.number).where(certificate.c.revoked_at.is_not(None))
    return sorted(int(number, 16) for number in connection.execute(query).scalars())


def format_access(readers: Iterable[Reader]) -> str:
    """An access file of mosquitto. A name that would not stand in one line of it gets nothing."""
    parts = [HEAD, f"user {PUBLISHER}\ntopic write fleet/#\n"]
    for one in readers:
        if is_plain(one.serial):
            topics = (find_unit_topic(one.serial), find_group_topic(one.group))
            lines = "".join(f"topic read {topic}\n" for topic in topics)
            parts.append(f"user {one.serial}\n{lines}")
    return "\n".join(parts)


def is_plain(serial: str) -> bool:
    """Whether it is a serial as `fleet claim` takes it."""
    return bool(serial) and all(c.isalnum() or c in "-_" for c in serial)
