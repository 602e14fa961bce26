"""Takes a unit's report: proved, in its order, stored in one transaction.

    receipt = take_report(engine, Envelope(data, signature, certificate_name, address), now)

Reads: the unit's row. Writes: it, its faults, the hashes of its last reports; what was refused.
Never: stores anything of a report that is not signed by the unit that it names.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from ota.fleet.database.tables import fault as fault_table
from ota.fleet.database.tables import report as report_table
from ota.fleet.database.tables import unit as unit_table
from ota.fleet.errors import RefusalError
from ota.fleet.reports.chain import Chain, Claimed, Link, judge
from ota.fleet.reports.report import Fault, Report, parse_report
from ota.fleet.reports.signature import require_signature

KEPT_HASHES = 50
LONGEST_SLEEP = timedelta(days=200)
SAME_NAMES = (
    *("running_release", "step", "release", "reason", "waits_for", "level"),
    *("charge_pct", "autonomy_days", "sun_week_kwh", "latitude_deg", "longitude_deg"),
)
TRUSTED_NEXT = "next"  # `report_sha256` where the operator has accepted whatever comes next


@dataclass(frozen=True, slots=True)
class Envelope:
    """What came: the report's bytes, its signature (base64), the serial in the client certificate
    that the proxy has checked ("" without one).
    """

    data: bytes
    signature: str
    certificate_serial: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`sha256`: of the report that is the newest now; the next one follows it."""

    sha256: str
    is_repeated: bool


def take_report(engine: Engine, envelope: Envelope, now: datetime) -> Receipt:
    """Raises `RefusalError`; `sqlalchemy.exc.SQLAlchemyError` where the database fails."""
    report = parse_report(envelope.data)
    sha256 = hashlib.sha256(envelope.data).hexdigest()
    with engine.begin() as connection:
        row = find_unit(connection, report)
        require_signature(
            row.public_key, envelope.data, header=envelope.signature, what="the report"
        )
        require_own(row, report, envelope.certificate_serial)
        claimed = Claimed(sha256, report.number, report.follows, report.at)
        link = judge(read_chain(connection, row), claimed)
        if link is Link.NEXT:
            store(connection, row.id, report, envelope.data.decode(), sha256, now)
        elif link is Link.FORKED:
            connection.execute(
                update(unit_table)
                .where(unit_table.c.id == row.id)
                .values(doubt=tell_fork(report, now))
            )
    refuse_wrong_order(link, report)
    return Receipt(sha256, link is Link.REPEATED)


def find_unit(connection: Connection, report: Report) -> Row[Any]:
    """The row of the key that the report names; locked until the end of the transaction."""
    query = select(unit_table).where(unit_table.c.key_sha256 == report.key_sha256)
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is not None:
        return row
    is_known = connection.execute(
        select(unit_table.c.id).where(unit_table.c.name == report.unit)
    ).first()
    if is_known:
        raise RefusalError(
            f"the key of this report is not that of {report.unit} in this fleet: give the unit its "
            "key back, or have a new claim token made for it",
            "key-unknown",
            403,
        )
    raise RefusalError(
        f"{report.unit} is not in this fleet: enter it with a claim token (`unitctl fleet claim`)",
        "unit-unknown",
        403,
    )


def require_own(row: Row[Any], report: Report, certificate_serial: str) -> None:
    """The report is of the unit whose key signed it, over the connection of that unit."""
    if row.revoked_at is not None:
        raise RefusalError(
            f"{row.name} was taken out of the fleet ({row.revoked_reason}): it may come back with "
            "a new claim token",
            "unit-revoked",
            403,
        )
    if report.unit != row.name:
        raise RefusalError(
            f"this key is that of {row.name}, the report is about {report.unit}: set [unit] name "
            f"to {row.name}, or have a claim token made for the new name",
            "other-unit",
            403,
        )
    if certificate_serial and certificate_serial != row.serial:
        raise RefusalError(
            f"the client certificate is that of the box {certificate_serial}, the report that of "
            f"{row.name} ({row.serial}): give the unit its own certificate",
            "wrong-certificate",
            403,
        )


def read_chain(connection: Connection, row: Row[Any]) -> Chain:
    kept = connection.execute(
        select(report_table.c.sha256, report_table.c.reported_at)
        .where(report_table.c.unit_id == row.id)
        .order_by(report_table.c.id)
    ).all()
    trusted = row.report_sha256 == TRUSTED_NEXT
    return Chain(
        newest=row.report_sha256,
        number=row.report_number,
        known=frozenset(one.sha256 for one in kept),
        oldest_at=min((one.reported_at for one in kept), default=None),
        trusted=trusted,
    )


def store(
    connection: Connection, unit_id: int, report: Report, text: str, sha256: str, now: datetime
) -> None:
    own = unit_table.c.id == unit_id
    told = tell_columns(report)
    expected_at = find_expected(report, now)
    came = {"received_at": now, "report_sha256": sha256, "report": text, "expected_at": expected_at}
    connection.execute(update(unit_table).where(own).values(**told, **came))
    store_faults(connection, unit_id, report.faults)
    connection.execute(
        insert(report_table).values(unit_id=unit_id, sha256=sha256, reported_at=report.at)
    )
    forget_old(connection, unit_id)


def tell_columns(report: Report) -> dict[str, Any]:
    """The columns of `unit` that a report fills; most have the report's own names."""
    same = {name: getattr(report, name) for name in SAME_NAMES}
    return {
        **same,
        "fleet_group": report.group,
        "report_number": report.number,
        "reported_at": report.at,
        "failed_releases": json.dumps(report.failed_releases),
        "fault_count": len(report.faults),
    }


def find_expected(report: Report, now: datetime) -> datetime | None:
    """When the unit will be back, by our clock where its own is not certain; at most a winter
    ahead, since a unit that sleeps for years is lost.
    """
    if report.expected_at is None:
        return None
    error = timedelta() if report.clock_confirmed else now - report.at
    return min(report.expected_at + error, now + LONGEST_SLEEP)


def store_faults(connection: Connection, unit_id: int, faults: tuple[Fault, ...]) -> None:
    """Those of the newest report alone."""
    connection.execute(delete(fault_table).where(fault_table.c.unit_id == unit_id))
    rows = [{"unit_id": unit_id, **asdict(one)} for one in faults]
    if rows:
        connection.execute(insert(fault_table), rows)


def forget_old(connection: Connection, unit_id: int) -> None:
    own = report_table.c.unit_id == unit_id
    oldest_kept = (
        select(report_table.c.id)
        .where(own)
        .order_by(report_table.c.id.desc())
        .limit(1)
        .offset(KEPT_HASHES - 1)
        .scalar_subquery()
    )
    connection.execute(delete(report_table).where(own, report_table.c.id < oldest_kept))


def tell_fork(report: Report, now: datetime) -> str:
    return (
        f"two boxes have this identity, or one was put back from a backup: at "
        f"{now:%Y-%m-%d %H:%MZ} a report came that does not follow the newest one (made at "
        f"{report.at:%Y-%m-%d %H:%MZ})"
    )


def refuse_wrong_order(link: Link, report: Report) -> None:
    if link is Link.REPLAYED:
        raise RefusalError(
            f"a report of {report.unit} of {report.at:%Y-%m-%d %H:%MZ} came a second time: "
            "somebody sends old reports again, or the unit's clock went back; nothing was stored",
            "replayed",
            409,
        )
    if link is Link.FORKED:
        raise RefusalError(
            f"the report does not follow the newest one of {report.unit}: two boxes have this "
            "identity, or one was put back from a backup. Take the second one out of service, then "
            f"`fleet units accept {report.unit}`",
            "cloned",
            409,
        )
