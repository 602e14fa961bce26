"""What people are told of the certificate in use, to compare it with what their browser shows.

    found = read_shown(settings.web.tls_dir)      # None: the unit has no certificate (yet)
    print(found.fingerprint)                      # SHA-256, as browsers write it

Reads: shown.json in `[web] tls_dir`. Writes: nothing (prepared.py does).
Never: needs a private key: everybody may read that file.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.parsing.small_file import read_small_file

if TYPE_CHECKING:  # heavy, and the page only reads
    from cryptography import x509

FILE = "shown.json"
MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """`is_owners`: given by the owner, else made by the unit. `authority_fingerprint`: of the
    unit's authority, which people install on a phone. `trouble`: why the owner's is not used.
    """

    fingerprint: str
    names: tuple[str, ...]
    begins: datetime
    ends: datetime
    issuer: str
    is_owners: bool
    authority_fingerprint: str
    trouble: str = ""


def read_shown(directory: Path) -> ShownCertificate | None:
    """None where there is none, or none that can be read."""
    try:
        values = json.loads(read_small_file(directory / FILE, MOST_BYTES))
        return ShownCertificate(**(values | read_special(values)))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def read_special(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that JSON has no form for."""
    return {
        "names": tuple(values["names"]),
        "begins": datetime.fromisoformat(values["begins"]),
        "ends": datetime.fromisoformat(values["ends"]),
    }


def describe(
    certificate: "x509.Certificate", authority: "x509.Certificate", *, trouble: str, is_owners: bool
) -> bytes:
    """The file's content."""
    from appliance.proxy.issued import read_names  # noqa: PLC0415  (heavy, and the page only reads)

    hosts, addresses = read_names(certificate)
    told = ShownCertificate(
        fingerprint=format_fingerprint(certificate),
        names=(*hosts, *map(str, addresses)),
        begins=certificate.not_valid_before_utc.astimezone(UTC),
        ends=certificate.not_valid_after_utc.astimezone(UTC),
        issuer=certificate.issuer.rfc4514_string(),
        is_owners=is_owners,
        authority_fingerprint=format_fingerprint(authority),
        trouble=trouble,
    )
    values = asdict(told)
    for name in ("begins", "ends"):
        values[name] = values[name].isoformat()
    return json.dumps(values, indent=1).encode()


def format_fingerprint(certificate: "x509.Certificate") -> str:
    """SHA-256 as browsers show it: pairs of capitals between colons."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415  (as above)

    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
