"""The directory that the proxy reads: the unit's certificate or the owner's, always whole."""

import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from appliance.proxy.errors import CertificateError
from appliance.proxy.names import Names
from appliance.proxy.policy import STRICT
from appliance.proxy.prepared import AUTHORITY, AUTHORITY_KEY, OWN, USED, Unit, prepare
from appliance.proxy.shown import FILE, read_shown
from appliance.sections.network import WebSettings
from tests.stand_ins.certificates import Certificate, make_certificate

NAMES = Names(("localhost", "barn"), ())
NOW = datetime.now(UTC)
UNIT = Unit("barn", NAMES, NOW)


@pytest.fixture
def web(tmp_path: Path) -> WebSettings:
    return WebSettings(tls_dir=tmp_path / "tls")


@pytest.fixture
def given(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


def give(web: WebSettings, pair: Certificate) -> WebSettings:
    return replace(web, certificate_file=pair.certificate, key_file=pair.key)


def read_used(web: WebSettings) -> x509.Certificate:
    return x509.load_pem_x509_certificate((web.tls_dir / USED).read_bytes())


def test_a_first_start_makes_all_and_a_second_nothing(web: WebSettings) -> None:
    done = prepare(web, UNIT)
    assert done.is_new
    assert [one.partition(":")[0] for one in done.sentences] == [
        "a new authority was made",
        "a new certificate was made",
    ]
    times = {path: path.stat().st_mtime_ns for path in web.tls_dir.iterdir()}
    again = prepare(web, UNIT)
    assert (again.is_new, again.sentences) == (False, [])
    assert {path: path.stat().st_mtime_ns for path in web.tls_dir.iterdir()} == times


def test_keys_are_closed_and_what_people_are_told_is_open(web: WebSettings) -> None:
    prepare(web, UNIT)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in web.tls_dir.iterdir()}
    assert modes[AUTHORITY_KEY] == 0o600
    assert (modes[USED], modes[OWN]) == (0o640, 0o640)
    assert (modes[AUTHORITY], modes[FILE]) == (0o644, 0o644)


def test_certificate_and_key_in_use_are_one_file_that_belongs_together(web: WebSettings) -> None:
    prepare(web, UNIT)
    data = (web.tls_dir / USED).read_bytes()
    key = serialization.load_pem_private_key(data, None)
    chain = x509.load_pem_x509_certificates(data)
    assert key.public_key() == chain[0].public_key()
    assert chain[1] == x509.load_pem_x509_certificate((web.tls_dir / AUTHORITY).read_bytes())


def test_the_owners_is_used_and_told(web: WebSettings, given: Certificate) -> None:
    prepare(web, UNIT)
    done = prepare(give(web, given), UNIT)
    assert done.is_new
    assert done.trouble is None
    assert read_used(web) == x509.load_pem_x509_certificate(given.certificate.read_bytes())
    shown = read_shown(web.tls_dir)
    assert shown is not None
    assert shown.is_owners
    assert STRICT in (web.tls_dir / "policy.conf").read_text()


def test_without_the_owners_the_units_own_is_back(web: WebSettings, given: Certificate) -> None:
    prepare(web, UNIT)
    own = read_used(web)
    prepare(give(web, given), UNIT)
    prepare(web, UNIT)
    assert read_used(web) == own
    assert STRICT not in (web.tls_dir / "policy.conf").read_text()


def expire(given: Certificate, directory: Path) -> None:
    (directory / "old").mkdir()
    old = make_certificate(directory / "old", begins=timedelta(days=-9), ends=timedelta(days=-1))
    given.certificate.write_bytes(old.certificate.read_bytes())
    given.key.write_bytes(old.key.read_bytes())


def begin_later(given: Certificate, directory: Path) -> None:
    (directory / "later").mkdir()
    later = make_certificate(directory / "later", begins=timedelta(days=1))
    given.certificate.write_bytes(later.certificate.read_bytes())
    given.key.write_bytes(later.key.read_bytes())


def exchange_key(given: Certificate, directory: Path) -> None:
    (directory / "other").mkdir()
    given.key.write_bytes(make_certificate(directory / "other").key.read_bytes())


def add_stranger(given: Certificate, directory: Path) -> None:
    (directory / "other").mkdir()
    stranger = make_certificate(directory / "other", name="stranger").certificate.read_bytes()
    given.certificate.write_bytes(given.certificate.read_bytes() + stranger)


WRONG: dict[str, Callable[[Certificate, Path], object]] = {
    "has ended on": expire,
    "begins only on": begin_later,
    "is not the key of": exchange_key,
    "certificate 1 is not signed by certificate 2": add_stranger,
    "holds no certificate that can be read": lambda given, _: given.certificate.write_text("x"),
    "holds no private key that can be read": lambda given, _: given.key.write_text("x"),
    "cannot be read: No such file": lambda given, _: given.key.unlink(),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_an_owners_pair_that_cannot_be_used_is_told_and_the_units_own_shown(
    web: WebSettings, given: Certificate, tmp_path: Path, sentence: str
) -> None:
    WRONG[sentence](given, tmp_path)
    done = prepare(give(web, given), UNIT)
    assert sentence in str(done.trouble)
    shown = read_shown(web.tls_dir)
    assert shown is not None
    assert sentence in shown.trouble
    assert not shown.is_owners
    assert shown.names == NAMES.hosts


def test_with_a_clock_of_1970_the_owners_is_not_called_too_young(
    web: WebSettings, given: Certificate
) -> None:
    done = prepare(give(web, given), replace(UNIT, now=datetime(1970, 1, 1, tzinfo=UTC)))
    assert done.trouble is None


DAMAGE = {
    AUTHORITY: b"damaged",
    AUTHORITY_KEY: b"damaged",
    OWN: b"damaged",
    USED: b"damaged",
    FILE: b"damaged",
    "policy.conf": b"",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_made_anew(web: WebSettings, name: str) -> None:
    prepare(web, UNIT)
    (web.tls_dir / name).write_bytes(DAMAGE[name])
    prepare(web, UNIT)
    assert (web.tls_dir / name).read_bytes() != DAMAGE[name]
    assert read_shown(web.tls_dir) is not None
    data = (web.tls_dir / USED).read_bytes()
    key = serialization.load_pem_private_key(data, None)
    assert key.public_key() == read_used(web).public_key()


def test_a_new_address_keeps_the_authority_that_people_trust(web: WebSettings) -> None:
    prepare(web, UNIT)
    before = (web.tls_dir / AUTHORITY).read_bytes()
    done = prepare(web, replace(UNIT, names=Names(("localhost", "barn", "x.barn"), ())))
    assert done.sentences == ["a new certificate was made: it is not for x.barn"]
    assert (web.tls_dir / AUTHORITY).read_bytes() == before


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CertificateError, match="systemd-tmpfiles"):
        prepare(WebSettings(tls_dir=tmp_path / "file/tls"), UNIT)


def test_without_a_certificate_there_is_nothing_to_show(tmp_path: Path) -> None:
    assert read_shown(tmp_path) is None
    for text in ("{", "[]", '{"names": 3}', '{"fingerprint": "x"}'):
        (tmp_path / FILE).write_text(text)
        assert read_shown(tmp_path) is None
