"""The unit's own key, with which it signs its reports: ECDSA P-256, made once.

    key = read_key(files, directory)     # unit-key.pem (mode 0600), unit-key.pub.pem beside it
    key.sign(data)                       # DER, as `openssl dgst -sha256 -sign` makes it

Where the computer has a TPM a new key is made in it, and unit-key.pem is of use to this TPM alone.
A key that is there stays what it is.

Reads and writes: these two files, through `Files`; the TPM.
Never: makes a new key in the place of one that cannot be read: it is who the unit is.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.wording.sentence import say
from ota.errors import UpdateError
from ota.files import Files, replace
from ota.reporting.file_names import PRIVATE, PUBLIC
from ota.reporting.tpm import Tpm, find_tpm
from ota.reporting.tss2_file import is_tss2, parse_tss2

OWNER_ONLY = 0o600
MOST_BYTES = 4096


class UnitKey(Protocol):
    """`place`: where the private half is, "file" or "TPM"."""

    place: str

    @property
    def public(self) -> ec.EllipticCurvePublicKey:
        """The public half."""

    def sign(self, data: bytes) -> bytes:
        """The signature over SHA-256 of `data`, in DER. Raises `UpdateError`."""

    @property
    def sha256(self) -> str:
        """What names the key: SHA-256 of its public half (SubjectPublicKeyInfo, DER), hex."""
        return hashlib.sha256(self._format(serialization.Encoding.DER)).hexdigest()

    def format_public(self) -> bytes:
        """The public key in PEM, for whoever receives reports."""
        return self._format(serialization.Encoding.PEM)

    def _format(self, encoding: serialization.Encoding) -> bytes:
        return self.public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True)
class FileKey(UnitKey):
    private: ec.EllipticCurvePrivateKey
    place: str = "file"

    @property
    def public(self) -> ec.EllipticCurvePublicKey:
        return self.private.public_key()

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class TpmKey(UnitKey):
    """`path`: of the file that the TPM, None where it is gone, makes the key of."""

    own_public: ec.EllipticCurvePublicKey
    path: Path
    tpm: Tpm | None
    place: str = "TPM"

    @property
    def public(self) -> ec.EllipticCurvePublicKey:
        return self.own_public

    def sign(self, data: bytes) -> bytes:
        if self.tpm is None:
            raise UpdateError(
                say(
                    "{path} is a key of a TPM, and this computer shows none: no report is "
                    "signed; switch the TPM on in the firmware, or look at /dev/tpmrm0",
                    path=self.path,
                ),
                "unit-key-tpm",
            )
        return self.tpm.sign(self.path, hashlib.sha256(data).digest())


def read_key(files: Files, directory: Path, tpm: Tpm | None = None) -> UnitKey:
    """The key of the unit; made where there is none. `tpm`: None for that of this computer, if it
    has one. Raises `UpdateError`, `OSError`.
    """
    path = directory / PRIVATE
    tpm = tpm or find_tpm()
    if PRIVATE not in files.list_names(directory):
        replace(files, path, make_private(tpm), mode=OWNER_ONLY)
    key = load_key(files, path, tpm)
    keep_public(files, directory, key)
    return key


def keep_public(files: Files, directory: Path, key: UnitKey) -> None:
    """Beside the private one, for whoever carries it."""
    public, path = key.format_public(), directory / PUBLIC
    if files.measure(path) is None or files.read(path, most_bytes=MOST_BYTES) != public:
        replace(files, path, public)


def make_private(tpm: Tpm | None) -> bytes:
    """A new key: in the TPM, else a file's. A TPM that cannot be used keeps no unit from its
    reports.
    """
    if tpm is not None:
        try:
            return make_in_tpm(tpm)
        except UpdateError:
            pass
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def make_in_tpm(tpm: Tpm) -> bytes:
    """A new key whose file this program can read. Raises `UpdateError`."""
    made = tpm.make_key()
    try:
        parse_tss2(made)
    except ValueError as error:
        raise UpdateError(
            say("the TPM's new key cannot be read ({error}); nothing was changed", error=error),
            "unit-key-tpm",
        ) from error
    return made


def load_key(files: Files, path: Path, tpm: Tpm | None) -> UnitKey:
    """Raises `UpdateError` where the file holds no such key."""
    data = files.read(path, most_bytes=MOST_BYTES)
    try:
        if is_tss2(data):
            return TpmKey(parse_tss2(data), path, tpm)
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise make_error(path) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise make_error(path)
    return FileKey(key)


def make_error(path: Path) -> UpdateError:
    return UpdateError(
        say(
            "{path} is no ECDSA P-256 key: no report is signed; put a copy back, or remove it, "
            "so that a new one is made, and tell whoever receives reports the new {public}",
            path=path,
            public=PUBLIC,
        ),
        "unit-key",
    )
