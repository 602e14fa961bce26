"""The TPM of this computer, as far as one key is concerned: made in it, and used by it.

    tpm = find_tpm()                     # None where this computer has none
    pem = tpm.make_key()                 # PEM, "TSS2 PRIVATE KEY": useless without this TPM
    signature = tpm.sign(path, digest)   # path: of that PEM

`openssl` signs, with the provider tpm2 (Debian: tpm2-openssl), in a process of its own: the package
cryptography loads no keys of providers. The key is made by tpm2-tools: one that `openssl genpkey`
makes counts against guesses of passwords (no noDA), and a few power cuts lock it (decision 0065).

Reads: the key's file, /dev/tpmrm0. Writes: nothing that the TPM keeps.
Never: waits for the TPM longer than PATIENCE_S.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from appliance.wording.sentence import say
from ota.errors import UpdateError
from ota.reporting.tss2_file import format_tss2

CONNECTION = "TPM2OPENSSL_TCTI"  # read by the provider, too
USUAL = "device:/dev/tpmrm0"  # through the kernel's resource manager: many may use it at once
PATIENCE_S = 30.0
PROVIDERS = ("-provider", "tpm2", "-provider", "default")
LONGEST_TEXT, DIGEST_BYTES = 200, 32
TOOLS_CONNECTION = "TPM2TOOLS_TCTI"
QUIET = {"TSS2_LOG": "all+none"}
OWN = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda"
# The parent that the provider makes anew each time.
PARENT = ("-C", "o", "-G", "ecc256:aes128cfb", "-a", f"restricted|decrypt|{OWN}")
KEY = ("-G", "ecc256", "-a", f"sign|{OWN}")
PACKAGES = {"openssl": "openssl"}  # the other programs are those of tpm2-tools


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
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def make_key(self) -> bytes:
        with tempfile.TemporaryDirectory() as made:
            parent, public, private = (f"{made}/{name}" for name in ("p", "u", "r"))
            self._run("tpm2_createprimary", "-Q", *PARENT, "-c", parent)
            self._run("tpm2_create", "-Q", "-C", parent, *KEY, "-u", public, "-r", private)
            pem, path = format_tss2(read(public), read(private)), Path(made, "key.pem")
            path.write_bytes(pem)
            self.sign(path, bytes(DIGEST_BYTES))  # none that openssl cannot use
            return pem

    def sign(self, path: Path, digest: bytes) -> bytes:
        words = ("pkeyutl", *PROVIDERS, "-sign", "-inkey", str(path))
        signature = self._run("openssl", *words, given=digest)
        if not signature:
            raise make_error("openssl said nothing")
        return signature

    def _run(self, program: str, *words: str, given: bytes = b"") -> bytes:
        reached = {CONNECTION: self.connection, TOOLS_CONNECTION: self.connection}
        environment = {**self.environment, **QUIET, **reached}
        try:
            done = subprocess.run(
                [program, *words],
                input=given,
                capture_output=True,
                env=environment,
                timeout=PATIENCE_S,
                check=False,
            )
        except FileNotFoundError as error:
            package = PACKAGES.get(program, "tpm2-tools")
            raise make_error(f"{program} is missing: install {package}") from error
        except subprocess.TimeoutExpired as error:
            raise make_error(f"no answer within {PATIENCE_S:.0f} s: restart the unit") from error
        if done.returncode != 0:
            raise make_error(explain(done.stderr.decode(errors="replace")))
        return done.stdout


def read(path: str) -> bytes:
    return Path(path).read_bytes()


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
    if "DA lockout" in said:
        return (
            "it is locked for a while after power cuts, since this key counts against guesses of "
            "passwords; a key that was made by this program does not (`unitctl fleet key --new`)"
        )
    if "tcti:" in said or "tcti IO layer" in said:
        return (
            "it cannot be opened: root and the group tss may open /dev/tpmrm0, and nobody else; "
            "look whether it is there, and at its rights"
        )
    lines = [line for line in said.splitlines() if line.strip()]
    of_tpm = [line.partition("tpm2::")[2] for line in lines if "tpm2::" in line]
    return [*(of_tpm or lines), "its program said nothing"][0][-LONGEST_TEXT:]


def make_error(what: str) -> UpdateError:
    return UpdateError(say("the TPM cannot be used: {what}", what=what), "unit-key-tpm")
