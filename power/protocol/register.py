"""A register of a power device: how its raw bytes become a value, and back.

Reads and writes: nothing; pure. Drivers decode with a row, simulators encode with the same row.
Never: passes a value that is out of the row's range, and never turns "absent" into 0.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from appliance.model import Quality
from appliance.wording.counts import format_count

INPUT, HOLDING = 4, 3  # Modbus function codes that read input and holding registers
WORD_BYTES = 2


class Decoded(NamedTuple):
    """A value with its quality; `value` is None unless `quality` is OK.

    `age_s`: how much older than its poll it is, for values that are not requested at each poll.
    """

    value: float | None
    quality: Quality
    age_s: float = 0.0


UNREAD = Decoded(None, Quality.STALE)
ABSENT = Decoded(None, Quality.ABSENT)
IMPLAUSIBLE = Decoded(None, Quality.IMPLAUSIBLE)


class ByteOrder(Enum):
    """Which byte comes first on the wire."""

    BIG = "big"
    LITTLE = "little"
    LOW_WORD_FIRST = "low word first"  # big-endian words, the low word at the lower address


class Form(Enum):
    """How the bits make a number."""

    UNSIGNED = "unsigned"
    SIGNED = "two's complement"
    SIGN_MAGNITUDE = "sign and magnitude"
    HALF_FLOAT = "IEEE 754 binary16"


@dataclass(frozen=True, slots=True)
class Kind:
    """The shape of a raw value: how many bytes, and what they mean."""

    size: int
    form: Form = Form.UNSIGNED
    order: ByteOrder = ByteOrder.BIG


# fmt: off
U8            = Kind(1)
U16, S16      = Kind(2), Kind(2, Form.SIGNED)
U24           = Kind(3)
U32, S32      = Kind(4), Kind(4, Form.SIGNED)
SIGN_AND_7    = Kind(1, Form.SIGN_MAGNITUDE)  # bit 7 is the sign, 0x81 is -1
F16           = Kind(2, Form.HALF_FLOAT)
U32_LOW_FIRST = Kind(4, Form.UNSIGNED, ByteOrder.LOW_WORD_FIRST)
S32_LOW_FIRST = Kind(4, Form.SIGNED, ByteOrder.LOW_WORD_FIRST)
U16_LITTLE    = Kind(2, Form.UNSIGNED, ByteOrder.LITTLE)
S16_LITTLE    = Kind(2, Form.SIGNED, ByteOrder.LITTLE)
# fmt: on


@dataclass(frozen=True, slots=True)
class Register:
    """One row of a device's table; value = raw / scale + offset, in `unit`.

    Valid from `low` to `high`, else IMPLAUSIBLE. `absent` lists the raw values by which the device
    reports that it has no such value. `byte` is the place in the word at `address`, for a value
    that shares it.
    """

    function: int
    address: int
    kind: Kind
    scale: float
    low: float
    high: float
    unit: str
    name: str
    absent: tuple[int, ...] = ()
    offset: float = 0.0
    byte: int = 0


def decode_raw(kind: Kind, data: bytes) -> float:
    """The number in `data`, which must be as long as its kind; NaN where a half float is NaN."""
    if len(data) != kind.size:
        raise ValueError(f"{format_count(len(data), 'byte')} where {kind.size} are needed")
    if kind.form is Form.HALF_FLOAT:
        (number,) = struct.unpack(">e", data)
        return float(number)
    ordered = swap_words(data) if kind.order is ByteOrder.LOW_WORD_FIRST else data
    little = kind.order is ByteOrder.LITTLE
    raw = int.from_bytes(ordered, "little" if little else "big", signed=kind.form is Form.SIGNED)
    if kind.form is Form.SIGN_MAGNITUDE:
        sign = 1 << (8 * kind.size - 1)
        return -(raw - sign) if raw & sign else raw
    return raw


def encode_raw(kind: Kind, raw: float) -> bytes:
    """The inverse of `decode_raw`; a number too large for the bytes stays at their limit."""
    if kind.form is Form.HALF_FLOAT:
        return struct.pack(">e", raw if math.isnan(raw) else max(-65504.0, min(65504.0, raw)))
    bits = 8 * kind.size
    signed = kind.form is not Form.UNSIGNED
    highest = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1
    lowest = -highest - (kind.form is Form.SIGNED) if signed else 0
    whole = min(max(round(raw), lowest), highest)
    if kind.form is Form.SIGN_MAGNITUDE and whole < 0:
        whole = (1 << (bits - 1)) - whole
    whole %= 1 << bits
    data = whole.to_bytes(kind.size, "little" if kind.order is ByteOrder.LITTLE else "big")
    return swap_words(data) if kind.order is ByteOrder.LOW_WORD_FIRST else data


def swap_words(data: bytes) -> bytes:
    """The words of `data` in reverse order."""
    words = [data[place : place + WORD_BYTES] for place in range(0, len(data), WORD_BYTES)]
    return b"".join(reversed(words))


def decode(register: Register, data: bytes) -> Decoded:
    """The value in `data`; None and ABSENT or IMPLAUSIBLE where it is absent or out of range."""
    return convert_raw(register, decode_raw(register.kind, data))


def convert_raw(register: Register, raw: float) -> Decoded:
    """The value of a raw number; None and ABSENT or IMPLAUSIBLE where it is absent or out of
    range.
    """
    if math.isnan(raw) or raw in register.absent:
        return ABSENT
    value = raw / register.scale + register.offset
    if not register.low <= value <= register.high:
        return IMPLAUSIBLE
    return Decoded(value, Quality.OK)


def encode(register: Register, value: float) -> bytes:
    """The bytes that a device sends for `value`, rounded to its scale. For simulators."""
    return encode_raw(register.kind, (value - register.offset) * register.scale)


def decode_block(
    registers: Sequence[Register], function: int, address: int, data: bytes, step: int = WORD_BYTES
) -> dict[str, Decoded]:
    """All registers that lie whole in one reply of `data` from `address` on.

    `step` is the number of bytes between two addresses. A pair of which only one word is in the
    reply is left out: words of two replies may belong to two instants, and the number that they
    make never existed (a torn read).
    """
    values = {}
    for row in registers:
        first = (row.address - address) * step + row.byte
        if row.function == function and first >= 0 and first + row.kind.size <= len(data):
            values[row.name] = decode(row, data[first : first + row.kind.size])
    return values


def select_registers(
    registers: Sequence[Register], function: int, address: int, size: int, step: int = WORD_BYTES
) -> tuple[Register, ...]:
    """The registers that a reply of `size` bytes from `address` on brings whole."""
    return tuple(
        row
        for row in registers
        if row.function == function
        and row.address >= address
        and (row.address - address) * step + row.byte + row.kind.size <= size
    )


def prefer_known(preferred: Decoded, other: Decoded) -> Decoded:
    """The first of two sources that has a value; with none, the first that there is at all, with
    its quality: what a source keeps back is not absent because another one is.
    """
    if preferred.value is None and (other.value is not None or preferred.quality is Quality.ABSENT):
        return other
    return preferred
