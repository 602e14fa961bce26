"""The unit's own key, with which it signs its reports: ECDSA P-256, made once.

    key = read_key(files, directory)     # unit-key.pem (mode 0600), unit-key.pub.pem beside it
    key.sign(data)                       # DER, as `openssl dgst -sha256 -sign` makes it

Reads and writes: these two files, through `Files`.
Never: makes a new key in the place of one that cannot be read: it is who the unit is.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ota.errors import UpdateError
from ota.files import Files, replace
from ota.reporting.file_names import PRIVATE, PUBLIC

OWNER_ONLY = 0o600
MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class UnitKey:
    private: ec.EllipticCurvePrivateKey

    def sign(self, data: bytes) -> bytes:
        """The signature over SHA-256 of `data`, in DER."""
        return self.private.sign(data, ec.ECDSA(hashes.SHA256()))

    @property
    def sha256(self) -> str:
        """What names the key: SHA-256 of its public half (SubjectPublicKeyInfo, DER), hex."""
        der = self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return hashlib.sha256(der).hexdigest()

    def format_public(self) -> bytes:
        """The public key in PEM, for whoever receives reports."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def read_key(files: Files, directory: Path) -> UnitKey:
    """The key of the unit; made where there is none. Raises `UpdateError`, `OSError`."""
    path = directory / PRIVATE
    if PRIVATE not in files.list_names(directory):
        write_new(files, path)
    key = UnitKey(load_private(files, path))
    public = key.format_public()
    if files.measure(directory / PUBLIC) != len(public):
        replace(files, directory / PUBLIC, public)
    return key


def write_new(files: Files, path: Path) -> None:
    data = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    replace(files, path, data, mode=OWNER_ONLY)


def load_private(files: Files, path: Path) -> ec.EllipticCurvePrivateKey:
    """Raises `UpdateError` where the file holds no such key."""
    try:
        data = files.read(path, most_bytes=MOST_BYTES)
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise make_error(path) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise make_error(path)
    return key


def make_error(path: Path) -> UpdateError:
    return UpdateError(
        f"{path} is no ECDSA P-256 key: no report is signed; put a copy back, or remove it, "
        f"so that a new one is made, and tell whoever receives reports the new {PUBLIC}",
        "unit-key",
    )
