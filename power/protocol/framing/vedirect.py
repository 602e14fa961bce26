r"""VE.Direct frames: text blocks that a device says by itself, HEX lines that ask for a register.

Reads and writes: nothing; pure.
Never: asks anything but HEX command 7 (get), and never gives out a block or line with a wrong sum.

A text block is `\r\n` label `\t` value, again and again; the last label is Checksum, with one byte
that brings the sum of all bytes of the block to 0. A HEX line is `:`, one digit (the command),
bytes in two digits each, and `\n`; command and bytes sum up to 0x55. Some firmware says HEX lines
(`:A`) unasked, also in the middle of a text block; they are cut out before the block is summed.
Their end is sometimes another byte than `\n` (0xFE has been seen).
"""

import re
from collections.abc import Iterator

from power.protocol.errors import Damaged, Refused
from power.protocol.profile import Block

TEXT = 0  # a block's function: listen to text; its address says which block
LIVE, HISTORY = 0, 1  # the block with the voltage, the one with the H labels: one block or two
GET = 7  # a block's function: HEX command 7; its address is the register

HOLDS = {LIVE: re.compile(rb"\r\nV\t"), HISTORY: re.compile(rb"\r\nH\d+\t")}
NEW_LINE = b"\r\n"
BEGIN = re.compile(rb"\r\nPID\t")  # the first label of all devices since 2013
END = re.compile(rb"\r\nChecksum\t.", re.DOTALL)
END_SIZE = len(b"\r\nChecksum\t?")
# An end that is missing must not take the text's own `\r` with it.
HEX_LINE = re.compile(rb":([0-9A-F]{3,})[^\r]?", re.DOTALL)
HEX_SUM = 0x55
UNKNOWN_COMMAND, REQUEST_DAMAGED = 3, 4  # replies that are no answer
ID_BYTES = slice(1, 3)
FLAGS_AT, DATA_AT = 3, 4


class VeDirect:
    """A `power.protocol.links.Framing`. VE.Direct has no ids: one device, one line."""

    def ask(self, block: Block, device_id: int) -> bytes:  # noqa: ARG002  (it has none)
        return b"" if block.function == TEXT else get_request(block.address)

    def find(self, heard: bytes, block: Block, device_id: int, over: bool) -> bytes | None:  # noqa: ARG002
        if block.function == TEXT:
            return find_block(heard, HOLDS[block.address], over)
        return find_register(heard, block.address, over)


# --- text ----------------------------------------------------------------------------------------


def find_block(heard: bytes, holds: re.Pattern[bytes], over: bool) -> bytes | None:
    """The first sound block with what is wanted in it, without its checksum line."""
    reason = ""
    for block in blocks(without_hex(heard)):
        if not block:
            reason = "a text block's checksum"
        elif holds.search(block):
            return block[:-END_SIZE]
        else:
            reason = reason or "text without the labels that were expected"
    if over and reason:
        raise Damaged(reason)
    return None


def blocks(text: bytes) -> Iterator[bytes]:
    """Each block that ended, whole; b"" where its sum is wrong. The first part of one is left out,
    unless it begins where a line begins.
    """
    begins = 0
    for end in END.finditer(text):
        block = text[begins : end.end()]
        places = [0] if begins or block.startswith(NEW_LINE) else []
        # What went before a lost checksum line, or noise in front, is no part of the block.
        places += [begin.start() for begin in BEGIN.finditer(block) if begin.start()]
        if places:
            sound = (block[place:] for place in places if sum(block[place:]) % 256 == 0)
            yield next(sound, b"")
        begins = end.end()


def without_hex(heard: bytes) -> bytes:
    """What is left when sound HEX lines are cut out."""
    return HEX_LINE.sub(lambda line: line[0] if hex_content(line[1]) is None else b"", heard)


# --- HEX -----------------------------------------------------------------------------------------


def get_request(register: int) -> bytes:
    """The line that asks for a register."""
    content = bytes([GET]) + register.to_bytes(2, "little") + b"\x00"
    check = (HEX_SUM - sum(content)) % 256
    return b":" + (content + bytes([check])).hex().upper().encode("ascii")[1:] + b"\n"


def find_register(heard: bytes, register: int, over: bool) -> bytes | None:
    """The data of the reply to `get_request(register)`, from among text and other HEX lines."""
    for line in HEX_LINE.finditer(heard):
        content = hex_content(line[1])
        if content is None or line.end(1) == len(heard):  # what follows shows that it is whole
            continue
        if content[0] == REQUEST_DAMAGED:
            raise Damaged("the device got a damaged request")
        if content[0] == UNKNOWN_COMMAND:
            raise Refused(UNKNOWN_COMMAND)
        if content[0] != GET or content[ID_BYTES] != register.to_bytes(2, "little"):
            continue
        if any(content[FLAGS_AT:DATA_AT]):
            raise Refused(content[FLAGS_AT])
        if content[DATA_AT:]:  # without data it is an echo of the request
            return content[DATA_AT:]
    if over and heard:
        raise Damaged("no reply to HEX in it")
    return None


def hex_content(digits: bytes) -> bytes | None:
    """Command and bytes of a HEX line without the check byte; None where that is wrong."""
    if len(digits) % 2 == 0:
        return None
    content = bytes.fromhex("0" + digits.decode("ascii"))
    return content[:-1] if sum(content) % 256 == HEX_SUM else None
