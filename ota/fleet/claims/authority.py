"""The fleet's own certificate authority: client certificates of units, for broker and proxy.

    authority = open_authority(directory)         # made where there is none
    pem = authority.issue("a41f0c53d2be4c1f", public_key, now)

A certificate opens no more than the hints of that unit and a connection to the receiver; what a
unit may install is signed elsewhere.

Reads and writes: ca-key.pem (mode 0600), ca.pem, revoked.crl.pem in its directory.
Never: makes a new key in the place of one that cannot be read.
"""

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ota.disk import Disk
from ota.files import replace
from ota.fleet.errors import FleetError

KEY, CERTIFICATE, REVOKED = "ca-key.pem", "ca.pem", "revoked.crl.pem"
OWNER_ONLY = 0o600
AUTHORITY_LIFE = timedelta(days=20 * 365)
UNIT_LIFE = timedelta(days=825)
CRL_LIFE = timedelta(days=30)
EARLIER = timedelta(days=1)  # a unit's clock may be behind
SIGNED = hashes.SHA256()


@dataclass(frozen=True, slots=True)
class Authority:
    """`certificate` is what the broker and the proxy check units with."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(
        self, serial: str, public_key: ec.EllipticCurvePublicKey, now: datetime
    ) -> x509.Certificate:
        """A client certificate of a unit; its common name is the serial of the box."""
        return self._sign(serial, public_key, now, ExtendedKeyUsageOID.CLIENT_AUTH, ())

    def issue_server(
        self, names: tuple[str, ...], key: ec.EllipticCurvePublicKey, now: datetime
    ) -> x509.Certificate:
        """A server certificate, for a fleet without one of a public authority."""
        alternatives = tuple(map(make_general_name, names))
        return self._sign(names[0], key, now, ExtendedKeyUsageOID.SERVER_AUTH, alternatives)

    def _sign(
        self,
        name: str,
        key: ec.EllipticCurvePublicKey,
        now: datetime,
        usage: x509.ObjectIdentifier,
        alternatives: tuple[x509.GeneralName, ...],
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(make_name(name))
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - EARLIER)
            .not_valid_after(now + UNIT_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if alternatives:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(alternatives), critical=False
            )
        return builder.sign(self.key, SIGNED)

    def make_list(self, numbers: Iterable[int], now: datetime) -> bytes:
        """The list of revoked certificates (CRL, PEM), which the broker and the proxy read."""
        return make_list(self.key, self.certificate, numbers, now)


def open_authority(directory: Path, now: datetime) -> Authority:
    """The authority in `directory`, made where there is none. Raises `FleetError`, `OSError`."""
    files = Disk()
    files.make_directory(directory)
    if not (directory / KEY).exists():
        make_authority(files, directory, now)
    try:
        key = serialization.load_pem_private_key((directory / KEY).read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate((directory / CERTIFICATE).read_bytes())
    except ValueError as error:
        raise FleetError(
            f"{directory / KEY} or {CERTIFICATE} beside it is damaged: put a copy back; a new "
            "authority would make the certificates of all units useless"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise FleetError(f"{directory / KEY} is no ECDSA key: put the fleet's own key back")
    return Authority(key, certificate)


def make_authority(files: Disk, directory: Path, now: datetime) -> None:
    """The certificate first: a key without one would be taken for a damaged authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = make_name(f"fleet authority {os.urandom(4).hex()}")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SIGNED)
    )
    replace(files, directory / CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM))
    replace(files, directory / REVOKED, make_list(key, certificate, (), now))
    replace(files, directory / KEY, format_key(key), mode=OWNER_ONLY)


def make_list(
    key: ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
    numbers: Iterable[int],
    now: datetime,
) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(certificate.subject)
        .last_update(now - EARLIER)
        .next_update(now + CRL_LIFE)
    )
    for number in numbers:
        revoked = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(now)
        builder = builder.add_revoked_certificate(revoked.build())
    return builder.sign(key, SIGNED).public_bytes(serialization.Encoding.PEM)


def format_certificate(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def format_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def make_name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def make_general_name(name: str) -> x509.GeneralName:
    """An IP address or a host's name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
