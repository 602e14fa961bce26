"""Enters the fleet with a one-time token: the unit shows its key, and gets its certificate.

    entry = claim(server, files, directory, token=token, serial=serial)

Reads: the unit's key. Writes: unit-certificate.pem and fleet-authority.pem in the update directory.
Never: sends the private key, or keeps the token.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from appliance import strict_json
from appliance.strict_json import InputError
from ota.errors import LinkError, TrustError, UpdateError
from ota.files import Files, replace
from ota.reporting.file_names import AUTHORITY, CERTIFICATE
from ota.reporting.server import FleetServer
from ota.reporting.unit_key import UnitKey, read_key

PATH = "api/v1/claims"
FORMAT = 1
LONGEST_NAME, LONGEST_PEM = 80, 8000


@dataclass(frozen=True, slots=True)
class Place:
    """What the unit is called in the fleet, and its group."""

    name: str
    group: str


def claim(server: FleetServer, files: Files, directory: Path, *, token: str, serial: str) -> Place:
    """Raises `RefusedError`, `LinkError`, `TrustError`, `UpdateError`, `OSError`."""
    key = read_key(files, directory)
    request = {
        "format": FORMAT,
        "token": token,
        "serial": serial,
        "public_key": key.format_public().decode(),
    }
    data = json.dumps(request).encode()
    signature = base64.b64encode(key.sign(data)).decode()
    answer = server.post(PATH, data, {"Claim-Signature": signature})
    try:
        return keep(files, directory, key, answer)
    except (InputError, KeyError) as error:
        raise LinkError(
            f"the answer of {server.address} is not that of a fleet's server ({error}): check "
            "[fleet] server",
            "fleet-link",
        ) from error


def keep(files: Files, directory: Path, key: UnitKey, answer: dict[str, Any]) -> Place:
    """Raises `InputError`, `KeyError`, `TrustError`, `OSError`."""
    place = Place(
        strict_json.require_text(answer["unit"], "unit", LONGEST_NAME),
        strict_json.require_text(answer["group"], "group", LONGEST_NAME),
    )
    certificate = strict_json.require_text(answer["certificate"], "certificate", LONGEST_PEM)
    authority = strict_json.require_text(answer["authority"], "authority", LONGEST_PEM)
    require_own(certificate, key)
    replace(files, directory / AUTHORITY, authority.encode())
    replace(files, directory / CERTIFICATE, certificate.encode())
    return place


def find_certificate(files: Files, directory: Path, now: datetime) -> Path | None:
    """The unit's certificate, as long as it holds. One that has expired or is damaged is not shown:
    the proxy would refuse the report, whose own signature is what counts.
    """
    path = directory / CERTIFICATE
    try:
        found = x509.load_pem_x509_certificate(files.read(path, most_bytes=LONGEST_PEM))
    except (OSError, ValueError, UpdateError):
        return None
    return path if now < found.not_valid_after_utc else None


def require_own(pem: str, key: UnitKey) -> None:
    """TLS would fail with another key's certificate, without saying why."""
    try:
        found = x509.load_pem_x509_certificate(pem.encode()).public_key()
    except ValueError as error:
        raise InputError(f"the certificate cannot be read ({error})") from error
    if found != key.public:
        raise TrustError(
            "the certificate that the fleet's server gave is not for this unit's key: nothing was "
            "kept; claim again, and tell whoever runs the server",
            "certificate-differs",
        )
