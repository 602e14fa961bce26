"""A unit whose key is in a TPM: swtpm and tpm2-openssl of Debian 13, a real `fleet serve`.

What a sentence here says of a TPM was seen with a software one (docs/updates.md).
"""

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ota.fleet.claims.tokens import Wanted, make_token
from ota.reporting.file_names import AUTHORITY, PRIVATE, PUBLIC
from tests.conftest import ROOT
from tests.ota.fleet.test_serve import Served, served
from tests.real_pid1.needs import list_missing
from tests.real_tpm.environment import DATA, make_call
from tests.stand_ins.certificates import make_certificate

__all__ = ["served"]  # a fixture
DEBIAN = ROOT / "build/real-tpm/root"
MISSING = list_missing({"unshare": "util-linux", "nginx": "nginx-light", "openssl": "openssl"})
pytestmark = pytest.mark.skipif(
    bool(MISSING) or not DEBIAN.exists(), reason=f"needs `make test-tpm`, {MISSING}"
)
CALL_S = 120.0
POWER_CUTS = 5  # swtpm locks keys that count against guesses after three


@dataclass(frozen=True)
class Computer:
    """One with a TPM; each call is a boot of its own."""

    directory: Path
    served: Served

    def call(self, *words: str, tpm: str = "tpm") -> dict[str, Any]:
        command = make_call(DEBIAN, self.directory, f"{DATA}/{tpm}", *words)
        done = subprocess.run(command, capture_output=True, text=True, timeout=CALL_S, check=False)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def enter(self, name: str) -> dict[str, Any]:
        shutil.copy(self.served.authority, self.directory / "ca.pem")
        wanted = Wanted(name, "all", f"box-{name}")
        token = make_token(self.served.engine, wanted, datetime.now(UTC))
        return self.call("claim", f"{DATA}/{name}", *self.place, token)

    @property
    def place(self) -> tuple[str, str]:
        return f"https://127.0.0.1:{self.served.port}", f"{DATA}/ca.pem"

    def report(self, name: str, shown: str, *before: str) -> dict[str, Any]:
        return self.call(*before, "report", f"{DATA}/{name}", *self.place, f"{DATA}/{shown}")


@pytest.fixture
def computer(tmp_path: Path, served: Served) -> Computer:
    return Computer(tmp_path, served)


def test_the_key_is_in_the_tpm_and_stays_over_boots(computer: Computer) -> None:
    first = computer.call("key", f"{DATA}/unit")
    assert first["place"] == "TPM"
    assert computer.call("key", f"{DATA}/unit") == first
    path = computer.directory / "unit" / PRIVATE
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"BEGIN TSS2 PRIVATE KEY" in path.read_bytes()


def test_power_cuts_do_not_lock_the_key(computer: Computer) -> None:
    (computer.directory / "data").write_bytes(b"x")
    computer.call("key", f"{DATA}/unit")
    for _ in range(POWER_CUTS):
        found = computer.call("sign", f"{DATA}/unit", f"{DATA}/data")
        assert "error" not in found, found


def test_openssl_verifies_a_signature_of_the_tpm(computer: Computer) -> None:
    (computer.directory / "report.json").write_bytes(b"a report")
    computer.call("key", f"{DATA}/unit")
    found = computer.call("sign", f"{DATA}/unit", f"{DATA}/report.json")
    print(f"a signature: {found['signature_ms']:.1f} ms")
    public = computer.directory / "unit" / PUBLIC
    signature, data = computer.directory / "report.json.sig", computer.directory / "report.json"
    files = ["-verify", str(public), "-signature", str(signature), str(data)]
    words = ["openssl", "dgst", "-sha256", *files]
    assert b"Verified OK" in subprocess.run(words, capture_output=True, check=True).stdout


def test_a_unit_with_a_tpm_enters_and_reports_with_its_certificate(computer: Computer) -> None:
    assert computer.enter("tpm-1") == {"group": "all"}
    computer.enter("tpm-2")
    assert computer.report("tpm-1", "tpm-1")["trouble"] is None
    # The proxy sees the certificate: that of another unit is refused.
    found = computer.report("tpm-1", "tpm-2")
    assert found["reason_code"] == "wrong-certificate", found


def test_the_push_service_shows_the_certificate(computer: Computer, tmp_path: Path) -> None:
    computer.enter("tpm-3")
    (tmp_path / "broker").mkdir()
    made = make_certificate(tmp_path / "broker")
    shutil.copy(made.certificate, tmp_path / "broker.pem")
    authority = tmp_path / "tpm-3" / AUTHORITY
    with Greeter(made.certificate, made.key, authority) as port:
        found = computer.call("handshake", f"{DATA}/tpm-3", f"{DATA}/broker.pem", str(port))
    assert found["said"] == "box-tpm-3"
    print(f"loading {found['load_ms']:.1f} ms, a handshake {found['handshake_ms']:.1f} ms")


class Greeter:
    """A TLS server that takes clients of one authority, and tells them their common name."""

    def __init__(self, certificate: Path, key: Path, authority: Path) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.load_verify_locations(authority)
        self.listener = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> int:
        Thread(target=self.serve, daemon=True).start()
        return int(self.listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def serve(self) -> None:
        for plain in self.accept():
            with suppress(OSError), self.context.wrap_socket(plain, server_side=True) as over:
                subject: Any = (over.getpeercert() or {}).get("subject", ())
                over.sendall(dict(one[0] for one in subject)["commonName"].encode())

    def accept(self) -> Iterator[socket.socket]:
        with suppress(OSError):
            while True:
                yield self.listener.accept()[0]


def test_a_key_of_another_tpm_signs_nothing_and_stays(computer: Computer) -> None:
    computer.enter("tpm-4")
    path = computer.directory / "tpm-4" / PRIVATE
    before = path.read_bytes()
    (computer.directory / "data").write_bytes(b"x")
    found = computer.call("sign", f"{DATA}/tpm-4", f"{DATA}/data", tpm="another")
    assert found["reason_code"] == "unit-key-tpm"
    assert "of another TPM, the TPM was cleared" in found["error"]
    assert path.read_bytes() == before


def test_without_the_provider_no_report_is_signed_and_it_is_said_what_to_install(
    computer: Computer,
) -> None:
    computer.enter("tpm-5")
    path = computer.directory / "tpm-5" / PRIVATE
    before = path.read_bytes()
    found = computer.report("tpm-5", "tpm-5", "without-provider")
    assert "openssl has no provider tpm2: install tpm2-openssl" in found["error"]
    assert path.read_bytes() == before
    assert computer.report("tpm-5", "tpm-5")["trouble"] is None


def test_a_new_unit_whose_tpm_cannot_be_used_has_its_key_in_a_file(computer: Computer) -> None:
    found = computer.call("without-provider", "key", f"{DATA}/unit")
    assert found["place"] == "file"
    assert computer.call("key", f"{DATA}/unit") == found  # and keeps it
