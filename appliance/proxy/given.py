"""The owner's own certificate: checked before the proxy gets it.

    given = read_given(settings.web.certificate_file, settings.web.key_file, now)

Reads: both files. Writes: nothing.
Never: takes a pair that a browser could not use: the one of before, or the unit's own, goes on.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from appliance.errors import shorten_error
from appliance.parsing.small_file import read_small_file
from appliance.proxy.errors import CertificateError
from appliance.proxy.issued import is_issued_by, is_plausible

MOST_BYTES = 262_144
LEAST_RSA_BITS = 2048
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Given:
    """The chain, the unit's certificate first, and its key."""

    chain: list[x509.Certificate]
    key: Key


def read_given(certificate_file: Path, key_file: Path, now: datetime) -> Given:
    """Both files; raises `CertificateError` that says what is wrong with which."""
    chain = read_chain(certificate_file)
    key = read_key(key_file)
    if encode_public(chain[0].public_key()) != encode_public(key.public_key()):
        raise CertificateError(
            f"{key_file} is not the key of the first certificate in {certificate_file}: give the "
            "two that belong together, the unit's certificate before those that signed it"
        )
    check_order(chain, certificate_file)
    check_dates(chain, certificate_file, now)
    return Given(chain, key)


def read_chain(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(read(path, "certificate_file"))
    except ValueError as error:
        raise CertificateError(
            f"{path} holds no certificate that can be read ({shorten_error(error)}): it must be PEM"
        ) from error


def read_key(path: Path) -> Key:
    try:
        key = load_pem_private_key(read(path, "key_file"), password=None)
    except (ValueError, TypeError) as error:
        raise CertificateError(
            f"{path} holds no private key that can be read ({shorten_error(error)}): it must be "
            "PEM, without a passphrase"
        ) from error
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= LEAST_RSA_BITS:
        return key
    raise CertificateError(
        f"{path}: a key must be ECDSA, or RSA with at least {LEAST_RSA_BITS} bits"
    )


def read(path: Path, name: str) -> bytes:
    try:
        return read_small_file(path, MOST_BYTES)
    except OSError as error:
        raise CertificateError(
            f"{path} cannot be read: {error.strerror}; see `{name}` under [web] in the settings"
        ) from error


def check_order(chain: list[x509.Certificate], path: Path) -> None:
    for number, (one, issuer) in enumerate(pairwise(chain), start=1):
        if not is_issued_by(one, issuer):
            raise CertificateError(
                f"{path}: certificate {number} is not signed by certificate {number + 1}: after "
                "the unit's certificate must come the one that signed it, and so on"
            )


def check_dates(chain: list[x509.Certificate], path: Path, now: datetime) -> None:
    """Nothing is said of them while the clock cannot be right."""
    if not is_plausible(now):
        return
    for number, one in enumerate(chain, start=1):
        if one.not_valid_after_utc <= now:
            raise CertificateError(
                f"{path}: certificate {number} has ended on {one.not_valid_after_utc:%Y-%m-%d}: "
                "put a renewed one in its place"
            )
        if one.not_valid_before_utc > now:
            raise CertificateError(
                f"{path}: certificate {number} begins only on {one.not_valid_before_utc:%Y-%m-%d}"
                f"; the unit's clock shows {now:%Y-%m-%d}"
            )


def encode_public(key: object) -> bytes:
    """A public key as bytes, to compare."""
    if not hasattr(key, "public_bytes"):
        return b""
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def encode_pair(chain: list[x509.Certificate], key: Key) -> bytes:
    """One PEM file: replaced at once, so that a proxy never sees a key of another certificate."""
    encoded = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return encoded + b"".join(one.public_bytes(Encoding.PEM) for one in chain)
