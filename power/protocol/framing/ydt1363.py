r"""Frames of YD/T 1363, spoken by Pylontech, Pace and Seplos v2 packs: ASCII, two checks, lists.

Reads and writes: nothing; pure.
Never: asks a command that is not in its table (all of them only read), and never gives out a frame
with a wrong check, from another pack, or laid out as the answer to another command.

`~` VER ADR CID1 CID2 LENGTH INFO CHKSUM `\r`; each byte is two hexadecimal digits. An answer has a
return code in place of CID2, so only its layout tells which command it answers. INFO holds two
lists, of cells and of temperatures, each with its count in front. `find` returns INFO with both
lists filled up to their full length, so that every value has one place and a device is a table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from power.protocol.errors import Damaged, Refused
from power.protocol.profile import Block

SOI, EOI = b"~", b"\r"
BATTERY = 0x46  # CID1: lithium iron phosphate battery
DIGITS = re.compile(rb"[0-9A-Fa-f]+")
LENGTH_AT, INFO_AT, CHECK_DIGITS = 8, 12, 4  # in digits after SOI

# CID2 of what is asked. Others switch, set or erase; they must not stand here.
ANALOGUE, ALARMS, MAKER, MANAGEMENT, HARDWARE = 0x42, 0x44, 0x51, 0x92, 0xC1

HEAD_BYTES = 2  # INFOFLAG, and which pack it is about
MOST_CELLS, MOST_TEMPERATURES = 16, 8
NO_STATE, NO_VALUE = 0xFF, 0x8000  # stand in the lists for what the pack does not have
FILL = {1: NO_STATE.to_bytes(1, "big"), 2: NO_VALUE.to_bytes(2, "big")}

OK = 0x00
# The request was damaged on its way: that is the line's fault, and it is worth asking again.
REQUEST_DAMAGED = {0x02: "the request's checksum", 0x03: "the check of the request's length"}
REFUSALS = {
    0x01: "it speaks another version of the protocol",
    0x04: "it does not know this command",
    0x05: "it does not take this form of the command",
    0x06: "it does not take this value",
    0x07: "it has no such data",
    0x09: "it could not do this",
    0x90: "it has no such address",
    0x91: "it failed inside",
    0xE1: "it is another kind of device",
    0xE2: "it could not do this",
    0xE3: "it has a fault",
    0xE4: "it is not allowed",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How one command is asked and answered.

    `width`: bytes for each cell and each temperature; 0 where there are no lists. `rests`: how many
    bytes may follow the lists; none: any number. `own`: the request names the pack in its INFO too.
    """

    rests: tuple[int, ...] = ()
    width: int = 0
    own: bool = True


class Declined(Refused):
    """A whole answer that says no; `why` is its return code in words."""

    word = "return code"

    def __init__(self, number: int) -> None:
        super().__init__(number, REFUSALS[number])


class Frame(NamedTuple):
    """What stands in a frame whose checks are right."""

    version: int
    device_id: int
    kind: int
    code: int
    info: bytes


class YdtFraming:
    """One maker's use of the protocol: its version, and the commands that its packs answer."""

    def __init__(self, version: int, shapes: Mapping[int, Shape]) -> None:
        self.version = version
        self.shapes = shapes

    def ask(self, block: Block, device_id: int) -> bytes:
        info = f"{device_id:02X}" if self.shapes[block.function].own else ""
        body = f"{self.version:02X}{device_id:02X}{BATTERY:02X}{block.function:02X}"
        body += f"{length_field(len(info)):04X}{info}"
        return SOI + f"{body}{checksum(body.encode()):04X}".encode() + EOI

    def find(self, heard: bytes, block: Block, device_id: int, over: bool) -> bytes | None:
        wrong: Damaged | None = None
        for piece in heard.split(SOI)[1:]:
            body, end, _ = piece.partition(EOI)
            if not end:
                continue
            try:
                return self._content(opened(body), self.shapes[block.function], device_id)
            except Damaged as error:
                wrong = error  # the right one may stand behind it
        if over and wrong:
            raise wrong
        return None

    def _content(self, frame: Frame, shape: Shape, device_id: int) -> bytes:
        if (frame.version, frame.device_id, frame.kind) != (self.version, device_id, BATTERY):
            raise Damaged(
                f"from pack {frame.device_id} with version {frame.version:02X}, "
                f"not pack {device_id} with version {self.version:02X}"
            )
        if frame.code in REQUEST_DAMAGED:
            raise Damaged(f"the pack says that {REQUEST_DAMAGED[frame.code]} was wrong")
        if frame.code in REFUSALS:
            raise Declined(frame.code)
        if frame.code != OK:  # the echo of a request looks so: its command stands in that place
            raise Damaged(f"{frame.code:02X} is no return code: it may be a request")
        return filled(frame.info, shape)


def opened(body: bytes) -> Frame:
    """What stands between SOI and EOI; raise `Damaged` where a check of it is wrong."""
    if len(body) % 2 or len(body) < INFO_AT + CHECK_DIGITS or not DIGITS.fullmatch(body):
        raise Damaged("it is no frame of hexadecimal digits")
    info = body[INFO_AT:-CHECK_DIGITS]
    if int(body[-CHECK_DIGITS:], 16) != checksum(body[:-CHECK_DIGITS]):
        raise Damaged("its checksum is wrong")
    if int(body[LENGTH_AT:INFO_AT], 16) != length_field(len(info)):
        raise Damaged("its length is wrong")
    version, device_id, kind, code = bytes.fromhex(body[:LENGTH_AT].decode())
    return Frame(version, device_id, kind, code, bytes.fromhex(info.decode()))


def filled(info: bytes, shape: Shape) -> bytes:
    """INFO with its lists at full length; raise `Damaged` where it is not laid out as `shape`."""
    if not shape.width:
        return with_rest(b"", info, shape)
    fixed, place = info[:HEAD_BYTES], HEAD_BYTES
    for most in (MOST_CELLS, MOST_TEMPERATURES):
        count = info[place] if place < len(info) else most + 1
        end = place + 1 + count * shape.width
        if count > most or end > len(info):
            raise misfit(info)
        fixed += info[place:end] + FILL[shape.width] * (most - count)
        place = end
    return with_rest(fixed, info[place:], shape)


def with_rest(fixed: bytes, rest: bytes, shape: Shape) -> bytes:
    """The lists and what follows them, if it is as long as it must be."""
    if shape.rests and len(rest) not in shape.rests:
        raise misfit(rest)
    return fixed + rest


def misfit(info: bytes) -> Damaged:
    return Damaged(f"{len(info)} bytes of content are laid out in another way than this model's")


def checksum(digits: bytes) -> int:
    """CHKSUM of what stands between SOI and itself."""
    return -sum(digits) & 0xFFFF


def length_field(digits: int) -> int:
    """LENGTH of an INFO of so many digits: LCHKSUM and LENID."""
    return (-((digits >> 8) + (digits >> 4 & 15) + (digits & 15)) & 15) << 12 | digits


# fmt: off
PYLONTECH = YdtFraming(0x20, {  # RS485 protocol, low voltage, V3.3: 2 or 4 user defined items
    ANALOGUE:   Shape((11, 17), width=2),
    ALARMS:     Shape((8, 9), width=1),  # 9 in all captures: one more than the document names
    MANAGEMENT: Shape((10,)),
    MAKER:      Shape(own=False),
})
PACE = YdtFraming(0x25, {
    ANALOGUE:   Shape((13,), width=2),
    ALARMS:     Shape((12,), width=1),
    HARDWARE:   Shape(own=False),
})
SEPLOS_V2 = YdtFraming(0x20, {  # Communication Protocol V2.0: 10 user defined items, 20 bit alarms
    ANALOGUE:   Shape((27,), width=2),
    ALARMS:     Shape((23,), width=1),
    MAKER:      Shape(own=False),
})
# fmt: on
