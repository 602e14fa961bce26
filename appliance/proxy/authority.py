"""The unit's own small authority: whoever trusts it trusts this unit's certificate, also the next.

    authority = make_authority("barn", names)
    reason = find_reason_for_new(authority.certificate, names)      # "" where it can stay

It is limited to the unit's own names and to private networks (name constraints), so that a key that
was stolen from a unit opens no other page of the person who trusts it.

Reads and writes: nothing.
Never: depends on the clock: it begins before any right clock, and ends after the unit.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.proxy.names import OWN_NETWORKS, Names, is_own
from appliance.store.trusted_time import FIRST_TIME

ENDS = FIRST_TIME + timedelta(days=365 * 40)
LONGEST_COMMON_NAME = 64  # RFC 5280
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


@dataclass(frozen=True, slots=True)
class Authority:
    """Its certificate, which people install, and its key, which stays on the unit."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_authority(unit: str, names: Names) -> Authority:
    """A new one, for these names and what is below them."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    subject = make_name(f"{unit}: the unit's own authority")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(FIRST_TIME)
        .not_valid_after(ENDS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(make_usage(signs_certificates=True), critical=True)
        .add_extension(SERVER, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.NameConstraints(list_permitted(names), None), critical=True)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def make_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:LONGEST_COMMON_NAME])])


def make_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Of a key that signs certificates, or of one that signs TLS handshakes."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def list_permitted(names: Names) -> list[x509.GeneralName]:
    """The unit's names, private networks, and single addresses of the settings beyond them."""
    beyond = [one for one in names.addresses if not is_own(one)]
    networks = [*OWN_NETWORKS, *map(ipaddress.ip_network, beyond)]
    return [*map(x509.DNSName, names.hosts), *map(x509.IPAddress, networks)]


def find_reason_for_new(certificate: x509.Certificate, names: Names) -> str:
    """Why people must be given a new one; "" where this one serves."""
    try:
        limits = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return "it is limited to no names"
    permitted = limits.permitted_subtrees or ()
    refused = list_refused(permitted, names)
    return f"it does not permit {', '.join(refused)}" if refused else ""


def list_refused(permitted: Sequence[x509.GeneralName], names: Names) -> list[str]:
    """Names and addresses that a certificate of such an authority may not have."""
    hosts = [one.value for one in permitted if isinstance(one, x509.DNSName)]
    networks = [one.value for one in permitted if isinstance(one, x509.IPAddress)]
    refused = [one for one in names.hosts if not is_below(one, hosts)]
    within = [one for one in networks if isinstance(one, (IPv4Network, IPv6Network))]
    outside = [one for one in names.addresses if not any(one in network for network in within)]
    return [*refused, *map(str, outside)]


def is_below(name: str, hosts: Iterable[str]) -> bool:
    return any(name == one or name.endswith(f".{one}") for one in hosts)
