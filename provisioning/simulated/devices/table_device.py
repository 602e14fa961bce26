"""A simulated Modbus device made of its driver's table and of values: addresses, limits, refusals.

Reads: the plant, and the driver's register rows (rows only). Writes: nothing.
Never: takes a write, and never answers an address or a block that the real device would refuse.

Subclasses give the table, the address ranges that answer, and `values()` by register name.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import ClassVar

from power.protocol.register import WORD_BYTES, Register, encode
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.lines.quirks import SILENCE, TORN32
from provisioning.simulated.plant.plant import Plant

Range = tuple[int, int]  # first and last address that one request may span


class TableDevice(ABC):
    """The device core, without a line; the caller must advance `plant`.

    `share` is its part of the plant where several devices stand side by side. `set_up` holds what
    somebody has set it to, by register name, in place of its own values.
    """

    QUIRKS: ClassVar[Mapping[str, str]] = {
        SILENCE: "never answers",
        TORN32: "the high word of a pair is one request older than the low word",
    }
    registers: ClassVar[tuple[Register, ...]]
    ranges: ClassVar[Mapping[int, tuple[Range, ...]]]  # by function: 3 and 4
    step: ClassVar[int] = WORD_BYTES  # bytes between two addresses
    most_words: ClassVar[int] = codec.MOST_WORDS
    default_id: ClassVar[int] = 1
    reply_id_shift: ClassVar[int] = 0

    def __init__(
        self,
        plant: Plant,
        quirks: Collection[str] = (),
        device_id: int | None = None,
        share: float = 1.0,
    ) -> None:
        self.plant = plant
        self.share = share
        self.device_id = self.default_id if device_id is None else device_id
        self.quirks = frozenset(quirks)
        self.set_up: dict[str, float] = {}
        self._older: dict[int, bytes] = {}

    @abstractmethod
    def values(self) -> Mapping[str, float]:
        """The device's present values, by register name, in the rows' units.

        A row that is left out reads as zero bytes.
        """

    @property
    def silent(self) -> bool:
        """Whether it would not answer at all now."""
        return SILENCE in self.quirks

    def answers_to(self, device_id: int) -> bool:
        """Whether a request to that id is for this device."""
        return device_id == self.device_id

    @property
    def reply_id(self) -> int:
        """The id on its replies."""
        return self.device_id + self.reply_id_shift

    def answer(self, pdu: bytes) -> bytes | None:
        """The reply PDU; None where a real device would be silent."""
        if self.silent or not pdu:
            return None
        request = codec.parse_read_request(pdu)
        if request is None:
            return self.answer_other(pdu)
        if request.function in (codec.READ_HOLDING, codec.READ_INPUT):
            return self._answer_words(request)
        return self.answer_bits(request)

    def answer_other(self, pdu: bytes) -> bytes | None:
        """The reply to anything but a read; writes and unknown functions are refused."""
        return codec.build_exception_reply(pdu[0], codec.ILLEGAL_FUNCTION)

    def answer_bits(self, request: codec.ReadRequest) -> bytes | None:
        """The reply to a request for coils or discrete inputs."""
        return codec.build_exception_reply(request.function, codec.ILLEGAL_FUNCTION)

    def ranges_now(self, function: int) -> tuple[Range, ...]:
        """What answers to that function; a quirk may narrow it."""
        return self.ranges.get(function, ())

    def data(self) -> dict[tuple[int, int], bytes]:
        """Each row's bytes now, by (function, address in bytes)."""
        values = {**self.values(), **self.set_up}
        found = {}
        for row in self.registers:
            place = (row.function, row.address * self.step + row.byte)
            found[place] = self._tear_pair(
                row, place[1], encode(row, values.get(row.name, row.offset))
            )
        return found

    def _answer_words(self, request: codec.ReadRequest) -> bytes:
        per_word = WORD_BYTES // self.step
        last = request.address + (request.count - 1) * per_word
        if not self.ranges_now(request.function):
            return self.reject_function(request)
        within = any(
            low <= request.address and last <= high
            for low, high in self.ranges_now(request.function)
        )
        if not 1 <= request.count <= self.most_words or not within:
            return codec.build_exception_reply(request.function, codec.ILLEGAL_ADDRESS)
        first = request.address * self.step
        reply = bytearray(request.count * WORD_BYTES)
        for (function, place), data in self.data().items():
            for number, byte in enumerate(data, place - first):
                if function == request.function and 0 <= number < len(reply):
                    reply[number] = byte
        return bytes([request.function, len(reply)]) + bytes(reply)

    def reject_function(self, request: codec.ReadRequest) -> bytes:
        """The reply to function 03 or 04 where the device has no such registers."""
        return codec.build_exception_reply(request.function, codec.ILLEGAL_FUNCTION)

    def _tear_pair(self, row: Register, place: int, data: bytes) -> bytes:
        """A pair whose second word is one request older than its first, where that quirk is on."""
        if TORN32 not in self.quirks or row.kind.size != 2 * WORD_BYTES:
            return data
        older = self._older.get(place, data)
        self._older[place] = data
        return data[:WORD_BYTES] + older[WORD_BYTES:]
