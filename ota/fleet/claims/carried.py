"""Answers a request that a person carries: the unit enters without a link of its own.

    request = read_request(content)
    content = answer_request(engine, authority, request, Wanted(...), now)

The same request may be answered again, as the answer may be lost: the unit gets the same place.

Reads and writes: the tables `claim`, `unit`, `certificate`, through tokens.py and entering.py.
Never: answers a request that the key in it has not signed.
"""

import base64
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, select

from appliance import strict_json
from appliance.strict_json import InputError
from ota.fleet.claims.authority import Authority
from ota.fleet.claims.entering import LONGEST, ClaimRequest, enter
from ota.fleet.claims.tokens import Wanted, make_token
from ota.fleet.database.tables import unit as unit_table
from ota.fleet.errors import FleetError
from ota.fleet.reports.signature import (
    LONGEST_KEY,
    find_key_sha256,
    parse_public_key,
    require_signature,
)
from ota.reporting.carried import ANSWER, FORMAT, LONGEST_NUMBER, REQUEST, pack, unpack

LIFE = timedelta(minutes=5)  # of the token that never leaves this program


@dataclass(frozen=True, slots=True)
class CarriedRequest:
    """`number`: by which the unit knows the answer; `serial`: of the box."""

    number: str
    serial: str
    public_key: str


def read_request(content: bytes) -> CarriedRequest:
    """Raises `FleetError`, `RefusalError`."""
    try:
        tree, data, signature = unpack(content, REQUEST)
        request = CarriedRequest(
            strict_json.require_text(tree["number"], "number", LONGEST_NUMBER),
            strict_json.require_text(tree["serial"], "serial", LONGEST),
            strict_json.require_text(tree["public_key"], "public_key", LONGEST_KEY),
        )
    except (InputError, KeyError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise FleetError(
            f"this is no request of a unit, or it was cut: {what}; copy the file again; `unitctl "
            "fleet claim --offline FILE` writes it on the unit"
        ) from error
    header = base64.b64encode(signature).decode()
    require_signature(request.public_key, data, header=header, what="the request")
    return request


def answer_request(
    engine: Engine, authority: Authority, request: CarriedRequest, wanted: Wanted, now: datetime
) -> bytes:
    """The file to carry back. Raises `FleetError`, `RefusalError`."""
    if is_there(engine, request, wanted.name):
        wanted = replace(wanted, replaces=True)
    token = make_token(engine, wanted, now, LIFE)
    claim = ClaimRequest(token, request.serial, request.public_key)
    entry = enter(engine, authority, claim, now)
    tree = {
        "format": FORMAT,
        "kind": ANSWER,
        "number": request.number,
        "serial": request.serial,
        "unit": entry.name,
        "group": entry.group,
        "certificate": entry.certificate,
        "authority": entry.authority,
    }
    return pack(tree, lambda data: authority.key.sign(data, ec.ECDSA(hashes.SHA256())))


def is_there(engine: Engine, request: CarriedRequest, name: str) -> bool:
    """Whether the unit of that name has this key already: nobody is replaced by it. Raises
    `RefusalError`.
    """
    sha256 = find_key_sha256(parse_public_key(request.public_key))
    own = (unit_table.c.name == name, unit_table.c.key_sha256 == sha256)
    with engine.connect() as connection:
        query = select(unit_table.c.id).where(*own, unit_table.c.revoked_at.is_(None))
        return connection.execute(query).first() is not None
