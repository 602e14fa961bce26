"""What was refused, for the operator: one row for each unit and reason.

Reads and writes: the table `refusal`.
Never: lets a stranger fill the disk: only so many rows are kept.
"""

from datetime import datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update

from ota.fleet.database.tables import refusal as refusal_table
from ota.fleet.errors import RefusalError

MOST_ROWS = 2000
LONGEST_ADDRESS = 64
NOBODY = "?"  # where the sender names no unit


def note_refusal(
    engine: Engine, error: RefusalError, unit_name: str, address: str, now: datetime
) -> None:
    """Raises `sqlalchemy.exc.SQLAlchemyError`."""
    name = unit_name or NOBODY
    news = {"text": str(error), "address": address[:LONGEST_ADDRESS], "last_at": now}
    count = refusal_table.c.count + 1
    own = (refusal_table.c.unit_name == name, refusal_table.c.reason_code == error.reason_code)
    with engine.begin() as connection:
        if connection.execute(
            update(refusal_table).where(*own).values(count=count, **news)
        ).rowcount:
            return
        first = {"unit_name": name, "reason_code": error.reason_code, "first_at": now, "count": 1}
        connection.execute(insert(refusal_table).values(**first, **news))
        forget_old(connection)


def forget_old(connection: Connection) -> None:
    newest_first = select(refusal_table.c.id).order_by(refusal_table.c.last_at.desc())
    old = newest_first.offset(MOST_ROWS).limit(MOST_ROWS).scalar_subquery()
    connection.execute(delete(refusal_table).where(refusal_table.c.id.in_(old)))
