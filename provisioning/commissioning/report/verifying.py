"""Is a report as it was signed, and by which key?

    sha256 = verify(directory)          # of the key that signed it; raises `ReportError`

Reads: the files of the directory. Writes: nothing.
Never: follows a name of the list out of the directory, or takes a file that is not in the list.
"""

import hashlib
import re
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.parsing.small_file import read_small_file
from appliance.wording.sentence import say
from ota.reporting.file_names import PUBLIC
from provisioning.commissioning.report.signing import MANIFEST, SIGNATURE
from provisioning.commissioning.report.writing import ReportError

LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]{0,99})")
MOST_BYTES, MOST_FILE_BYTES = 100_000, 200_000_000


def verify(directory: Path) -> str:
    """SHA-256 of the public key that signed it. Raises `ReportError`."""
    try:
        manifest, signature, public = (
            read_small_file(directory / name, MOST_BYTES) for name in (MANIFEST, SIGNATURE, PUBLIC)
        )
    except OSError as error:
        raise refuse(directory, say("it is not whole: {what}", what=str(error))) from error
    sha256 = verify_signature(directory, manifest, signature=signature, public=public)
    verify_files(directory, manifest)
    return sha256


def verify_signature(directory: Path, manifest: bytes, *, signature: bytes, public: bytes) -> str:
    """SHA-256 of the key."""
    try:
        key = serialization.load_pem_public_key(public)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TypeError(key)
        key.verify(signature, manifest, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        wrong = say("the signature is not of {file} and this key", file=MANIFEST)
        raise refuse(directory, wrong) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise refuse(directory, say("{file} is no such key", file=PUBLIC)) from error
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()


def verify_files(directory: Path, manifest: bytes) -> None:
    """Each file of the list as it was, and no other there."""
    lines = [LINE.fullmatch(line) for line in manifest.decode(errors="replace").splitlines()]
    if not lines or None in lines:
        raise refuse(directory, say("{file} is no list of files", file=MANIFEST))
    listed = {one[2]: one[1] for one in lines if one}
    for name, sha256 in listed.items():
        try:
            data = read_small_file(directory / name, MOST_FILE_BYTES)
        except OSError as error:
            raise refuse(directory, say("{file} cannot be read", file=name)) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise refuse(directory, say("{file} was changed", file=name))
    others = {one.name for one in directory.iterdir()} - {*listed, MANIFEST, SIGNATURE}
    if others:
        raise refuse(directory, say("{file} was added", file=min(others)))


def refuse(directory: Path, what: str) -> ReportError:
    return ReportError(
        say(
            "the report in {directory} is not as it was signed: {what}; ask whoever made it for "
            "another copy",
            directory=directory,
            what=what,
        )
    )
