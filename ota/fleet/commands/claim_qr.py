"""A claim code as a QR code: on the terminal, or as a picture to send to whoever sets a unit up.

Reads: the certificate of the fleet's authority. Writes: the picture.
Never: opens the authority's key.
"""

import sys
from pathlib import Path

from cryptography import x509

from appliance.strict_json import InputError, show
from ota.fleet.claims.authority import CERTIFICATE
from ota.reporting.claim_code import ClaimCode
from ota.reporting.entry import find_fingerprint

PICTURES = (".png", ".svg")
TERMINAL = "-"
SCALE, BORDER = 6, 4
OWNER_ONLY = 0o600


def parse_picture(text: str) -> str:
    """Where the QR code goes: "-" is the terminal."""
    if text != TERMINAL and Path(text).suffix not in PICTURES:
        raise InputError(f"{show(text)} is no picture that can be made: name one of .png or .svg")
    return text


def parse_server(text: str) -> str:
    """As units have it in [fleet] server."""
    if not text.startswith("https://") or not text.isprintable() or " " in text:
        raise InputError(f"{show(text)} is no address of a fleet's server: it begins with https://")
    return text.rstrip("/")


def find_authority(directory: Path) -> str:
    """The fingerprint of the fleet's authority; "" where there is none yet."""
    path = directory / CERTIFICATE
    if not path.exists():
        return ""
    return find_fingerprint(x509.load_pem_x509_certificate(path.read_bytes()))


def draw(code: ClaimCode, where: str) -> None:
    """Raises `OSError`."""
    import segno  # noqa: PLC0415

    made = segno.make(code.format(), error="m")
    if where == TERMINAL:
        made.terminal(sys.stdout, compact=True)
        return
    path = Path(where)
    path.touch(OWNER_ONLY)
    path.chmod(OWNER_ONLY)
    made.save(where, scale=SCALE, border=BORDER)
