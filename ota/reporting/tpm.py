"""The TPM of this computer, as far as one key is concerned: made in it, and used by it.

    tpm = find_tpm()                     # None where this computer has none
    pem = tpm.make_key()                 # PEM, "TSS2 PRIVATE KEY": useless without this TPM
    signature = tpm.sign(path, digest)   # path: of that PEM

Both are done by the program `openssl` with the provider tpm2 (Debian: tpm2-openssl), in a process
of its own: the package cryptography loads no keys of providers.

Reads: the key's file, /dev/tpmrm0. Writes: nothing that the TPM keeps.
Never: waits for the TPM longer than PATIENCE_S.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ota.errors import UpdateError

CONNECTION = "TPM2OPENSSL_TCTI"  # read by the provider, too
USUAL = "device:/dev/tpmrm0"  # through the kernel's resource manager: many may use it at once
PATIENCE_S = 30.0
PROVIDERS = ("-provider", "tpm2", "-provider", "default")
LONGEST_TEXT = 200
QUIET = {"TSS2_LOG": "all+none"}


class Tpm(Protocol):
    """All raise `UpdateError` with what the TPM, or `openssl`, says."""

    def make_key(self) -> bytes:
        """A new key ECDSA P-256 as a "TSS2 PRIVATE KEY", PEM."""

    def sign(self, path: Path, digest: bytes) -> bytes:
        """The signature over a SHA-256 digest with the key in `path`, DER."""


@dataclass(frozen=True, slots=True)
class OpenSslTpm:
    """`connection`: a TCTI of tpm2-tss, such as "device:/dev/tpmrm0"."""

    connection: str = USUAL
    program: str = "openssl"
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def make_key(self) -> bytes:
        words = ("genpkey", *PROVIDERS, "-propquery", "?provider=tpm2")
        return self._run(*words, "-algorithm", "EC", "-pkeyopt", "group:P-256")

    def sign(self, path: Path, digest: bytes) -> bytes:
        return self._run("pkeyutl", *PROVIDERS, "-sign", "-inkey", str(path), given=digest)

    def _run(self, *words: str, given: bytes = b"") -> bytes:
        environment = {**self.environment, **QUIET, CONNECTION: self.connection}
        try:
            done = subprocess.run(
                [self.program, *words],
                input=given,
                capture_output=True,
                env=environment,
                timeout=PATIENCE_S,
                check=False,
            )
        except FileNotFoundError as error:
            raise make_error("the program openssl is missing: install openssl") from error
        except subprocess.TimeoutExpired as error:
            raise make_error(f"no answer within {PATIENCE_S:.0f} s: restart the unit") from error
        if done.returncode != 0 or not done.stdout:
            raise make_error(explain(done.stderr.decode(errors="replace")))
        return done.stdout


def find_tpm(environment: Mapping[str, str] | None = None) -> OpenSslTpm | None:
    """The TPM that the environment names, else /dev/tpmrm0; None where there is none."""
    given = os.environ if environment is None else environment
    connection = given.get(CONNECTION) or USUAL
    kind, _, device = connection.partition(":")
    if kind == "device" and not Path(device).exists():
        return None
    return OpenSslTpm(connection, environment=dict(given))


def explain(said: str) -> str:
    """What openssl's lines mean, and what to do."""
    if "Could not find private key" in said:
        return (
            "it does not take this key: the key is of another TPM, the TPM was cleared, or the "
            "file is damaged; put the mainboard or a copy of the file back, or enter the fleet "
            "anew with a new key (`unitctl fleet key --new`)"
        )
    if "could not load the shared library" in said:
        return "openssl has no provider tpm2: install tpm2-openssl"
    if "tcti:" in said:
        return (
            "it cannot be opened: root and the group tss may open /dev/tpmrm0, and nobody else; "
            "look whether it is there, and at its rights"
        )
    lines = [line for line in said.splitlines() if line.strip()]
    return (lines[-1] if lines else "openssl said nothing")[-LONGEST_TEXT:]


def make_error(what: str) -> UpdateError:
    return UpdateError(f"the TPM cannot be used: {what}", "unit-key-tpm")
