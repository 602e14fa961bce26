"""What the fleet gave this unit when it entered: looked at whole, then kept, or nothing of it.

    place = keep(files, directory, key, answer, Expected(), now)
    place = read_place(files, directory)             # None: it did not enter yet
    path = find_certificate(files, directory, now)

Reads and writes: fleet-place.json, fleet-authority.pem, unit-certificate.pem in the update
directory, the certificate last: without it the unit has not entered.
Never: keeps a certificate of another key, of another fleet than the unit's, or for another time.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from appliance import strict_json
from appliance.strict_json import InputError
from ota.errors import TrustError, UpdateError
from ota.files import Files, replace
from ota.reporting.file_names import AUTHORITY, CERTIFICATE, PLACE
from ota.reporting.unit_key import UnitKey

LONGEST_NAME, LONGEST_PEM, MOST_PLACE_BYTES = 80, 8000, 1024


@dataclass(frozen=True, slots=True)
class Place:
    """What the unit is called in the fleet, and its group."""

    name: str
    group: str


@dataclass(frozen=True, slots=True)
class Expected:
    """`authority`: as `ClaimCode` has it, "" where nobody said; `may_be_another_fleet`: than that
    which the unit was in.
    """

    authority: str = ""
    may_be_another_fleet: bool = False


def keep(
    files: Files,
    directory: Path,
    key: UnitKey,
    answer: Mapping[str, Any],
    expected: Expected,
    now: datetime,
) -> Place:
    """Raises `InputError`, `KeyError`, `TrustError`, `OSError`."""
    place = build_place(answer)
    certificate = strict_json.require_text(answer["certificate"], "certificate", LONGEST_PEM)
    authority = strict_json.require_text(answer["authority"], "authority", LONGEST_PEM)
    ours = parse(authority, "authority")
    require_fleet(files, directory, ours, expected)
    require_own(parse(certificate, "certificate"), ours, key)
    require_now(parse(certificate, "certificate"), now)
    data = json.dumps({"unit": place.name, "group": place.group}).encode()
    replace(files, directory / PLACE, data)
    replace(files, directory / AUTHORITY, authority.encode())
    replace(files, directory / CERTIFICATE, certificate.encode())
    return place


def build_place(answer: Mapping[str, Any]) -> Place:
    """Raises `InputError`, `KeyError`."""
    return Place(
        strict_json.require_text(answer["unit"], "unit", LONGEST_NAME),
        strict_json.require_text(answer["group"], "group", LONGEST_NAME),
    )


def read_place(files: Files, directory: Path) -> Place | None:
    """As the fleet has said it; None where it has not, or the file is damaged."""
    with suppress(OSError, InputError, KeyError):
        data = files.read(directory / PLACE, most_bytes=MOST_PLACE_BYTES)
        return build_place(strict_json.parse_object(data, most_bytes=MOST_PLACE_BYTES))
    return None


def find_certificate(files: Files, directory: Path, now: datetime) -> Path | None:
    """The unit's certificate, as long as it holds. One that has expired or is damaged is not shown:
    the proxy would refuse the report, whose own signature is what counts.
    """
    found = read_certificate(files, directory)
    return directory / CERTIFICATE if found and now < found.not_valid_after_utc else None


def read_certificate(files: Files, directory: Path) -> x509.Certificate | None:
    """None where there is none, or it is damaged."""
    with suppress(OSError, ValueError, UpdateError):
        data = files.read(directory / CERTIFICATE, most_bytes=LONGEST_PEM)
        return x509.load_pem_x509_certificate(data)
    return None


def parse(pem: str, what: str) -> x509.Certificate:
    """Raises `InputError`."""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise InputError(f"the {what} cannot be read ({error})") from error


def find_fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate (DER), hex."""
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def require_fleet(
    files: Files, directory: Path, authority: x509.Certificate, expected: Expected
) -> None:
    """Raises `TrustError`."""
    found = find_fingerprint(authority)
    if expected.authority and found != expected.authority:
        raise TrustError(
            "this server has another authority than the claim code says: it is not the fleet's, or "
            "somebody stands between; nothing was kept; check [fleet] server and the link",
            "authority-differs",
        )
    with suppress(OSError, ValueError):
        data = files.read(directory / AUTHORITY, most_bytes=LONGEST_PEM)
        before = find_fingerprint(x509.load_pem_x509_certificate(data))
        if before != found and not (expected.may_be_another_fleet or expected.authority):
            raise TrustError(
                "this is another fleet than the one that the unit was in (another authority): "
                "nothing was kept; if that is meant, claim with --another-fleet",
                "authority-differs",
            )


def require_own(certificate: x509.Certificate, authority: x509.Certificate, key: UnitKey) -> None:
    """TLS would fail with another key's certificate, without saying why. Raises `TrustError`."""
    if certificate.public_key() != key.public:
        raise TrustError(
            "the certificate that the fleet gave is not for this unit's key: nothing was kept; "
            "claim again, and tell whoever runs the server",
            "certificate-differs",
        )
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise TrustError(
            "the certificate that the fleet gave is not of the authority beside it: nothing was "
            "kept; claim again, and tell whoever runs the server",
            "certificate-differs",
        ) from error


def require_now(certificate: x509.Certificate, now: datetime) -> None:
    """Raises `TrustError`."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begin <= now < end:
        raise TrustError(
            f"the certificate holds from {begin:%Y-%m-%d} to {end:%Y-%m-%d}, and by the clock of "
            f"this unit it is {now:%Y-%m-%d}: nothing was kept; set the clock, then claim again",
            "certificate-time",
        )
