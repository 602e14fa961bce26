"""Modbus requests and replies as bytes, without frames: the simulator's own codec.

Reads and writes: nothing; pure.
Never: shared with the driver's library, so that an error in one cannot hide in the other.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

READ_COILS, READ_BITS, READ_HOLDING, READ_INPUT = 1, 2, 3, 4
IDENTIFY, IDENTIFY_KIND = 0x2B, 0x0E
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
MOST_WORDS = 125  # Modbus application protocol 6.3, 6.4


class SimulatedDevice(Protocol):
    """A Modbus device without its line."""

    @property
    def device_id(self) -> int:
        """The id that it is asked by."""

    @property
    def reply_id(self) -> int:
        """The id on its replies; of nearly all devices the same."""

    def answers_to(self, device_id: int) -> bool:
        """Whether a request to that id is for this device."""

    def answer(self, pdu: bytes) -> bytes | None:
        """The reply PDU to a request PDU; None: it stays silent."""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A request for `count` words or bits."""

    function: int
    address: int
    count: int


def parse_read_request(pdu: bytes) -> ReadRequest | None:
    """The read that `pdu` asks for, or None where it is of another kind or length."""
    if len(pdu) != 5 or pdu[0] not in (READ_COILS, READ_BITS, READ_HOLDING, READ_INPUT):
        return None
    return ReadRequest(*struct.unpack(">BHH", pdu))


def build_read(function: int, address: int, count: int) -> bytes:
    """The PDU of a read request."""
    return struct.pack(">BHH", function, address, count)


def parse_words(pdu: bytes) -> tuple[int, ...]:
    """The 16-bit words that a reply PDU carries."""
    return struct.unpack(f">{pdu[1] // 2}H", pdu[2:])


def build_bits_reply(function: int, bits: Sequence[bool]) -> bytes:
    """The PDU that carries bits, the first in the lowest place."""
    packed = sum(1 << place for place, bit in enumerate(bits) if bit)
    size = (len(bits) + 7) // 8
    return bytes([function, size]) + packed.to_bytes(size, "little")


def build_exception_reply(function: int, number: int) -> bytes:
    """The PDU that refuses."""
    return bytes([function | 0x80, number])


def build_identity_reply(parts: Sequence[str]) -> bytes:
    """The PDU of function 2B 0E that names maker, product and version (basic, all in one)."""
    reply = bytes([IDENTIFY, IDENTIFY_KIND, 1, 1, 0, 0, len(parts)])
    for number, text in enumerate(parts):
        reply += bytes([number, len(text)]) + text.encode("latin-1")
    return reply
