r"""VE.Direct frames: text blocks that a device sends unasked, HEX lines that request a register.

Reads and writes: nothing; pure.
Never: sends anything but HEX command 7 (get), and never passes on a block or line with a wrong sum.

A text block is `\r\n` label `\t` value, again and again; the last label is Checksum, with one byte
that brings the sum of all bytes of the block to 0. A HEX line is `:`, one digit (the command),
bytes in two digits each, and `\n`; command and bytes sum up to 0x55. Some firmware sends HEX lines
(`:A`) unasked, also in the middle of a text block; they are removed before the block is summed.
They sometimes end with another byte than `\n` (0xFE has been seen).
"""

import re
from collections.abc import Iterator

from appliance.wording.sentence import say
from power.protocol.errors import DamagedReply, RefusedReply
from power.protocol.profile import Block

TEXT = 0  # a block's function: listen to text; its address selects the block
LIVE, HISTORY = 0, 1  # the block with the voltage, the one with the H labels: one block or two
GET = 7  # a block's function: HEX command 7; its address is the register

BLOCK_LABELS = {LIVE: re.compile(rb"\r\nV\t"), HISTORY: re.compile(rb"\r\nH\d+\t")}
NEW_LINE = b"\r\n"
BEGIN = re.compile(rb"\r\nPID\t")  # the first label of all devices since 2013
END = re.compile(rb"\r\nChecksum\t.", re.DOTALL)
END_SIZE = len(b"\r\nChecksum\t?")
# An end that is missing must not take the text's own `\r` with it.
HEX_LINE = re.compile(rb":([0-9A-F]{3,})[^\r]?", re.DOTALL)
HEX_SUM = 0x55
UNKNOWN_COMMAND, REQUEST_DAMAGED = 3, 4  # replies without a value
ID_BYTES = slice(1, 3)
FLAGS_AT, DATA_AT = 3, 4


class VeDirectFraming:
    """A `power.protocol.links.Framing`. VE.Direct has no ids: one device, one line."""

    named_by_reply = True

    def build_request(self, block: Block, device_id: int) -> bytes:  # noqa: ARG002  (it has none)
        return b"" if block.function == TEXT else build_get(block.address)

    def find_reply(
        self,
        received: bytes,
        block: Block,
        device_id: int,  # noqa: ARG002
        *,
        final: bool,
    ) -> bytes | None:
        if block.function == TEXT:
            return find_block(received, BLOCK_LABELS[block.address], final)
        return find_register(received, block.address, final)


# --- text ----------------------------------------------------------------------------------------


def find_block(received: bytes, wanted: re.Pattern[bytes], final: bool) -> bytes | None:
    """The first valid block with the labels of `wanted`, without its checksum line."""
    reason = ""
    for block in split_blocks(strip_hex(received)):
        if not block:
            reason = say("a text block's checksum")
        elif wanted.search(block):
            return block[:-END_SIZE]
        else:
            reason = reason or say("text without the labels that were expected")
    if final and reason:
        raise DamagedReply(reason)
    return None


def split_blocks(text: bytes) -> Iterator[bytes]:
    """Each block that has ended; b"" where its sum is wrong.

    A block of which only the end was received is left out, unless it begins where a line begins.
    """
    begins = 0
    for end in END.finditer(text):
        block = text[begins : end.end()]
        places = [0] if begins or block.startswith(NEW_LINE) else []
        # What went before a lost checksum line, or noise in front, is no part of the block.
        places += [begin.start() for begin in BEGIN.finditer(block) if begin.start()]
        if places:
            valid = (block[place:] for place in places if sum(block[place:]) % 256 == 0)
            yield next(valid, b"")
        begins = end.end()


def strip_hex(received: bytes) -> bytes:
    """The text without the valid HEX lines."""
    return HEX_LINE.sub(lambda line: line[0] if decode_hex_line(line[1]) is None else b"", received)


# --- HEX -----------------------------------------------------------------------------------------


def build_get(register: int) -> bytes:
    """The line that requests a register."""
    content = bytes([GET]) + register.to_bytes(2, "little") + b"\x00"
    check = (HEX_SUM - sum(content)) % 256
    return b":" + (content + bytes([check])).hex().upper().encode("ascii")[1:] + b"\n"


def find_register(received: bytes, register: int, final: bool) -> bytes | None:
    """The data of the reply to `build_get(register)`, from among text and other HEX lines."""
    for line in HEX_LINE.finditer(received):
        content = decode_hex_line(line[1])
        if content is None or line.end(1) == len(received):  # complete once a byte follows
            continue
        if content[0] == REQUEST_DAMAGED:
            raise DamagedReply(say("the device received a damaged request"))
        if content[0] == UNKNOWN_COMMAND:
            raise RefusedReply(UNKNOWN_COMMAND)
        if content[0] != GET or content[ID_BYTES] != register.to_bytes(2, "little"):
            continue
        if any(content[FLAGS_AT:DATA_AT]):
            raise RefusedReply(content[FLAGS_AT])
        if content[DATA_AT:]:  # without data it is an echo of the request
            return content[DATA_AT:]
    if final and received:
        raise DamagedReply(say("it holds no reply to a HEX request"))
    return None


def decode_hex_line(digits: bytes) -> bytes | None:
    """Command and bytes of a HEX line without the check byte; None where that is wrong."""
    if len(digits) % 2 == 0:
        return None
    content = bytes.fromhex("0" + digits.decode("ascii"))
    return content[:-1] if sum(content) % 256 == HEX_SUM else None
