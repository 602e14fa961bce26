"""A register of a power device: how its raw 16-bit words become a value, and back.

Reads and writes: nothing; pure. Drivers decode with a row, simulators encode with the same row.
Never: passes a value that is out of the row's range, and never turns "absent" into 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from appliance.model import Quality

INPUT, HOLDING = 4, 3  # Modbus function codes that read input and holding registers
WORD = 0x10000


class Decoded(NamedTuple):
    """A value and how far it may be believed; `value` is None unless `quality` is OK."""

    value: float | None
    quality: Quality


UNREAD = Decoded(None, Quality.STALE)
ABSENT = Decoded(None, Quality.ABSENT)
IMPLAUSIBLE = Decoded(None, Quality.IMPLAUSIBLE)


@dataclass(frozen=True, slots=True)
class Kind:
    """The shape of a raw value: how many words, with a sign or not, which word comes first."""

    words: int
    signed: bool
    low_word_first: bool = False


U16 = Kind(1, signed=False)
S16 = Kind(1, signed=True)
U32 = Kind(2, signed=False)
S32 = Kind(2, signed=True)
U32_LOW_FIRST = Kind(2, signed=False, low_word_first=True)
S32_LOW_FIRST = Kind(2, signed=True, low_word_first=True)


@dataclass(frozen=True, slots=True)
class Register:
    """One row of a device's table; value = raw / scale, in `unit`, believed from `low` to `high`.

    `absent` lists the raw values with which the device says that it has no such value.
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

    @property
    def end(self) -> int:
        """The first address after this register."""
        return self.address + self.kind.words


def raw_of(kind: Kind, words: Sequence[int]) -> int:
    """The number in `words`, which must be as many as the kind says."""
    if len(words) != kind.words:
        raise ValueError(f"{len(words)} words where {kind.words} are needed")
    raw = 0
    for word in reversed(words) if kind.low_word_first else words:
        raw = raw * WORD + word
    span = WORD**kind.words
    return raw - span if kind.signed and raw >= span // 2 else raw


def words_of(kind: Kind, raw: int) -> tuple[int, ...]:
    """The inverse of `raw_of`; a number too large for the words stays at their limit."""
    span = WORD**kind.words
    lowest = -span // 2 if kind.signed else 0
    left = min(max(raw, lowest), lowest + span - 1) % span
    words = []
    for _ in range(kind.words):
        left, word = divmod(left, WORD)
        words.append(word)
    return tuple(words) if kind.low_word_first else tuple(reversed(words))


def decode(register: Register, words: Sequence[int]) -> Decoded:
    """The value in `words`; (None, why) where it is absent or out of the register's range."""
    raw = raw_of(register.kind, words)
    if raw in register.absent:
        return ABSENT
    value = raw / register.scale
    if not register.low <= value <= register.high:
        return IMPLAUSIBLE
    return Decoded(value, Quality.OK)


def encode(register: Register, value: float) -> tuple[int, ...]:
    """The words that a device sends for `value`, rounded to its scale. For simulators."""
    return words_of(register.kind, round(value * register.scale))


def decode_block(
    registers: Sequence[Register], function: int, address: int, words: Sequence[int]
) -> dict[str, Decoded]:
    """All registers that lie whole in one reply of `words` from `address` on.

    A pair of which only one word is in the reply is left out: words of two replies may belong to
    two instants, and the number that they make never existed (a torn read).
    """
    inside = registers_within(registers, function, address, len(words))
    return {
        row.name: decode(row, words[row.address - address : row.end - address]) for row in inside
    }


def registers_within(
    registers: Sequence[Register], function: int, address: int, count: int
) -> tuple[Register, ...]:
    """The registers that a request for `count` words from `address` brings whole."""
    return tuple(
        row
        for row in registers
        if row.function == function and address <= row.address and row.end <= address + count
    )


def either(preferred: Decoded, other: Decoded) -> Decoded:
    """The first of two sources that has a value; with none, what is wrong with the first."""
    return other if preferred.value is None and other.value is not None else preferred


def named(registers: Sequence[Register]) -> Mapping[str, Register]:
    """A device's table by name; two rows of one name are a mistake in the table."""
    table = {row.name: row for row in registers}
    if len(table) != len(registers):
        raise ValueError("two registers have one name")
    return table
