r"""Frames of ANSI/SIA DC-09-2021 (SIA-DCS) to a monitoring station, and its answers. Pure.

    message = SiaMessage("BA", "a person at the gate", account="1234", sequence=7, at=utc)
    frame = build(message, key)
    answer = parse_answer(reply, message, key)         # Reply.ACK, .DUH, .NAK

LF, CRC (4 hex digits), length, then "SIA-DCS", sequence, L0, #account, [data], _time, CR. With an
AES key the token is "*SIA-DCS" and all behind the bracket is AES-CBC with an IV of zeros, padded
in front to whole blocks. A message without a code is a link test: "NULL", sequence 0000, no data.

Reads and writes: nothing.
Never: sends; takes an answer whose CRC is wrong; or, with a key, an ACK that was made without it.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK_BYTES = 16
MOST_TEXT = 200  # characters; receivers cut what is longer
FRAME = re.compile(
    rb'\n?(?P<crc>[0-9A-Fa-f]{4})(?P<length>[0-9A-Fa-f]{4})"(?P<star>\*?)(?P<id>ACK|NAK|DUH|RSP)"'
    rb"(?P<sequence>[0-9]{4})[^\[]*\[(?P<rest>[^\r\n]*)"
)
TIME = re.compile(rb"_(\d\d:\d\d:\d\d,\d\d-\d\d-\d{4})")
PAD = "0123456789abcdefghijklmnopqrstuvwxyz"
LINK_TEST = "0000"


class Reply(Enum):
    """What a station answers: it has it, it cannot take it, it does not know this kind."""

    ACK = "ACK"
    NAK = "NAK"
    DUH = "DUH"
    NONE = ""


@dataclass(frozen=True, slots=True)
class SiaMessage:
    """`code`: two letters of SIA DC-03, "" for a link test. `sequence`: of what goes to this
    station, any number; the same in a repetition. `at`: UTC, when it is sent.
    """

    code: str
    text: str
    account: str
    sequence: int
    at: datetime

    @property
    def number(self) -> str:
        """The sequence as a frame has it: 0001 to 9999, 0000 for a link test."""
        return f"{(self.sequence - 1) % 9999 + 1:04d}" if self.code else LINK_TEST


def build(message: SiaMessage, key: bytes | None = None) -> bytes:
    """A whole frame. `key`: 16, 24 or 32 bytes for AES, None for plain text."""
    token = f'"{"*" if key else ""}{"SIA-DCS" if message.code else "NULL"}"'
    time = f"_{message.at:%H:%M:%S,%m-%d-%Y}"
    data = f"#{message.account}|Nri0/{message.code}^{clean(message.text)}^]"
    if not message.code:
        data = "]"
    inside = f"{data}{time}" if key is None else encrypt(data + time, key)
    return frame(f"{token}{message.number}L0#{message.account}[{inside}".encode("ascii"))


def frame(body: bytes) -> bytes:
    """`body` with what stands around it."""
    return b"\n%04X%04X%b\r" % (find_crc(body), len(body), body)


def clean(text: str) -> str:
    """`text` in ASCII, without what ends a field."""
    plain = text.encode("ascii", "replace").decode().translate(str.maketrans("[]|^\r\n", "()/'  "))
    return plain[:MOST_TEXT]


def encrypt(data: str, key: bytes) -> str:
    """Upper-case hex of the padded data. The padding holds neither bracket nor bar."""
    missing = -(len(data) + 1) % BLOCK_BYTES
    pad = "".join(secrets.choice(PAD) for _ in range(missing))
    encryptor = make_cipher(key).encryptor()
    return (encryptor.update(f"{pad}|{data}".encode("ascii")) + encryptor.finalize()).hex().upper()


def decrypt(data: bytes, key: bytes) -> bytes:
    """What stands behind the bracket of an encrypted frame; b"" where it is not of whole blocks."""
    try:
        blocks = bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return b""
    if len(blocks) % BLOCK_BYTES:
        return b""
    decryptor = make_cipher(key).decryptor()
    return decryptor.update(blocks) + decryptor.finalize()


def make_cipher(key: bytes) -> Cipher[CBC]:
    return Cipher(AES(key), CBC(bytes(BLOCK_BYTES)))


def parse_answer(answer: bytes, message: SiaMessage, key: bytes | None = None) -> Reply:
    """What a station says to `message`; NONE where it is no answer to it. A NAK has no number of
    its own.
    """
    found = FRAME.match(answer)
    if found is None or not is_whole(answer, found):
        return Reply.NONE
    reply = Reply(found["id"].decode()) if found["id"] != b"RSP" else Reply.ACK
    if reply is Reply.ACK and key is not None and not is_by_key(found, key):
        return Reply.NONE
    own = found["sequence"].decode() == message.number
    return reply if own or reply is Reply.NAK else Reply.NONE


def find_station_time(answer: bytes) -> str:
    """The station's clock in a NAK, as it writes it (UTC): month before day; "" without one."""
    found = TIME.search(answer)
    return "" if found is None else found[1].decode()


def is_by_key(found: re.Match[bytes], key: bytes) -> bool:
    """Whether who answers has the key: the time stands readable in what it has encrypted."""
    return found["star"] == b"*" and TIME.search(decrypt(found["rest"], key)) is not None


def is_whole(answer: bytes, found: re.Match[bytes]) -> bool:
    """Whether length and CRC are those of what stands behind them."""
    body = answer[found.start("length") + 4 :].rstrip(b"\r\n")
    return int(found["length"], 16) == len(body) and int(found["crc"], 16) == find_crc(body)


def find_crc(body: bytes) -> int:
    """CRC-16 with the polynomial 0x8005, reflected, begun with 0 (DC-09, annex A)."""
    crc = 0
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
