"""Who the unit is: a key in a file or in a TPM, made once, and never replaced by itself."""

import base64
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ota.disk import Disk
from ota.errors import UpdateError
from ota.reporting.file_names import CERTIFICATE, PRIVATE, PUBLIC
from ota.reporting.new_key import replace_key
from ota.reporting.sent import SENT, WAITING
from ota.reporting.tpm import OpenSslTpm, Tpm, find_tpm
from ota.reporting.tpm_tls import prepare_tls
from ota.reporting.tss2_file import BEGIN, END, parse_tss2
from ota.reporting.unit_key import FileKey, TpmKey, UnitKey, read_key
from tests.stand_ins.fake_tpm import FakeTpm, format_key

# Made by a software TPM (swtpm 0.10) with tpm2-openssl 1.3, and what openssl says of it.
REAL = b"""-----BEGIN TSS2 PRIVATE KEY-----
MIHwBgZngQUKAQOgAwEBAQIEQAAAAQRYAFYAIwALAAYAcgAAABAAEAADABAAIElI
PpnSxHEU/6Qq5QhmJetI8p3KnbDeUQFBNL30/yIfACDPJyNxdU4fVvctFycEsc80
6xcY/O0NanlzI+ogZSJ3wQSBgAB+ACBGR6xnV5oAL1rQjUmhFuSe2D4v+4QwUTQD
tPpJrZrSdwAQoaaSDT1DJPHyAGTBPLUn+IgqLQlYYyiRjxZPJ1WM9IqyQJuLuhCH
/MM5eXRm8hXd1lozcQam0LCH4OxBmZ7rGKD1ciV9SVunHUDsY/viF4ed10qvHaGn
kBSe
-----END TSS2 PRIVATE KEY-----
"""
REAL_PUBLIC = b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESUg+mdLEcRT/pCrlCGYl60jyncqd
sN5RAUE0vfT/Ih/PJyNxdU4fVvctFycEsc806xcY/O0NanlzI+ogZSJ3wQ==
-----END PUBLIC KEY-----
"""


@pytest.fixture
def tpm() -> FakeTpm:
    return FakeTpm()


def is_signed_by(key: UnitKey, data: bytes) -> bool:
    try:
        key.public.verify(key.sign(data), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def test_a_new_unit_with_a_tpm_has_its_key_there(tmp_path: Path, tpm: FakeTpm) -> None:
    key = read_key(Disk(), tmp_path, tpm)
    assert (type(key), key.place, is_signed_by(key, b"report")) == (TpmKey, "TPM", True)
    assert stat.S_IMODE((tmp_path / PRIVATE).stat().st_mode) == 0o600
    assert (tmp_path / PUBLIC).read_bytes() == key.format_public()
    assert read_key(Disk(), tmp_path, tpm).sha256 == key.sha256


def test_a_unit_with_a_key_in_a_file_keeps_it_when_a_tpm_appears(
    tmp_path: Path, tpm: FakeTpm
) -> None:
    before = read_key(Disk(), tmp_path)
    after = read_key(Disk(), tmp_path, tpm)
    assert (type(after), after.sha256) == (FileKey, before.sha256)
    assert not tpm.keys


def test_a_tpm_that_cannot_be_used_keeps_a_new_unit_from_nothing(tmp_path: Path) -> None:
    key = read_key(Disk(), tmp_path, FakeTpm(broken="no provider"))
    assert (key.place, is_signed_by(key, b"report")) == ("file", True)


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (FakeTpm(), r"another TPM, the TPM was cleared, or the file is damaged.*--new"),
        (FakeTpm(broken="it is busy"), "it is busy"),
        (None, "shows none: no report is signed; switch the TPM on"),
    ],
)
def test_a_key_that_its_tpm_does_not_take_any_more_is_told_and_stays(
    tmp_path: Path,
    tpm: FakeTpm,
    monkeypatch: pytest.MonkeyPatch,
    later: FakeTpm | None,
    said: str,
) -> None:
    monkeypatch.delenv("TPM2OPENSSL_TCTI", raising=False)
    first = read_key(Disk(), tmp_path, tpm)
    data = (tmp_path / PRIVATE).read_bytes()
    key = read_key(Disk(), tmp_path, later)
    with pytest.raises(UpdateError, match=said):
        key.sign(b"report")
    assert ((tmp_path / PRIVATE).read_bytes(), key.sha256) == (data, first.sha256)


def test_the_public_half_is_read_from_a_real_file_without_a_tpm(tmp_path: Path) -> None:
    (tmp_path / PRIVATE).write_bytes(REAL)
    assert read_key(Disk(), tmp_path).format_public() == REAL_PUBLIC


def test_a_file_that_was_cut_or_changed_is_no_key_and_is_not_replaced(tmp_path: Path) -> None:
    der = base64.b64decode(b"".join(REAL.split(b"\n")[1:-2]))
    path = tmp_path / PRIVATE
    for length in range(0, 110, 3):
        cut = BEGIN + b"\n" + base64.b64encode(der[:length]) + b"\n" + END
        path.write_bytes(cut)
        with pytest.raises(UpdateError, match="is no ECDSA P-256 key"):
            read_key(Disk(), tmp_path)
        assert path.read_bytes() == cut


@pytest.mark.parametrize("at", [26, 27, 34, 37, 39, 41, 44, 54])
def test_a_file_of_another_kind_of_key_is_refused(at: int) -> None:
    der = bytearray(base64.b64decode(b"".join(REAL.split(b"\n")[1:-2])))
    der[at] ^= 0xFF
    with pytest.raises(ValueError, match=r"of another kind|cut short|too long|point|curve"):
        parse_tss2(BEGIN + base64.b64encode(der) + END)


def test_another_key_is_another_identity_and_takes_nothing_of_the_old_one_along(
    tmp_path: Path, tpm: FakeTpm
) -> None:
    old = read_key(Disk(), tmp_path)
    for name in (CERTIFICATE, SENT, WAITING):
        (tmp_path / name).write_text("of the old key")
    new = replace_key(Disk(), tmp_path, tpm, must_be_tpm=True)
    assert (new.place, new.sha256 == old.sha256) == ("TPM", False)
    assert sorted(os.listdir(tmp_path)) == sorted((PRIVATE, PUBLIC))
    assert (tmp_path / PUBLIC).read_bytes() == new.format_public()


@pytest.mark.parametrize("tpm", [None, FakeTpm(broken="no provider tpm2")])
def test_without_a_tpm_that_works_the_key_stays_where_it_is(
    tmp_path: Path, tpm: FakeTpm | None
) -> None:
    old = read_key(Disk(), tmp_path)
    (tmp_path / CERTIFICATE).write_text("of the old key")
    with pytest.raises(UpdateError, match=r"no TPM|no provider"):
        replace_key(Disk(), tmp_path, tpm, must_be_tpm=True)
    assert read_key(Disk(), tmp_path).sha256 == old.sha256
    assert (tmp_path / CERTIFICATE).exists()


def test_a_certificate_is_not_shown_where_python_knows_no_keys_of_the_tpm(
    tmp_path: Path, tpm: FakeTpm
) -> None:
    read_key(Disk(), tmp_path, tpm)
    trouble = prepare_tls(tmp_path / CERTIFICATE, tmp_path / PRIVATE)
    assert trouble
    assert "this Python cannot use a key of the TPM" in trouble


def test_a_key_in_a_file_loads_no_provider(tmp_path: Path) -> None:
    read_key(Disk(), tmp_path)
    trouble = prepare_tls(tmp_path / CERTIFICATE, tmp_path / PRIVATE)
    assert trouble
    assert "cannot be used in TLS" in trouble  # there is no certificate


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("pkeyutl: unable to load provider tpm2\nx:could not load the shared library:y", "install"),
        ("pkeyutl: unable to load provider tpm2\nx:reason(6)::-1:655370 tcti:IO failure", "rights"),
        ("Could not find private key from unit-key.pem", "another TPM"),
        ("some words\nx:error:4:tpm2::cannot sign::-1:2306", "cannot sign"),
        ("other words", "other words"),
        ("x:tpm2::cannot sign: the TPM is in DA lockout mode", "locked for a while"),
        ("", "said nothing"),
    ],
)
def test_what_openssl_says_is_told_in_words(tmp_path: Path, said: str, means: str) -> None:
    program = tmp_path / "openssl"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(UpdateError, match=f"^the TPM cannot be used: .*{means}"):
        sign_with(tmp_path)


def sign_with(programs: Path) -> bytes:
    """With the openssl of that directory."""
    tpm = OpenSslTpm(environment={"PATH": f"{programs}:/usr/bin:/bin"})
    return tpm.sign(programs / PRIVATE, b"digest")


@pytest.mark.parametrize(
    ("act", "package"),
    [
        (lambda tpm: tpm.sign(Path("unit-key.pem"), b"digest"), "openssl"),
        (lambda tpm: tpm.make_key(), "tpm2-tools"),
    ],
)
def test_a_missing_program_is_told_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Tpm], bytes], package: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UpdateError, match=f"is missing: install {package}"):
        act(OpenSslTpm(environment={"PATH": str(tmp_path)}))


def test_a_computer_without_its_device_has_no_tpm(tmp_path: Path) -> None:
    device = tmp_path / "tpmrm0"
    environment = {"TPM2OPENSSL_TCTI": f"device:{device}"}
    assert find_tpm(environment) is None
    device.touch()
    assert find_tpm(environment) == OpenSslTpm(f"device:{device}", environment=environment)


def test_the_files_of_the_stand_in_are_like_real_ones() -> None:
    public = parse_tss2(REAL)
    assert parse_tss2(format_key(public)) == public
