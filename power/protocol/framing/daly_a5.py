"""The frames of Daly's own UART and RS485 protocol: 13 bytes, A5 address command 08 8 bytes sum.

Reads and writes: nothing; pure. Source: Daly's "UART/485 communications protocol" V1.2.
Never: builds a command that sets anything, and never joins frames where one is missing.

Board n is asked as 0x3F + n and answers as n. Cells (3 a frame) and temperatures (7 a frame) come
in several frames that begin with their number. How many come depends on the board: some send one
frame for each three cells, some always 16, so a reply of fewer is whole when no more follows.
"""

from collections.abc import Iterator
from typing import NamedTuple

from appliance.wording.sentence import say
from power.protocol.errors import DamagedReply
from power.protocol.profile import Block
from power.protocol.register import WORD_BYTES

START, LENGTH, FRAME = 0xA5, 8, 13
FIRST_BOARD = 0x3F  # board 1 is asked as 0x40
# Valid bytes in one frame of a numbered reply, after its number: the last byte of a frame of cells
# is left over from earlier.
NUMBERED = {0x95: 6, 0x96: 7}


class Frame(NamedTuple):
    """One valid frame and where it was found."""

    place: int
    content: bytes


class DalyA5Framing:
    """`block.count`: the most words that the reply can bring."""

    named_by_reply = True

    def build_request(self, block: Block, device_id: int) -> bytes:
        body = bytes([START, FIRST_BOARD + device_id, block.function, LENGTH]) + bytes(LENGTH)
        return body + compute_check(body)

    def find_reply(
        self, received: bytes, block: Block, device_id: int, *, final: bool
    ) -> bytes | None:
        frames = list(
            find_frames(received, bytes([START, device_id & 0xFF, block.function, LENGTH]))
        )
        if not frames:
            return None
        size = NUMBERED.get(block.function)
        if size is None:
            return frames[0].content
        joined = join_frames(frames, size)
        most = block.count * WORD_BYTES
        if len(joined) >= most:
            return joined[:most]
        if final and not is_contiguous(received, frames):
            raise DamagedReply(say("a damaged frame among the others"))
        return joined if final else None


def compute_check(body: bytes) -> bytes:
    """The last byte: the sum of all before it."""
    return bytes([sum(body) & 0xFF])


def find_frames(received: bytes, head: bytes) -> Iterator[Frame]:
    """All valid frames with that head, in order; bytes between them are skipped."""
    place = received.find(head)
    while 0 <= place <= len(received) - FRAME:
        frame = received[place : place + FRAME]
        valid = compute_check(frame[:-1]) == frame[-1:]
        if valid:
            yield Frame(place, frame[len(head) : -1])
        place = received.find(head, place + (FRAME if valid else 1))


def join_frames(frames: list[Frame], size: int) -> bytes:
    """The content of the frames 1, 2, 3 ...; raise `DamagedReply` where one is missing."""
    joined = b""
    for number, frame in enumerate(frames, 1):
        if frame.content[0] != number:
            raise DamagedReply(
                say("frame {found} in place of {number}", found=frame.content[0], number=number)
            )
        joined += frame.content[1 : 1 + size]
    return joined


def is_contiguous(received: bytes, frames: list[Frame]) -> bool:
    """Whether no other byte was received from the first valid frame on."""
    return frames[0].place + FRAME * len(frames) == len(received)
