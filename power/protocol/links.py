"""Links to one device: blocks are requested as Modbus, as SunSpec, or in frames of its own.

Reads: replies, through power/protocol/bus. Writes: requests to read.
Never: depends on a device. A protocol is one row of LINK_FACTORIES; a device names its row.
"""

import struct
from collections.abc import Mapping
from typing import Protocol

from appliance.clock import Clock
from appliance.wording.sentence import say
from power.protocol.bus import ByteLine, Lines, ModbusReader
from power.protocol.framing import ydt1363
from power.protocol.framing.daly_a5 import DalyA5Framing
from power.protocol.framing.jbd import JbdFraming
from power.protocol.framing.vedirect import VeDirectFraming
from power.protocol.line_place import SerialForm
from power.protocol.profile import Block, Profile
from power.protocol.register import ABSENT, UNREAD, WORD_BYTES, ByteOrder, Decoded, Register, decode
from power.protocol.sunspec import SunSpecLink, SunSpecLinkFactory


class Link(Protocol):
    """One device on a line. Every call raises NoAnswer, WrongFrame or ExceptionAnswer."""

    def read_raw(self, block: Block) -> bytes:
        """The content of the reply to `block`, without its frame."""

    def read(self, block: Block) -> Mapping[str, Decoded]:
        """The decoded values of `block`, by register name."""

    def read_by_words(self, row: Register) -> Decoded:
        """A 32-bit value of a device that gives only one word at a time."""


class LinkFactory(Protocol):
    """One protocol: makes the links of its devices."""

    def make_link(
        self,
        lines: Lines,
        profile: Profile,
        port: str,
        device_id: int,
        form: SerialForm | None = None,
    ) -> Link:
        """The link to the device with that id at `port`; nothing is opened yet.

        `form`: how the bytes run there; None: as is usual for the model.
        """


class ModbusLink:
    """A Modbus device on a bus."""

    def __init__(self, profile: Profile, bus: ModbusReader, device_id: int) -> None:
        self._profile = profile
        self.bus = bus
        self.device_id = device_id
        shift = profile.reply_id_shift
        self._reply_id = device_id + shift if shift else None

    def read(self, block: Block) -> Mapping[str, Decoded]:
        return self._profile.decode(block, self.read_raw(block))

    def read_by_words(self, row: Register) -> Decoded:
        """High, low, high word: valid only if both reads of the high word agree."""
        step = WORD_BYTES // self._profile.step
        first, second = row.address, row.address + step
        low_first = row.kind.order is ByteOrder.LOW_WORD_FIRST
        high, low = (second, first) if low_first else (first, second)
        high_word = self._read_word(row.function, high)
        low_word = self._read_word(row.function, low)
        if self._read_word(row.function, high) != high_word:
            return UNREAD
        return decode(row, low_word + high_word if low_first else high_word + low_word)

    def _read_word(self, function: int, address: int) -> bytes:
        return self.read_raw(Block(function, address, 1))

    def read_raw(self, block: Block) -> bytes:
        words = self.bus.read(
            block.function, block.address, block.count, self.device_id, self._reply_id
        )
        return struct.pack(f">{len(words)}H", *words)


class ModbusLinkFactory:
    """Modbus RTU on serial ports and bridges, Modbus TCP elsewhere."""

    def make_link(
        self,
        lines: Lines,
        profile: Profile,
        port: str,
        device_id: int,
        form: SerialForm | None = None,
    ) -> Link:
        bus = lines.modbus(
            port, form or profile.serial, timeout_s=profile.timeout_s, gap_s=profile.gap_s
        )
        return ModbusLink(profile, bus, device_id)


class Framing(Protocol):
    """How a request becomes bytes, and how its reply is found among the bytes received. Pure.

    `named_by_reply`: a reply shows which request it answers.
    """

    named_by_reply: bool

    def build_request(self, block: Block, device_id: int) -> bytes:
        """The request; empty where the device sends unasked."""

    def find_reply(
        self, received: bytes, block: Block, device_id: int, *, final: bool
    ) -> bytes | None:
        """The reply's content; None while it may still come (`final`: no more bytes will).

        Raises `DamagedReply` for bytes that cannot become the reply, `RefusedReply` for a complete
        reply that refuses.
        """


class FramedLink:
    """A device with frames of its own on a line."""

    def __init__(self, profile: Profile, framing: Framing, line: ByteLine, device_id: int) -> None:
        self._profile = profile
        self._framing = framing
        self.line = line
        self.device_id = device_id

    def read(self, block: Block) -> Mapping[str, Decoded]:
        return self._profile.decode(block, self.read_raw(block))

    def read_raw(self, block: Block) -> bytes:
        request = self._framing.build_request(block, self.device_id)

        def find(received: bytes, *, final: bool) -> bytes | None:
            return self._framing.find_reply(received, block, self.device_id, final=final)

        return self.line.exchange(
            request,
            find,
            say("{block} of id {device_id}", block=block, device_id=self.device_id)
            if request
            else str(block),
            named_by_reply=self._framing.named_by_reply,
            device=self.device_id,
        )

    def read_by_words(self, row: Register) -> Decoded:  # noqa: ARG002  (its values come whole)
        return ABSENT


class FramedLinkFactory:
    """A protocol with frames of its own."""

    def __init__(self, framing: Framing) -> None:
        self.framing = framing

    def make_link(
        self,
        lines: Lines,
        profile: Profile,
        port: str,
        device_id: int,
        form: SerialForm | None = None,
    ) -> Link:
        line = lines.bytewise(
            port, form or profile.serial, timeout_s=profile.timeout_s, gap_s=profile.gap_s
        )
        return FramedLink(profile, self.framing, line, device_id)


LINK_FACTORIES: dict[str, LinkFactory] = {
    "Modbus": ModbusLinkFactory(),
    "JBD": FramedLinkFactory(JbdFraming()),
    "VE.Direct": FramedLinkFactory(VeDirectFraming()),
    "SunSpec": SunSpecLinkFactory(),
    "Pylontech": FramedLinkFactory(ydt1363.PYLONTECH),
    "Pace": FramedLinkFactory(ydt1363.PACE),
    "Seplos v2": FramedLinkFactory(ydt1363.SEPLOS_V2),
    "Daly A5": FramedLinkFactory(DalyA5Framing()),
}

HIGHEST_ID = 255
MODBUS = ("Modbus", "SunSpec")
YDT1363 = ("Pylontech", "Pace", "Seplos v2")


def make_sibling_link(link: Link, *, own: Profile, sibling: Profile, clock: Clock) -> Link | None:
    """The way to ask the device behind `link` as if it were a `sibling`, on the same line at the
    same id; None where that one has frames of another kind.
    """
    if own.protocol in MODBUS and sibling.protocol in MODBUS:
        assert isinstance(link, ModbusLink | SunSpecLink)
        if sibling.protocol == "SunSpec":
            return SunSpecLink(sibling, link.bus, link.device_id, clock)
        if not 0 <= link.device_id + sibling.reply_id_shift <= HIGHEST_ID:
            return None
        return ModbusLink(sibling, link.bus, link.device_id)
    one_family = own.protocol in YDT1363 and sibling.protocol in YDT1363
    factory = LINK_FACTORIES.get(sibling.protocol)
    if not isinstance(factory, FramedLinkFactory) or not isinstance(link, FramedLink):
        return None
    if own.protocol != sibling.protocol and not one_family:
        return None
    return FramedLink(sibling, factory.framing, link.line, link.device_id)
