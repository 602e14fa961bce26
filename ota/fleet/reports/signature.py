"""Whose signature it is: ECDSA P-256 over SHA-256, as a unit's key makes it, and its public half.

Reads and writes: nothing; pure.
Never: takes a key of another kind, whatever is signed with it.
"""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ota.fleet.errors import RefusalError

LONGEST_KEY, LONGEST_SIGNATURE = 1000, 200


def parse_public_key(pem: str) -> ec.EllipticCurvePublicKey:
    """Raises `RefusalError` (key-invalid) where it is no ECDSA P-256 key in PEM."""
    try:
        key = serialization.load_pem_public_key(pem[:LONGEST_KEY].encode())
    except ValueError as error:
        raise make_key_error() from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise make_key_error()
    return key


def make_key_error() -> RefusalError:
    text = "the public key is no ECDSA P-256 key in PEM; send unit-key.pub.pem of the unit"
    return RefusalError(text, "key-invalid", 400)


def find_key_sha256(key: ec.EllipticCurvePublicKey) -> str:
    """What names a key: SHA-256 of its SubjectPublicKeyInfo in DER, hex."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()


def require_signature(pem: str, data: bytes, *, header: str, what: str) -> None:
    """`pem`: the public key; `header`: the signature (DER) in base64. Raises `RefusalError`
    (signature-wrong).
    """
    try:
        signature = base64.b64decode(header[:LONGEST_SIGNATURE], validate=True)
        parse_public_key(pem).verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except (binascii.Error, ValueError, InvalidSignature) as error:
        raise RefusalError(
            f"{what} is not signed by the key of that unit: it was changed on its way, or "
            "somebody else made it; nothing of it is stored",
            "signature-wrong",
            401,
        ) from error
