r"""Frames of YD/T 1363, used by Pylontech, Pace and Seplos v2 packs: ASCII, two checks, lists.

Reads and writes: nothing; pure.
Never: sends a command that is not in its table (all of them only read), and never passes on a frame
with a wrong check, from another pack, or laid out as the reply to another command.

`~` VER ADR CID1 CID2 LENGTH INFO CHKSUM `\r`; each byte is two hexadecimal digits. An answer has a
return code in place of CID2, so only its layout shows which command it answers. INFO holds two
lists, of cells and of temperatures, each with its count in front. `find_reply` returns INFO with
both lists padded to their full length, so that every value has one place and a device is a table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from appliance.wording.counts import format_count
from appliance.wording.sentence import say
from power.protocol.errors import DamagedReply, RefusedReply
from power.protocol.profile import Block

SOI, EOI = b"~", b"\r"
BATTERY = 0x46  # CID1: lithium iron phosphate battery
DIGITS = re.compile(rb"[0-9A-Fa-f]+")
LENGTH_AT, INFO_AT, CHECK_DIGITS = 8, 12, 4  # in digits after SOI

# CID2 of the requests. Others switch, set or erase; they must not be added here.
ANALOGUE, ALARMS, LIMITS, MAKER, MANAGEMENT, HARDWARE = 0x42, 0x44, 0x47, 0x51, 0x92, 0xC1

HEAD_BYTES = 2  # INFOFLAG, and which pack it is about
MOST_CELLS, MOST_TEMPERATURES = 16, 8
NO_STATE, NO_VALUE = 0xFF, 0x8000  # stand in the lists for what the pack does not have
FILL = {1: NO_STATE.to_bytes(1, "big"), 2: NO_VALUE.to_bytes(2, "big")}

OK = 0x00
# The request was damaged on its way: a fault of the line, so another attempt makes sense.
REQUEST_DAMAGED = {
    0x02: say("the request's checksum"),
    0x03: say("the check of the request's length"),
}
REFUSALS = {
    0x01: say("it uses another version of the protocol"),
    0x04: say("it does not know this command"),
    0x05: say("it does not take this form of the command"),
    0x06: say("it does not take this value"),
    0x07: say("it has no such data"),
    0x09: say("it could not do this"),
    0x90: say("it has no such address"),
    0x91: say("it failed inside"),
    0xE1: say("it is another kind of device"),
    0xE2: say("it could not do this"),
    0xE3: say("it has a fault"),
    0xE4: say("it is not allowed"),
}


@dataclass(frozen=True, slots=True)
class CommandFormat:
    """How the request and the reply of one command are laid out.

    `width`: bytes for each cell and each temperature; 0 where there are no lists. `rest_lengths`:
    how many bytes may follow the lists; none: any number. `names_pack`: the request names the pack
    in its INFO too.
    """

    rest_lengths: tuple[int, ...] = ()
    width: int = 0
    names_pack: bool = True


class YdtRefusal(RefusedReply):
    """A complete reply that refuses; `reason` is its return code in words."""

    word = "return code"

    def __init__(self, number: int) -> None:
        super().__init__(number, REFUSALS[number])


class Frame(NamedTuple):
    """The content of a frame whose checks are right."""

    version: int
    device_id: int
    kind: int
    code: int
    info: bytes


class YdtFraming:
    """One maker's use of the protocol: its version, and the commands that its packs answer."""

    named_by_reply = False

    def __init__(self, version: int, shapes: Mapping[int, CommandFormat]) -> None:
        self.version = version
        self.formats = shapes

    def build_request(self, block: Block, device_id: int) -> bytes:
        info = f"{device_id:02X}" if self.formats[block.function].names_pack else ""
        body = f"{self.version:02X}{device_id:02X}{BATTERY:02X}{block.function:02X}"
        body += f"{encode_length(len(info)):04X}{info}"
        return SOI + f"{body}{compute_checksum(body.encode()):04X}".encode() + EOI

    def find_reply(
        self, received: bytes, block: Block, device_id: int, *, final: bool
    ) -> bytes | None:
        wrong: DamagedReply | None = None
        for piece in received.split(SOI)[1:]:
            body, end, _ = piece.partition(EOI)
            if not end:
                continue
            try:
                return self._check_frame(parse_frame(body), self.formats[block.function], device_id)
            except DamagedReply as error:
                wrong = error  # the right one may stand behind it
        if final and wrong:
            raise wrong
        return None

    def _check_frame(self, frame: Frame, form: CommandFormat, device_id: int) -> bytes:
        if (frame.version, frame.device_id, frame.kind) != (self.version, device_id, BATTERY):
            raise DamagedReply(
                say(
                    "from pack {device_id} with version {version}, not pack {wanted_id} with "
                    "version {wanted_version}",
                    device_id=frame.device_id,
                    version=f"{frame.version:02X}",
                    wanted_id=device_id,
                    wanted_version=f"{self.version:02X}",
                )
            )
        if frame.code in REQUEST_DAMAGED:
            raise DamagedReply(
                say(
                    "the pack reports that {part} was wrong",
                    part=REQUEST_DAMAGED[frame.code],
                )
            )
        if frame.code in REFUSALS:
            raise YdtRefusal(frame.code)
        if frame.code != OK:  # an echo of the request has its command in that place
            raise DamagedReply(
                say("{code} is no return code: it may be a request", code=f"{frame.code:02X}")
            )
        return pad_lists(frame.info, form)


def parse_frame(body: bytes) -> Frame:
    """What stands between SOI and EOI; raise `Damaged` where a check of it is wrong."""
    if len(body) % 2 or len(body) < INFO_AT + CHECK_DIGITS or not DIGITS.fullmatch(body):
        raise DamagedReply(say("it is no frame of hexadecimal digits"))
    info = body[INFO_AT:-CHECK_DIGITS]
    if int(body[-CHECK_DIGITS:], 16) != compute_checksum(body[:-CHECK_DIGITS]):
        raise DamagedReply(say("its checksum is wrong"))
    if int(body[LENGTH_AT:INFO_AT], 16) != encode_length(len(info)):
        raise DamagedReply(say("its length is wrong"))
    version, device_id, kind, code = bytes.fromhex(body[:LENGTH_AT].decode())
    return Frame(version, device_id, kind, code, bytes.fromhex(info.decode()))


def pad_lists(info: bytes, form: CommandFormat) -> bytes:
    """INFO with its lists at full length; raise `Damaged` where it is not laid out as `shape`."""
    if not form.width:
        return append_rest(b"", info, form)
    fixed, place = info[:HEAD_BYTES], HEAD_BYTES
    for most in (MOST_CELLS, MOST_TEMPERATURES):
        count = info[place] if place < len(info) else most + 1
        end = place + 1 + count * form.width
        if count > most or end > len(info):
            raise make_layout_error(info)
        fixed += info[place:end] + FILL[form.width] * (most - count)
        place = end
    return append_rest(fixed, info[place:], form)


def append_rest(fixed: bytes, rest: bytes, form: CommandFormat) -> bytes:
    """The lists and what follows them, if it is as long as it must be."""
    if form.rest_lengths and len(rest) not in form.rest_lengths:
        raise make_layout_error(rest)
    return fixed + rest


def make_layout_error(info: bytes) -> DamagedReply:
    return DamagedReply(
        say(
            "{size} of content, laid out in another way than this model's",
            size=format_count(len(info), "byte"),
        )
    )


def compute_checksum(digits: bytes) -> int:
    """CHKSUM of what stands between SOI and itself."""
    return -sum(digits) & 0xFFFF


def encode_length(digits: int) -> int:
    """LENGTH of an INFO of so many digits: LCHKSUM and LENID."""
    return (-((digits >> 8) + (digits >> 4 & 15) + (digits & 15)) & 15) << 12 | digits


# fmt: off
PYLONTECH = YdtFraming(0x20, {  # RS485 protocol, low voltage, V3.3: 2 or 4 user defined items
    ANALOGUE:   CommandFormat((11, 17), width=2),
    ALARMS:     CommandFormat((8, 9), width=1),  # 9 in all captures, the document names 8
    LIMITS:     CommandFormat((25,)),  # INFOFLAG and twelve words
    MANAGEMENT: CommandFormat((10,)),
    MAKER:      CommandFormat(names_pack=False),
})
PACE = YdtFraming(0x25, {
    ANALOGUE:   CommandFormat((13,), width=2),
    ALARMS:     CommandFormat((12,), width=1),
    HARDWARE:   CommandFormat(names_pack=False),
})
SEPLOS_V2 = YdtFraming(0x20, {  # Communication Protocol V2.0: 10 user defined items, 20 bit alarms
    ANALOGUE:   CommandFormat((27,), width=2),
    ALARMS:     CommandFormat((23,), width=1),
    MAKER:      CommandFormat(names_pack=False),
})
# fmt: on
