"""A private key in a file: PEM (PKCS#8), mode 0600, with a passphrase or without.

Reads and writes: the key file.
Never: overwrites a file that is there.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner, SSlibKey

from ota.disk import naming
from ota.release.errors import ReleaseError

MOST_BYTES = 64 * 1024
PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey


def make_key_file(path: Path, passphrase: str = "") -> SSlibKey:
    """A new Ed25519 key; returns its public half. Raises `OSError`, also where the file exists."""
    key = Ed25519PrivateKey.generate()
    lock: KeySerializationEncryption = NoEncryption()
    if passphrase:
        lock = BestAvailableEncryption(passphrase.encode())
    write_secret_file(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    return SSlibKey.from_crypto(key.public_key())


def write_secret_file(path: Path, data: bytes) -> None:
    """A new file that only its owner may read, on the disk when the call returns."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with naming(path), open(handle, "wb") as file:
        os.fchmod(handle, 0o600)
        file.write(data)
        file.flush()
        os.fsync(handle)
    try:
        os.link(part, path)  # fails where a key stands already
    except PermissionError:
        raise ReleaseError(
            f"{path} was not made: its file system (FAT?) has no owners, so that everybody could "
            "read the key; name a file on another one"
        ) from None
    finally:
        part.unlink()
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(directory)
    os.close(directory)


def open_key_file(path: Path, ask_passphrase: Callable[[], str]) -> CryptoSigner:
    """What signs with the key of that file."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    key = decrypt_key(path, data, ask_passphrase)
    return CryptoSigner(key, SSlibKey.from_crypto(key.public_key()))


def decrypt_key(path: Path, data: bytes, ask_passphrase: Callable[[], str]) -> PrivateKey:
    is_locked = b"ENCRYPTED" in data
    try:
        found = load_pem_private_key(data, ask_passphrase().encode() if is_locked else None)
    except UnsupportedAlgorithm as error:
        raise ReleaseError(f"the key in {path} is of a kind that is not used: {error}") from None
    except ValueError:
        raise ReleaseError(describe_unreadable(path, is_locked=is_locked)) from None
    if isinstance(found, EllipticCurvePrivateKey) and not isinstance(found.curve, SECP256R1):
        raise ReleaseError(f"the key in {path} is on another curve than P-256; use one on P-256")
    if not isinstance(found, Ed25519PrivateKey | EllipticCurvePrivateKey):
        raise ReleaseError(
            f"the key in {path} is neither Ed25519 nor ECDSA P-256; use one of these"
        )
    return found


def describe_unreadable(path: Path, *, is_locked: bool) -> str:
    if is_locked:
        return f"the key in {path} does not open: the passphrase is wrong, or the file is damaged"
    return f"{path} holds no private key in PEM (PKCS#8); name another file, or take its copy"
