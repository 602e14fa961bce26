"""What simulated VE.Direct devices have in common: how they put text and HEX on the line.

Reads: the plant. Writes: nothing. Source: "VE.Direct Protocol" 3.34, "BlueSolar HEX protocol MPPT".
Never: shares code with the driver's framing, in which the same mistake would then not be seen.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar

from power.protocol.register import Register, encode, encode_raw
from provisioning.simulated.lines.quirks import SILENCE
from provisioning.simulated.plant.plant import Plant

PING, PRODUCT, GET, ASYNC = 0x1, 0x4, 0x7, 0xA  # commands received, and what is sent unasked
DONE, UNKNOWN, ERROR, PONG = 0x1, 0x3, 0x4, 0x5  # commands of replies
NEW_LINE, ODD_END = b"\n", b"\xfe"
FLAG_OK, FLAG_UNKNOWN_ID = b"\x00", b"\x01"
FIRMWARE_VERSION = b"\x16\x41"  # in the reply to a ping
QUIET_BLOCKS = 3  # that old firmware leaves out after HEX
EVERY_THIRD = 3
ASYNC_HEX, SPLIT_BLOCKS, BAD_CHECKSUM = "async-hex", "split-blocks", "bad-checksum"
OLD_FIRMWARE, ODD_HEX_END, NO_TEMPERATURE = "old-firmware", "odd-hex-end", "no-temperature"

Words = Sequence[tuple[str, str]]


class VeDirectDevice(ABC):
    """The far end of one VE.Direct line; `share` is its part of the plant."""

    QUIRKS: ClassVar[Mapping[str, str]] = {
        SILENCE: "never sends",
        ASYNC_HEX: "sends HEX lines unasked, also in the middle of its text",
        SPLIT_BLOCKS: "sends its history in every other block",
        BAD_CHECKSUM: "every third block has a wrong digit",
        NO_TEMPERATURE: "has no temperature sensor",
    }
    registers: ClassVar[tuple[Register, ...]] = ()
    product: ClassVar[int]
    sends_every_s: float | None = 1.0

    def __init__(
        self,
        plant: Plant,
        quirks: Collection[str] = (),
        device_id: int | None = None,
        share: float = 1.0,
    ) -> None:
        self.plant = plant
        self.quirks = frozenset(quirks)
        self.device_id = 1 if device_id is None else device_id
        self.share = share
        self.set_up: dict[str, float] = {}  # what somebody has set it to, by register name
        self._sent_count = 0
        self._quiet = 0

    @abstractmethod
    def live_words(self) -> Words:
        """The labels that it sends each second."""

    @abstractmethod
    def history_words(self) -> Words:
        """The labels of its history."""

    def register_values(self) -> Mapping[str, float]:
        """What HEX registers hold, by row name; one that is left out is not available."""
        return {}

    @property
    def one_block(self) -> bool:
        """Whether the history is in the same block."""
        return True

    @property
    def silent(self) -> bool:
        return SILENCE in self.quirks or self.plant.battery_voltage_v <= 0

    # --- the far end of a line --------------------------------------------------------

    def find_request_size(self, begun: bytes) -> int | None:
        """A line from `:` to its end; anything before that is discarded."""
        colon = begun.find(b":")
        if colon != 0:
            return len(begun) if colon < 0 else colon
        end = begun.find(NEW_LINE)
        return None if end < 0 else end + 1

    def respond(self, request: bytes) -> bytes | None:
        if self.silent or not request.startswith(b":"):
            return None
        if OLD_FIRMWARE in self.quirks:
            self._quiet = QUIET_BLOCKS
        reply = self._build_reply(parse_hex_request(request))
        return self._build_unasked_line() + reply if ASYNC_HEX in self.quirks else reply

    def send_unasked(self) -> bytes:
        if self.silent:
            return b""
        self._quiet -= 1
        if self._quiet >= 0:
            return b""
        self._sent_count += 1
        return b"".join(
            self._apply_quirks(build_text_block(words)) for words in self._build_blocks()
        )

    # --- text --------------------------------------------------------------------------------

    def _build_blocks(self) -> list[Words]:
        live, history = self.live_words(), self.history_words()
        if SPLIT_BLOCKS in self.quirks:
            return [live if self._sent_count % 2 else history]
        return [[*live, *history]] if self.one_block else [live, history]

    def _apply_quirks(self, block: bytes) -> bytes:
        if BAD_CHECKSUM in self.quirks and self._sent_count % EVERY_THIRD == 0:
            block = corrupt_digit(block)
        if ASYNC_HEX not in self.quirks:
            return block
        # Between two lines, within a value, and behind the checksum.
        places = (block.find(b"\r\n", 2), block.find(b"\t") + 2 + self._sent_count % 3, len(block))
        return insert_hex_lines(block, [self._build_unasked_line()] * len(places), places)

    def _build_unasked_line(self) -> bytes:
        voltage = round(100 * self.plant.battery_voltage_v).to_bytes(2, "little")
        return build_hex_line(ASYNC, b"\xd5\xed\x00" + voltage, self._end)

    # --- HEX ---------------------------------------------------------------------------------

    @property
    def _end(self) -> bytes:
        return ODD_END if ODD_HEX_END in self.quirks else NEW_LINE

    def _build_reply(self, request: tuple[int, bytes] | None) -> bytes:
        if request is None:
            return build_hex_line(ERROR, b"\xaa\xaa", self._end)
        command, data = request
        if command == PING:
            return build_hex_line(PONG, FIRMWARE_VERSION, self._end)
        if command == PRODUCT:
            return build_hex_line(DONE, self.product.to_bytes(2, "little"), self._end)
        if command == GET and len(data) == 3:
            return build_hex_line(GET, data[:2] + self._register(data[:2]), self._end)
        return build_hex_line(UNKNOWN, bytes([command]), self._end)

    def _register(self, number: bytes) -> bytes:
        """Flags and content of a register."""
        values = {**self.register_values(), **self.set_up}
        for row in self.registers:
            if row.address == int.from_bytes(number, "little"):
                if row.name in values:
                    return FLAG_OK + encode(row, values[row.name])
                if row.absent:
                    return FLAG_OK + encode_raw(row.kind, row.absent[0])
        return FLAG_UNKNOWN_ID


def build_text_block(words: Words) -> bytes:
    """Labels and values with their checksum."""
    lines = "".join(f"\r\n{label}\t{word}" for label, word in words)
    body = f"{lines}\r\nChecksum\t".encode("ascii")
    total = 0
    for byte in body:
        total += byte
    return body + bytes([(256 - total) & 0xFF])


def build_hex_line(command: int, data: bytes = b"", end: bytes = NEW_LINE) -> bytes:
    """One HEX line with its check byte."""
    check = 0x55 - command
    for byte in data:
        check -= byte
    digits = "".join(f"{byte:02X}" for byte in (*data, check & 0xFF))
    return f":{command:X}{digits}".encode("ascii") + end


def parse_hex_request(line: bytes) -> tuple[int, bytes] | None:
    """Command and data of a line that came in; None where it is damaged."""
    try:
        digits = line.decode("ascii").strip(":\n")
        numbers = [int(digits[:1], 16), *bytes.fromhex(digits[1:])]
    except ValueError:
        return None
    if len(numbers) < 2 or sum(numbers) & 0xFF != 0x55:
        return None
    return numbers[0], bytes(numbers[1:-1])


def insert_hex_lines(block: bytes, lines: Iterable[bytes], places: Iterable[int]) -> bytes:
    """The block with HEX lines pushed in at these places."""
    for place, line in sorted(zip(places, lines, strict=True), reverse=True):
        block = block[:place] + line + block[place:]
    return block


def corrupt_digit(block: bytes) -> bytes:
    """The block with one digit of its voltage wrong, and the checksum as it was."""
    place = block.find(b"\r\nV\t")
    if place < 0:
        return block[:-1] + bytes([block[-1] ^ 0x20])
    place += len(b"\r\nV\t") + 1
    wrong = (block[place] - ord("0") + 1) % 10 + ord("0")
    return block[:place] + bytes([wrong]) + block[place + 1 :]
