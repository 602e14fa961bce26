"""How the blocks of a device's plan are asked for: as Modbus, or in the device's own frames.

Reads: replies, through power/bus.py. Writes: requests to read.
Never: knows a device. A protocol is a line in WIRES; a device names one.
"""

import struct
from collections.abc import Mapping
from typing import Protocol

from power.protocol.bus import ByteLine, Lines
from power.protocol.errors import Bus
from power.protocol.framing import ydt1363
from power.protocol.framing.daly_a5 import DalyA5Framing
from power.protocol.framing.jbd import JbdFraming
from power.protocol.framing.vedirect import VeDirect
from power.protocol.profile import Block, Profile
from power.protocol.register import ABSENT, UNREAD, WORD_BYTES, Decoded, Order, Register, decode
from power.protocol.sunspec import SunSpecWire


class Link(Protocol):
    """The way to one device. All of it raises NoAnswer, WrongFrame or ExceptionAnswer."""

    def raw(self, block: Block) -> bytes:
        """The content of the reply to `block`, without its frame."""

    def read(self, block: Block) -> Mapping[str, Decoded]:
        """The values that `block` brings."""

    def read_by_words(self, row: Register) -> Decoded:
        """A 32-bit value of a device that gives only one word at a time."""


class Wire(Protocol):
    """One protocol."""

    def link(self, lines: Lines, profile: Profile, port: str, device_id: int) -> Link:
        """The way to the device with that id at `port`; nothing is opened yet."""


class ModbusLink:
    """A Modbus device on a bus."""

    def __init__(self, profile: Profile, bus: Bus, device_id: int) -> None:
        self._profile = profile
        self._bus = bus
        self._device_id = device_id
        shift = profile.reply_id_shift
        self._reply_id = device_id + shift if shift else None

    def read(self, block: Block) -> Mapping[str, Decoded]:
        return self._profile.decode(block, self.raw(block))

    def read_by_words(self, row: Register) -> Decoded:
        """High, low, high: believed only if both reads of the high word agree."""
        step = WORD_BYTES // self._profile.step
        first, second = row.address, row.address + step
        low_first = row.kind.order is Order.LOW_WORD_FIRST
        high, low = (second, first) if low_first else (first, second)
        before = self._word(row.function, high)
        under = self._word(row.function, low)
        if self._word(row.function, high) != before:
            return UNREAD
        return decode(row, under + before if low_first else before + under)

    def _word(self, function: int, address: int) -> bytes:
        return self.raw(Block(function, address, 1))

    def raw(self, block: Block) -> bytes:
        words = self._bus.read(
            block.function, block.address, block.count, self._device_id, self._reply_id
        )
        return struct.pack(f">{len(words)}H", *words)


class ModbusWire:
    """Modbus RTU on serial ports, Modbus TCP elsewhere."""

    def link(self, lines: Lines, profile: Profile, port: str, device_id: int) -> Link:
        bus = lines.modbus(port, profile.serial, profile.timeout_s, profile.gap_s)
        return ModbusLink(profile, bus, device_id)


class Framing(Protocol):
    """How a request is put on a line, and how its reply is found among the bytes. Pure."""

    def ask(self, block: Block, device_id: int) -> bytes:
        """The request; nothing where the device talks by itself."""

    def find(self, heard: bytes, block: Block, device_id: int, over: bool) -> bytes | None:
        """The reply's content; None while it may still come (`over`: no more bytes will).

        Raises `Damaged` for what cannot become the reply, `Refused` for a whole reply that says no.
        """


class FramedLink:
    """A device with frames of its own."""

    def __init__(self, profile: Profile, framing: Framing, line: ByteLine, device_id: int) -> None:
        self._profile = profile
        self._framing = framing
        self._line = line
        self._device_id = device_id

    def read(self, block: Block) -> Mapping[str, Decoded]:
        return self._profile.decode(block, self.raw(block))

    def raw(self, block: Block) -> bytes:
        request = self._framing.ask(block, self._device_id)

        def find(heard: bytes, over: bool) -> bytes | None:
            return self._framing.find(heard, block, self._device_id, over)

        return self._line.exchange(request, find, str(block))

    def read_by_words(self, row: Register) -> Decoded:  # noqa: ARG002  (its values come whole)
        return ABSENT


class FramedWire:
    """A protocol with frames of its own."""

    def __init__(self, framing: Framing) -> None:
        self.framing = framing

    def link(self, lines: Lines, profile: Profile, port: str, device_id: int) -> Link:
        line = lines.bytewise(port, profile.serial, profile.timeout_s, profile.gap_s)
        return FramedLink(profile, self.framing, line, device_id)


WIRES: dict[str, Wire] = {
    "Modbus": ModbusWire(),
    "JBD": FramedWire(JbdFraming()),
    "VE.Direct": FramedWire(VeDirect()),
    "SunSpec": SunSpecWire(),
    "Pylontech": FramedWire(ydt1363.PYLONTECH),
    "Pace": FramedWire(ydt1363.PACE),
    "Seplos v2": FramedWire(ydt1363.SEPLOS_V2),
    "Daly A5": FramedWire(DalyA5Framing()),
}
