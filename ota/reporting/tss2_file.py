"""The file of a key of a TPM, and its public half: no TPM is asked.

    public = parse_tss2(pem)             # of "-----BEGIN TSS2 PRIVATE KEY-----"
    pem = format_tss2(public, private)   # as the TPM has given them

The file is ASN.1 (DER): type, [0] whether it needs a password, parent, TPM2B_PUBLIC, TPM2B_PRIVATE.
The last one is encrypted to its TPM.

Reads and writes: nothing.
Never: takes another key than ECDSA P-256.
"""

import base64
import binascii
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import ec

from appliance.wording.sentence import say

BEGIN, END = b"-----BEGIN TSS2 PRIVATE KEY-----", b"-----END TSS2 PRIVATE KEY-----"
SEQUENCE, OCTETS = 0x30, 0x04
SHORT = 0x80  # lengths below it are one byte
ECC, P256, NOTHING, ECDSA = 0x0023, 0x0003, 0x0010, 0x0018  # TPM 2.0, part 2
COORDINATE_BYTES = 32
# 2.23.133.10.1.3 (a key to load), [0] TRUE (no password), parent 0x40000001 (the owner).
HEAD = bytes.fromhex("0606 6781050a0103 a003 0101ff 0204 40000001")


def is_tss2(data: bytes) -> bool:
    return data.lstrip().startswith(BEGIN)


def parse_tss2(data: bytes) -> ec.EllipticCurvePublicKey:
    """Raises `ValueError` where it is no such key."""
    body = data.partition(BEGIN)[2].partition(END)[0]
    try:
        der = base64.b64decode(b"".join(body.split()), validate=True)
        ((_, content),) = split(der)
        public = next(value for tag, value in split(content) if tag == OCTETS)
        return build_public(public)
    except (binascii.Error, IndexError, StopIteration) as error:
        raise ValueError(say("it is cut short")) from error


def format_tss2(public: bytes, private: bytes) -> bytes:
    """The file of a key without a password, below the parent that is made anew each time.
    `public`, `private`: TPM2B_PUBLIC and TPM2B_PRIVATE.
    """
    content = HEAD + encode(OCTETS, public) + encode(OCTETS, private)
    body = base64.encodebytes(encode(SEQUENCE, content))
    return BEGIN + b"\n" + body + END + b"\n"


def encode(tag: int, content: bytes) -> bytes:
    """DER, of up to 255 bytes."""
    length = bytes([len(content)]) if len(content) < SHORT else bytes([SHORT + 1, len(content)])
    return bytes([tag]) + length + content


def split(der: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of DER, one after the other: tag and content."""
    while der:
        tag, length, begin = der[0], der[1], 2
        if length >= SHORT:
            begin += length - SHORT
            length = int.from_bytes(der[2:begin])
        if len(der) < begin + length:
            raise ValueError(say("it is cut short"))
        yield tag, der[begin : begin + length]
        der = der[begin + length :]


def build_public(area: bytes) -> ec.EllipticCurvePublicKey:
    """From a TPM2B_PUBLIC: size, type, hash, attributes, policy, cipher, scheme, curve, point."""
    kind, rest = take_number(area[2:])
    _, rest = take_sized(rest[6:])
    symmetric, rest = take_number(rest)
    scheme, rest = take_number(rest)
    if scheme == ECDSA:
        rest = rest[2:]
    curve, rest = take_number(rest)
    if (kind, symmetric, curve) != (ECC, NOTHING, P256) or scheme not in (NOTHING, ECDSA):
        raise ValueError(say("it is of another kind"))
    x, rest = take_sized(rest[2:])
    y, _ = take_sized(rest)
    if max(len(x), len(y)) > COORDINATE_BYTES:
        raise ValueError(say("its point is too long"))
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
    return numbers.public_key()


def take_number(data: bytes) -> tuple[int, bytes]:
    """Two bytes, and what follows."""
    if len(data) < 2:
        raise ValueError(say("it is cut short"))
    return int.from_bytes(data[:2]), data[2:]


def take_sized(data: bytes) -> tuple[bytes, bytes]:
    """As many bytes as the two before them say, and what follows."""
    length, rest = take_number(data)
    if len(rest) < length:
        raise ValueError(say("it is cut short"))
    return rest[:length], rest[length:]
