"""What the proxy reads, in `[web] tls_dir`: the certificate in use, its key, and what is allowed.

    change = prepare(settings.web, Unit("barn", names, now))     # what is new, in a sentence

    authority.pem, authority-key.pem    the unit's own authority; its key is for root alone
    unit.pem                            certificate and key of the unit's own
    used.pem                            those that the proxy shows: the unit's own, or the owner's
    policy.conf                         plain viewing, strict transport security
    shown.json                          what page and unitctl tell (shown.py)

Reads: these, and the owner's files. Writes: these.
Never: leaves the proxy without a certificate because the owner's cannot be used.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from appliance.errors import ApplianceError
from appliance.parsing.small_file import read_small_file
from appliance.proxy import shown
from appliance.proxy.authority import Authority, find_reason_for_new, make_authority
from appliance.proxy.errors import CertificateError
from appliance.proxy.given import MOST_BYTES, encode_pair, read_given
from appliance.proxy.issued import find_renewal_reason, issue
from appliance.proxy.names import Names
from appliance.proxy.policy import POLICY, format_policy
from appliance.sections.network import WebSettings
from appliance.store.durable_files import replace_file

AUTHORITY, AUTHORITY_KEY, OWN, USED = "authority.pem", "authority-key.pem", "unit.pem", "used.pem"
FOR_ALL, FOR_PROXY, FOR_ROOT = 0o644, 0o640, 0o600


@dataclass(frozen=True, slots=True)
class Unit:
    """Whom the certificate is for, and when it is looked at."""

    name: str
    names: Names
    now: datetime


@dataclass(slots=True)
class Outcome:
    """What was done. `is_new`: the proxy has something to read; `trouble`: of the owner's files."""

    sentences: list[str] = field(default_factory=list)
    is_new: bool = False
    trouble: ApplianceError | None = None


def prepare(web: WebSettings, unit: Unit) -> Outcome:
    """Bring the directory up to date. Raises `CertificateError` where it cannot be written."""
    done = Outcome()
    try:
        web.tls_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
        own = prepare_own(web.tls_dir, unit, done)
        used, is_owners = choose_used(web, unit, own, done)
        put(web.tls_dir / USED, used, FOR_PROXY, done)
        policy = format_policy(plain_viewing=web.plain_viewing, strict=is_owners)
        put(web.tls_dir / POLICY, policy.encode(), FOR_ALL, done)
        tell(web.tls_dir, used, done, is_owners=is_owners)
    except OSError as error:
        raise CertificateError(
            f"{error.filename or web.tls_dir} cannot be written: {error.strerror}; "
            "`systemd-tmpfiles --create` makes its directory"
        ) from error
    return done


def prepare_own(directory: Path, unit: Unit, done: Outcome) -> bytes:
    """The unit's own certificate and key, made anew where they must be."""
    authority = prepare_authority(directory, unit, done)
    place = directory / OWN
    reason = find_reason(place, authority, unit)
    if not reason:
        return read_small_file(place, MOST_BYTES)
    made = issue(authority, unit.name, unit.names, unit.now)
    data = encode_pair([made.certificate, authority.certificate], made.key)
    replace_file(place, data, mode=FOR_PROXY)
    done.sentences.append(f"a new certificate was made: {reason}")
    return data


def prepare_authority(directory: Path, unit: Unit, done: Outcome) -> Authority:
    """The one that is there, where it permits the unit's names."""
    try:
        found = read_authority(directory)
        reason = find_reason_for_new(found.certificate, unit.names)
        if not reason:
            return found
    except FileNotFoundError:
        reason = "there was none"
    except ValueError:
        reason = "its files could not be read"
    made = make_authority(unit.name, unit.names)
    key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    replace_file(directory / AUTHORITY_KEY, key, mode=FOR_ROOT)
    data = made.certificate.public_bytes(Encoding.PEM)
    replace_file(directory / AUTHORITY, data, mode=FOR_ALL)
    done.sentences.append(f"a new authority was made: {reason}")
    return made


def read_authority(directory: Path) -> Authority:
    """Raises `OSError`, and `ValueError` where its files are not those of one authority."""
    data = read_small_file(directory / AUTHORITY, MOST_BYTES)
    certificate = x509.load_pem_x509_certificate(data)
    key = load_pem_private_key(read_small_file(directory / AUTHORITY_KEY, MOST_BYTES), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or (
        key.public_key() != certificate.public_key()
    ):
        raise ValueError("certificate and key do not belong together")
    return Authority(certificate, key)


def find_reason(place: Path, authority: Authority, unit: Unit) -> str:
    """Why the unit's own certificate must be made anew; "" where it stays."""
    try:
        data = read_small_file(place, MOST_BYTES)
        certificate = x509.load_pem_x509_certificate(data)
        key = load_pem_private_key(data, None)
    except FileNotFoundError:
        return "there was none"
    except ValueError:
        return "its file could not be read"
    if key.public_key() != certificate.public_key():
        return "its key was another's"
    return find_renewal_reason(certificate, authority.certificate, unit.names, unit.now)


def choose_used(web: WebSettings, unit: Unit, own: bytes, done: Outcome) -> tuple[bytes, bool]:
    """The owner's, where it is given and good; and whether it is the owner's."""
    if web.certificate_file is None or web.key_file is None:
        return own, False
    try:
        given = read_given(web.certificate_file, web.key_file, unit.now)
    except CertificateError as error:
        done.trouble = CertificateError(f"{error}. Until then the unit shows its own certificate")
        return own, False
    return encode_pair(given.chain, given.key), True


def tell(directory: Path, used: bytes, done: Outcome, *, is_owners: bool) -> None:
    """For page and `unitctl`."""
    authority = x509.load_pem_x509_certificate(read_small_file(directory / AUTHORITY, MOST_BYTES))
    certificate = x509.load_pem_x509_certificate(used)
    trouble = str(done.trouble) if done.trouble else ""
    data = shown.describe(certificate, authority, trouble=trouble, is_owners=is_owners)
    put(directory / shown.FILE, data, FOR_ALL, Outcome())  # nothing that the proxy reads


def put(path: Path, data: bytes, mode: int, done: Outcome) -> None:
    """Write it where it differs: the proxy is not disturbed for nothing, nor the disk."""
    try:
        if read_small_file(path, MOST_BYTES) == data:
            return
    except FileNotFoundError:
        pass
    replace_file(path, data, mode=mode)
    done.is_new = True
