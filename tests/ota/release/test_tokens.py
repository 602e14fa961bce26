"""Keys on a token: SoftHSM stands in for one; what it signs is checked by OpenSSL as well."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import SSlibKey

from ota.release.errors import ReleaseError
from ota.release.keys.token_signer import TokenSigner, read_public_key
from ota.release.keys.token_uri import parse_token_uri
from tests.ota.release.conftest import Desk

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
MODULE = next((path for path in MODULES if Path(path).exists()), "")
PIN = "4711"
pytestmark = pytest.mark.skipif(
    not MODULE or not shutil.which("pkcs11-tool"),
    reason="needs the Debian packages softhsm2 and opensc",
)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A token with three keys; what stands before the label in their URIs."""
    directory = tmp_path_factory.mktemp("token")
    (directory / "tokens").mkdir()
    configuration = directory / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {directory}/tokens\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(configuration))
        make = ["softhsm2-util", "--init-token", "--free", "--label", "releases"]
        run(*make, "--pin", PIN, "--so-pin", "12345678")
        for number, label in enumerate(("root-1", "targets-1", "targets-2"), start=1):
            generate_key(label, number, "EC:prime256v1")
        generate_key("other", 9, "EC:secp384r1")
        yield "pkcs11:token=releases;object="


def generate_key(label: str, number: int, kind: str) -> None:
    login = ["--module", MODULE, "--token-label", "releases", "--login", "--pin", PIN]
    run(
        "pkcs11-tool",
        *login,
        "--keypairgen",
        "--key-type",
        kind,
        "--label",
        label,
        "--id",
        f"0{number}",
    )


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def make_uri(token: str, label: str) -> str:
    return f"{token}{label}?module-path={MODULE}"


def test_openssl_accepts_what_a_token_signs(token: str, tmp_path: Path) -> None:
    uri = parse_token_uri(make_uri(token, "targets-1"))
    public = read_public_key(uri)
    signature = TokenSigner(uri, public, lambda: PIN).sign(b"what is signed")
    public.verify_signature(signature, b"what is signed")
    pem = public._crypto_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for name, data in (
        ("key.pem", pem),
        ("signature", bytes.fromhex(signature.signature)),
        ("data", b"what is signed"),
    ):
        (tmp_path / name).write_bytes(data)
    verify = ("openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "data")
    subprocess.run(verify, check=True, cwd=tmp_path, capture_output=True)


def test_a_release_is_signed_with_a_token(token: str, empty_desk: Desk) -> None:
    desk, pin, bad = empty_desk, empty_desk.directory / "pin", empty_desk.directory / "bad"
    pin.write_text(f"{PIN}\n")
    bad.write_text("0815\n")
    tokens = [
        word
        for name in ("root-1", "targets-1")
        for word in ("--token", f"{name}={make_uri(token, name)}", "--secret", f"{name}={pin}")
    ]
    desk.do("init", desk.fleet, "--bins", 2, *tokens)
    assert not (desk.fleet / "keys/targets-1.pem").exists()
    desk.build("r1", 1)
    wrong = desk.type("release", "sign", "r1", "--secret", f"targets-1={bad}")
    assert "the PIN is wrong" in wrong.err
    assert "no terminal" in desk.type("release", "sign", "r1").err
    desk.do("release", "sign", "r1", "--secret", f"targets-1={pin}")
    desk.do("release", "publish", "r1")
    assert "releases: r1" in desk.verify()
    new = make_uri(token, "targets-2")
    (desk.fleet / "keys/root-3.pem").unlink()
    said = desk.do("keys", "rotate", "targets-1", "--token", new, "--secret", pin)
    assert "it holds from now on" in said
    assert "releases: r1" in desk.verify()
    assert PIN not in (desk.fleet / "fleet.json").read_text()


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("pkcs11:token=other;object=targets-1?module-path=MODULE", "no such token"),
        ("pkcs11:token=releases;object=none?module-path=MODULE", "no such EC key"),
        ("pkcs11:token=releases;object=other?module-path=MODULE", "not on P-256"),
        ("pkcs11:token=releases;object=targets-1?module-path=/none.so", "/none.so"),
        ("pkcs11:token=releases;object=targets-1", "does not say which key"),
        ("pkcs11:object=a;pin-value=1?module-path=MODULE", "pin-value, which is not used"),
    ],
)
def test_a_key_that_cannot_be_used_is_said_in_one_sentence(
    token: str, uri: str, words: str
) -> None:
    with pytest.raises(ReleaseError, match=words):
        read_public_key(parse_token_uri(uri.replace("MODULE", MODULE)))


def test_the_id_of_a_key_is_that_of_securesystemslib(token: str) -> None:
    public = read_public_key(parse_token_uri(make_uri(token, "root-1")))
    assert SSlibKey.from_crypto(public._crypto_key()).keyid == public.keyid
    assert len(public.keyid) == hashlib.sha256().digest_size * 2
