"""The list of a report's files with their SHA-256, signed with the unit's own key.

    files = sign_files({"report.en.html": data, ...}, key)   # with the list, signature and key

MANIFEST.sha256       as `sha256sum` writes and checks it
MANIFEST.sha256.sig   ECDSA P-256 over its SHA-256, DER: `openssl dgst -sha256 -verify`
unit-key.pub.pem      the public key, PEM
VERIFY.txt            the commands

Reads and writes: nothing; the private key stays where it is.
Never: says that the key in the directory is the unit's: that is compared with what the fleet knows.
"""

import hashlib
from collections.abc import Mapping
from typing import Protocol

from ota.reporting.file_names import PUBLIC

MANIFEST, SIGNATURE, HOW = "MANIFEST.sha256", "MANIFEST.sha256.sig", "VERIFY.txt"
TEXT = """\
How to check that this report is as the unit signed it. With OpenSSL and GNU coreutils, in this
directory:

    openssl dgst -sha256 -verify {public} -signature {signature} {manifest}
    sha256sum --check --strict {manifest}

The first prints "Verified OK", the second "OK" for each file. A key in this directory proves
nothing of itself: compare its SHA-256 with the one that the fleet's server, or the owner of the
unit, knows:

    openssl pkey -pubin -in {public} -outform DER | sha256sum
    {sha256}

On a unit:

    unitctl provision report --verify DIRECTORY
"""


class Key(Protocol):
    """The unit's own key: ota.reporting.unit_key.UnitKey."""

    def sign(self, data: bytes) -> bytes:
        """DER."""

    @property
    def sha256(self) -> str:
        """Of the public half, hex."""

    def format_public(self) -> bytes:
        """PEM."""


def sign_files(files: Mapping[str, bytes], key: Key) -> dict[str, bytes]:
    """The files, and what proves them."""
    how = TEXT.format(public=PUBLIC, signature=SIGNATURE, manifest=MANIFEST, sha256=key.sha256)
    whole = {**files, PUBLIC: key.format_public(), HOW: how.encode()}
    manifest = format_manifest(whole)
    return {**whole, MANIFEST: manifest, SIGNATURE: key.sign(manifest)}


def format_manifest(files: Mapping[str, bytes]) -> bytes:
    """A line for each file, by name."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()
