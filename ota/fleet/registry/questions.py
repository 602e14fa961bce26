"""Questions to the fleet's rows: counts, a page of a list, places on the map, one unit whole.

    with reading(engine) as connection:
        list_units(connection, Question(state="silent"), now)

Reads: the fleet's database. Writes: nothing.
Never: reads all columns of all units: a page of the list is small, whatever the fleet's size.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select

from ota.fleet.database.tables import fault, refusal, rollout, unit
from ota.fleet.registry.states import find_state

MOST_UNITS, USUAL_UNITS = 500, 100
MOST_COUNTED = 50
MOST_REFUSALS = 200
ESCAPE = "\\"
Json = dict[str, Any]

LISTED = (
    unit.c.name,
    unit.c.fleet_group,
    unit.c.serial,
    unit.c.received_at,
    unit.c.reported_at,
    unit.c.expected_at,
    unit.c.running_release,
    unit.c.step,
    unit.c.release,
    unit.c.reason,
    unit.c.waits_for,
    unit.c.level,
    unit.c.charge_pct,
    unit.c.autonomy_days,
    unit.c.sun_week_kwh,
    unit.c.fault_count,
)
SORTED_BY = {
    "name": unit.c.name,
    "group": unit.c.fleet_group,
    "received_at": unit.c.received_at,
    "expected_at": unit.c.expected_at,
    "running_release": unit.c.running_release,
    "waits_for": unit.c.waits_for,
    "charge_pct": unit.c.charge_pct,
    "autonomy_days": unit.c.autonomy_days,
    "sun_week_kwh": unit.c.sun_week_kwh,
    "fault_count": unit.c.fault_count,
}


@dataclass(frozen=True, slots=True)
class Question:
    """Which units: "" and None ask for any. `text`: a part of the name or serial. `fault`: a code.

    `sort`: a key of `SORTED_BY`; units that do not tell the value come last.
    """

    state: str = ""
    group: str = ""
    release: str = ""
    waits_for: str = ""
    fault: str = ""
    text: str = ""
    sort: str = "name"
    descending: bool = False
    limit: int = USUAL_UNITS
    offset: int = 0


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that holds up no writer."""
    with engine.connect().execution_options(reads_only=True) as connection:
        yield connection


def list_units(connection: Connection, question: Question, now: datetime) -> Json:
    """`units`, and how many there are in all (`total`)."""
    state = find_state(now).label("state")
    column = SORTED_BY[question.sort]
    order = column.desc() if question.descending else column.asc()
    found = connection.execute(
        narrow(select(*LISTED, state), question, now)
        .order_by(column.is_(None), order, unit.c.name)
        .limit(min(question.limit, MOST_UNITS))
        .offset(question.offset)
    )
    total = connection.execute(
        narrow(select(func.count()).select_from(unit), question, now)
    ).scalar_one()
    return {"units": [describe(row) for row in found.mappings()], "total": total}


def narrow(query: Select[Any], question: Question, now: datetime) -> Select[Any]:
    """The query, of those units only that the question is about."""
    for column, value in (
        (unit.c.fleet_group, question.group),
        (unit.c.running_release, question.release),
        (unit.c.waits_for, question.waits_for),
    ):
        if value:
            query = query.where(column == value)
    if question.state:
        query = query.where(find_state(now) == question.state)
    if question.fault:
        query = query.where(
            unit.c.id.in_(select(fault.c.unit_id).where(fault.c.code == question.fault))
        )
    if question.text:
        part = f"%{escape(question.text)}%"
        query = query.where(
            unit.c.name.ilike(part, escape=ESCAPE) | unit.c.serial.ilike(part, escape=ESCAPE)
        )
    return query


def escape(text: str) -> str:
    for mark in (ESCAPE, "%", "_"):
        text = text.replace(mark, ESCAPE + mark)
    return text


def count_fleet(connection: Connection, now: datetime) -> Json:
    """How many units in each state, with each release, waiting for what, with which fault."""
    states = select(find_state(now).label("state")).subquery()
    there = unit.c.revoked_at.is_(None)
    return {
        "at": now.isoformat(),
        "units": connection.execute(select(func.count()).where(there)).scalar_one(),
        "states": count(connection, count_by(states.c.state)),
        "releases": count(connection, count_by(unit.c.running_release).where(there)),
        "waits_for": count(
            connection, count_by(unit.c.waits_for).where(there, unit.c.waits_for != "")
        ),
        "groups": count(connection, count_by(unit.c.fleet_group).where(there)),
        "faults": count(
            connection,
            select(fault.c.code, func.count(func.distinct(fault.c.unit_id)))
            .join(unit)
            .where(there)
            .group_by(fault.c.code),
        ),
        "energy": describe_energy(connection),
    }


def count_by(column: Any) -> Select[Any]:
    return select(column, func.count()).group_by(column)


def count(connection: Connection, query: Select[*tuple[Any, ...]]) -> dict[str, int]:
    """The most frequent ones, most first."""
    rows = connection.execute(query).all()
    frequent = sorted(rows, key=lambda row: (-row[1], row[0]))[:MOST_COUNTED]
    return {str(row[0]): int(row[1]) for row in frequent}


def describe_energy(connection: Connection) -> Json:
    """Over units that tell it: mean charge, least autonomy, the sun of the week in all."""
    row = connection.execute(
        select(
            func.avg(unit.c.charge_pct),
            func.min(unit.c.autonomy_days),
            func.sum(unit.c.sun_week_kwh),
        ).where(unit.c.revoked_at.is_(None))
    ).one()
    names = ("mean_charge_pct", "least_autonomy_days", "sun_week_kwh")
    return {
        name: None if value is None else round(float(value), 1)
        for name, value in zip(names, row, strict=True)
    }


def list_places(connection: Connection, question: Question, now: datetime) -> list[list[Any]]:
    """Name, latitude, longitude (degrees) and state of each unit that tells where it is, of those
    that the question is about; its page of a list does not count.
    """
    found = select(unit.c.name, unit.c.latitude_deg, unit.c.longitude_deg, find_state(now)).where(
        unit.c.latitude_deg.is_not(None), unit.c.longitude_deg.is_not(None)
    )
    rows = connection.execute(narrow(found, question, now).order_by(unit.c.name))
    return [list(row) for row in rows]


def list_rollouts(connection: Connection) -> list[Json]:
    """As the worker has last seen them, the newest first."""
    rows = connection.execute(select(rollout).order_by(rollout.c.at.desc(), rollout.c.name))
    return [
        {
            **describe(row),
            "definition": json.loads(row["definition"]),
            "counts": json.loads(row["counts"]),
        }
        for row in rows.mappings()
    ]


def read_unit(connection: Connection, name: str, now: datetime) -> Json | None:
    """All that is known of one unit; None where there is none of that name."""
    rows = connection.execute(
        select(*unit.c, find_state(now).label("state")).where(unit.c.name == name)
    )
    row = rows.mappings().one_or_none()
    if row is None:
        return None
    found = describe(row)
    report = found.pop("report")
    faults = select(fault.c.code, fault.c.source, fault.c.text, fault.c.since)
    faults = faults.where(fault.c.unit_id == row["id"]).order_by(fault.c.since)
    return {
        **found,
        "failed_releases": json.loads(row["failed_releases"]),
        "faults": [describe(one) for one in connection.execute(faults).mappings()],
        "refusals": list_refusals(connection, name),
        "report": json.loads(report) if report else None,
    }


def list_refusals(connection: Connection, name: str = "") -> list[Json]:
    """What was refused, newest first; of all units, or of one."""
    query = select(refusal).order_by(refusal.c.last_at.desc()).limit(MOST_REFUSALS)
    if name:
        query = query.where(refusal.c.unit_name == name)
    return [describe(row) for row in connection.execute(query).mappings()]


def describe(row: Any) -> Json:
    """A row as JSON has it: times as text in UTC."""
    return {
        "group" if name == "fleet_group" else name: format_value(value)
        for name, value in row.items()
        if name not in ("id", "unit_id", "public_key")
    }


def format_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value
