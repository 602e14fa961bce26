"""A unit enters the fleet with its token: it proves its key, gets its name and a certificate.

    entry = enter(engine, authority, request, now)

The same unit may ask again with the same token (its answer may have been lost): it gets the same
place, as long as it has it. Another key, another box, or a unit that was taken out since: never.

Reads and writes: the tables `claim`, `unit`, `certificate`.
Never: lets a token in twice, or for the box with another serial.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from appliance import strict_json
from appliance.strict_json import InputError
from ota.fleet.claims.authority import Authority, format_certificate
from ota.fleet.claims.tokens import hash_token
from ota.fleet.database.tables import certificate as certificate_table
from ota.fleet.database.tables import claim as claim_table
from ota.fleet.database.tables import fault as fault_table
from ota.fleet.database.tables import unit as unit_table
from ota.fleet.errors import RefusalError
from ota.fleet.reports.signature import (
    LONGEST_KEY,
    find_key_sha256,
    parse_public_key,
    require_signature,
)

MOST_BYTES = 8192
FORMAT = 1
LONGEST = 80
# The columns of a unit that has not reported yet: what the box before it told is not its own.
NOTHING_TOLD: Mapping[str, Any] = {
    **dict.fromkeys(("reported_at", "received_at", "report_sha256", "report", "expected_at")),
    **dict.fromkeys(("level", "charge_pct", "autonomy_days", "sun_week_kwh")),
    **dict.fromkeys(("latitude_deg", "longitude_deg")),
    **dict.fromkeys(("running_release", "step", "release", "reason", "waits_for", "doubt"), ""),
    **dict.fromkeys(("report_number", "fault_count"), 0),
    "failed_releases": "[]",
}


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """`serial`: of the box; `public_key`: of the unit, PEM."""

    token: str
    serial: str
    public_key: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What the unit is in the fleet. `certificate`, `authority`: PEM."""

    name: str
    group: str
    certificate: str
    authority: str


def parse_claim(data: bytes, signature: str) -> ClaimRequest:
    """What a unit sends, signed by the key that is in it. Raises `RefusalError`."""
    try:
        request = build_claim(strict_json.parse_object(data, most_bytes=MOST_BYTES))
    except (InputError, KeyError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise RefusalError(
            f"this is no claim of a unit: {what}; use `unitctl fleet claim` on the unit",
            "claim-invalid",
            400,
        ) from error
    require_signature(request.public_key, data, header=signature, what="the claim")
    return request


def build_claim(tree: Mapping[str, Any]) -> ClaimRequest:
    strict_json.require_whole_number(tree["format"], "format", FORMAT, FORMAT)
    return ClaimRequest(
        token=strict_json.require_text(tree["token"], "token", LONGEST),
        serial=strict_json.require_text(tree["serial"], "serial", LONGEST),
        public_key=strict_json.require_text(tree["public_key"], "public_key", LONGEST_KEY),
    )


def enter(engine: Engine, authority: Authority, request: ClaimRequest, now: datetime) -> Entry:
    """Raises `RefusalError`."""
    key_sha256 = find_key_sha256(parse_public_key(request.public_key))
    with engine.begin() as connection:
        claim = find_claim(connection, request.token)
        require_usable(claim, request, key_sha256, now)
        unit_id = find_place(connection, claim, request, key_sha256, now)
        certificate = authority.issue(claim.serial, parse_public_key(request.public_key), now)
        note_certificate(connection, unit_id, certificate)
        connection.execute(
            update(claim_table)
            .where(claim_table.c.token_sha256 == claim.token_sha256)
            .values(used_at=claim.used_at or now, used_key_sha256=key_sha256)
        )
    return Entry(
        claim.unit_name,
        claim.fleet_group,
        format_certificate(certificate),
        format_certificate(authority.certificate),
    )


def find_claim(connection: Connection, token: str) -> Row[Any]:
    query = select(claim_table).where(claim_table.c.token_sha256 == hash_token(token))
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise RefusalError(
            "this token is not known here: look for a slip, or at the address of the fleet; a new "
            "one is made with `fleet claim`",
            "token-unknown",
            403,
        )
    return row


def require_usable(claim: Row[Any], request: ClaimRequest, key_sha256: str, now: datetime) -> None:
    if request.serial != claim.serial:
        raise RefusalError(
            f"this token is for the box with the serial {claim.serial}, not for {request.serial}: "
            "have one made for this box",
            "token-other-serial",
            403,
        )
    if claim.used_key_sha256 is not None and claim.used_key_sha256 != key_sha256:
        raise RefusalError(
            f"this token was used at {claim.used_at:%Y-%m-%d %H:%MZ} by another key: if that was "
            "not you, take the unit out of the fleet; have a new token made",
            "token-used",
            403,
        )
    if now >= claim.expires_at:
        raise RefusalError(
            f"this token has expired at {claim.expires_at:%Y-%m-%d %H:%MZ}: have a new one made",
            "token-expired",
            403,
        )


def find_place(
    connection: Connection, claim: Row[Any], request: ClaimRequest, key_sha256: str, now: datetime
) -> int:
    """The unit's row: its own from the first time, a new one, or one that it replaces."""
    query = select(unit_table).where(unit_table.c.name == claim.unit_name)
    there = connection.execute(query.with_for_update()).one_or_none()
    if there is not None and there.key_sha256 == key_sha256 and there.revoked_at is None:
        return int(there.id)
    refuse_lost_place(claim)
    refuse_known_key(connection, claim.unit_name, key_sha256)
    values = {"key_sha256": key_sha256, "public_key": request.public_key, "entered_at": now}
    if there is None:
        made = connection.execute(insert(unit_table).values(**make_place(claim), **values))
        key = made.inserted_primary_key
        return int(key[0]) if key else 0
    refuse_taken_name(there, claim)
    revoke_certificates(connection, there.id, now)
    connection.execute(delete(fault_table).where(fault_table.c.unit_id == there.id))
    own = unit_table.c.id == there.id
    connection.execute(update(unit_table).where(own).values(**make_place(claim), **values))
    return int(there.id)


def make_place(claim: Row[Any]) -> dict[str, Any]:
    """The columns of a unit that enters, or comes back: nothing stands against it."""
    return {
        "name": claim.unit_name,
        "fleet_group": claim.fleet_group,
        "serial": claim.serial,
        "revoked_at": None,
        "revoked_reason": None,
        **NOTHING_TOLD,
    }


def refuse_lost_place(claim: Row[Any]) -> None:
    """Whoever was taken out, or replaced, does not come back by the token of before."""
    if claim.used_at is not None:
        raise RefusalError(
            f"this token was used at {claim.used_at:%Y-%m-%d %H:%MZ}, and {claim.unit_name} was "
            "taken out of the fleet or replaced since: have a new token made",
            "token-used",
            403,
        )


def refuse_taken_name(there: Row[Any], claim: Row[Any]) -> None:
    if there.revoked_at is None and not claim.replaces:
        raise RefusalError(
            f"{claim.unit_name} is in the fleet already, with another key: have a token made with "
            "--replace where its box or key was exchanged",
            "name-taken",
            403,
        )


def refuse_known_key(connection: Connection, name: str, key_sha256: str) -> None:
    """One key is one unit: a box that was cloned before it entered has the key of another one."""
    query = select(unit_table.c.name).where(
        unit_table.c.key_sha256 == key_sha256, unit_table.c.name != name
    )
    other = connection.execute(query).scalar()
    if other is not None:
        raise RefusalError(
            f"the key of this box is already that of {other}: its disk was copied. Remove "
            "unit-key.pem and unit-key.pub.pem on this box, then claim again",
            "key-taken",
            403,
        )


def note_certificate(connection: Connection, unit_id: int, certificate: x509.Certificate) -> None:
    connection.execute(
        insert(certificate_table).values(
            number=f"{certificate.serial_number:x}",
            unit_id=unit_id,
            expires_at=certificate.not_valid_after_utc,
        )
    )


def revoke_certificates(connection: Connection, unit_id: int, now: datetime) -> None:
    own = certificate_table.c.unit_id == unit_id
    connection.execute(
        update(certificate_table)
        .where(own, certificate_table.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
