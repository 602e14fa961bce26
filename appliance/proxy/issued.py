"""The certificate that the unit makes for itself: for which names, how long, and when anew.

    reason = find_renewal_reason(certificate, authority.certificate, names, now)
    if reason: issued = issue(authority, "barn", names, now)

Reads and writes: nothing.
Never: gives up a certificate because of a clock that cannot be right (before 2026): what is there
may be valid, and one that begins in 1970 is not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.proxy.authority import SERVER, Authority, make_name, make_usage
from appliance.proxy.names import Address, Names
from appliance.store.trusted_time import FIRST_TIME

DAY = timedelta(days=1)
LASTS = 365 * DAY  # Mozilla's "intermediate" wants at most 366
RENEWED = 60 * DAY  # before its end
# Made while the clock was not set: people's clocks show a time that the unit does not know.
UNSET_LASTS = 20 * 365 * DAY


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def is_plausible(now: datetime) -> bool:
    """Whether a clock that shows this may be right."""
    return now >= FIRST_TIME


def issue(authority: Authority, unit: str, names: Names, now: datetime) -> Issued:
    """A new one, with a new key. It begins a day before: a phone's clock may be behind."""
    key = ec.generate_private_key(ec.SECP256R1())
    begins, ends = find_span(now)
    issuer = authority.certificate
    alternatives = [*map(x509.DNSName, names.hosts), *map(x509.IPAddress, names.addresses)]
    made = (
        x509.CertificateBuilder()
        .subject_name(make_name(unit))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(make_usage(signs_certificates=False), critical=True)
        .add_extension(SERVER, critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    return Issued(made, key)


def find_span(now: datetime) -> tuple[datetime, datetime]:
    """From when to when a certificate that is made now is valid."""
    if not is_plausible(now):
        return FIRST_TIME, FIRST_TIME + UNSET_LASTS
    return now - DAY, now - DAY + LASTS


def find_renewal_reason(
    certificate: x509.Certificate, authority: x509.Certificate, names: Names, now: datetime
) -> str:
    """Why a new one is made; "" where this one stays."""
    if not is_issued_by(certificate, authority):
        return "the unit has a new authority"
    if not is_plausible(now):
        return ""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if begins > now:
        return f"it begins on {begins:%Y-%m-%d}: it was made while the clock was ahead"
    if ends - begins > LASTS:
        return "it was made while the clock was not set"
    if ends - now < RENEWED:
        return f"it ends on {ends:%Y-%m-%d}"
    missing = list_missing(certificate, names)
    return f"it is not for {', '.join(missing)}" if missing else ""


def is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def list_missing(certificate: x509.Certificate, names: Names) -> list[str]:
    """Names and addresses that it is not for. More than these do no harm until it is renewed."""
    hosts, addresses = read_names(certificate)
    missing = [one for one in names.hosts if one not in hosts]
    return [*missing, *(str(one) for one in names.addresses if one not in addresses)]


def read_names(certificate: x509.Certificate) -> tuple[list[str], list[Address]]:
    """Host names and addresses of a certificate."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return [], []
    addresses = found.get_values_for_type(x509.IPAddress)
    single = [one for one in addresses if isinstance(one, (IPv4Address, IPv6Address))]
    return found.get_values_for_type(x509.DNSName), single
