"""Entering without a link: a signed request to carry to the fleet, and its answer back.

    content = make_request(files, directory, serial, now)    # unitctl fleet claim --offline FILE
    place = take_answer(files, directory, content, Carried(serial), now)

A file is one signed document: the signature in base64, a line end, JSON. An answer names the number
of the request that it answers, and that request's box and key; the unit takes it once.

Reads: the unit's key. Writes: claim-request.json, what entry.py keeps.
Never: holds a secret: who finds such a file can enter nothing with it.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from appliance import strict_json
from appliance.strict_json import InputError
from ota.errors import TrustError, UpdateError
from ota.files import Files, replace
from ota.reporting.entry import Expected, Place, keep, parse
from ota.reporting.file_names import ASKED
from ota.reporting.unit_key import read_key

FORMAT = 1
REQUEST, ANSWER = "claim-request", "claim-answer"
NUMBER_BYTES, LONGEST_NUMBER, LONGEST_SERIAL, LONGEST_PEM = 16, 40, 80, 8000
MOST_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True)
class Carried:
    """`serial`: of this box."""

    serial: str
    expected: Expected = field(default_factory=Expected)


def pack(tree: dict[str, Any], sign: Callable[[bytes], bytes]) -> bytes:
    """`sign`: from bytes to a signature, DER."""
    data = json.dumps(tree, indent=1, sort_keys=True).encode() + b"\n"
    return base64.b64encode(sign(data)) + b"\n" + data


def unpack(content: bytes, kind: str) -> tuple[dict[str, Any], bytes, bytes]:
    """The document of a file, its bytes and its signature. Raises `InputError`."""
    first, _, data = content.partition(b"\n")
    try:
        signature = base64.b64decode(first, validate=True)
    except binascii.Error:
        raise InputError("it does not begin with a signature") from None
    tree = strict_json.parse_object(data, most_bytes=MOST_BYTES)
    if tree.get("kind") != kind or tree.get("format") != FORMAT:
        raise InputError(f"it is no {kind} of format {FORMAT}")
    return tree, data, signature


def make_request(files: Files, directory: Path, serial: str, now: datetime) -> bytes:
    """The file to carry. A request that waits already keeps its number. Raises `UpdateError`,
    `OSError`.
    """
    key = read_key(files, directory)
    number = read_asked(files, directory) or secrets.token_hex(NUMBER_BYTES)
    replace(files, directory / ASKED, json.dumps({"number": number}).encode())
    tree = {
        "format": FORMAT,
        "kind": REQUEST,
        "number": number,
        "serial": serial,
        "public_key": key.format_public().decode(),
        "at": now.isoformat(timespec="seconds"),
    }
    return pack(tree, key.sign)


def read_asked(files: Files, directory: Path) -> str | None:
    """The number of the request that waits for its answer; None where none does."""
    with suppress(OSError, InputError, KeyError):
        data = files.read(directory / ASKED, most_bytes=MOST_BYTES)
        tree = strict_json.parse_object(data, most_bytes=MOST_BYTES)
        return strict_json.require_text(tree["number"], "number", LONGEST_NUMBER) or None
    return None


def take_answer(
    files: Files, directory: Path, content: bytes, own: Carried, now: datetime
) -> Place:
    """Raises `UpdateError`, `TrustError`, `OSError`; then nothing was kept."""
    key = read_key(files, directory)
    try:
        tree, data, signature = unpack(content, ANSWER)
        pem = strict_json.require_text(tree["authority"], "authority", LONGEST_PEM)
        require_signed(parse(pem, "authority"), data, signature)
        require_answer(tree, read_asked(files, directory), own.serial)
        place = keep(files, directory, key, tree, own.expected, now)
    except (InputError, KeyError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UpdateError(
            f"this is no answer of a fleet, or it was cut: {what}; copy the file again; `fleet "
            "claim UNIT --request FILE` writes it",
            "answer-invalid",
        ) from error
    files.remove(directory / ASKED)
    files.sync_directory(directory)
    return place


def require_signed(authority: x509.Certificate, data: bytes, signature: bytes) -> None:
    """By the authority that it names. Raises `TrustError`."""
    public = authority.public_key()
    try:
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise InvalidSignature
        public.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise TrustError(
            "the answer was changed after the fleet has signed it: nothing was kept; copy it again "
            "from where it was made",
            "answer-changed",
        ) from None


def require_answer(tree: dict[str, Any], asked: str | None, serial: str) -> None:
    """That it is for this box, and for the request that waits. Raises `TrustError`."""
    meant = strict_json.require_text(tree["serial"], "serial", LONGEST_SERIAL)
    if meant != serial:
        raise TrustError(
            f"this answer is for the box with the serial {meant}, and this one is {serial}: "
            "nothing was kept; take the file of this box",
            "answer-other-unit",
        )
    if asked is None:
        raise TrustError(
            "no request of this unit waits for an answer: this one was taken already, or the "
            "request was never made; make one with `unitctl fleet claim --offline FILE`",
            "answer-replayed",
        )
    if tree["number"] != asked:
        raise TrustError(
            "this answer is for an older request of this unit: nothing was kept; have the newest "
            "request answered",
            "answer-replayed",
        )
