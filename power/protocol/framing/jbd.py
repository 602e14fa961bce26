"""The frames of JBD (Jiabaida, Xiaoxiang, Overkill Solar) BMSs: DD A5 ... 77.

Reads and writes: nothing; pure. `Block.function` is the command; there are no addresses.
Never: builds the write form (DD 5A), and never accepts a frame whose check or command is wrong.

Request: DD A5 command 00 check 77. Reply: DD command status length data check 77. The check is
0x10000 less the sum of the bytes from command (request) or status (reply) to the last data byte.
"""

from collections.abc import Iterator

from appliance.wording.sentence import say
from power.protocol.errors import DamagedReply, RefusedReply
from power.protocol.profile import Block

START, READ, END = 0xDD, 0xA5, 0x77
HEAD_SIZE, TAIL_SIZE = 4, 3


class JbdFraming:
    """One BMS on a line: its frames carry no address."""

    named_by_reply = True

    def build_request(self, block: Block, device_id: int) -> bytes:  # noqa: ARG002
        body = bytes([block.function, 0])
        return bytes([START, READ]) + body + compute_check(body) + bytes([END])

    def find_reply(
        self,
        received: bytes,
        block: Block,
        device_id: int,  # noqa: ARG002
        *,
        final: bool,
    ) -> bytes | None:
        """The data of the last complete reply to that command.

        What comes late from an earlier request stands before it, and is skipped like noise.
        """
        frames = list(find_frames(received, bytes([START, block.function])))
        valid = [frame for frame in frames if is_valid(frame)]
        if not valid:
            if final and frames:
                raise DamagedReply(say("wrong check"))
            return None
        reply = valid[-1]
        if reply[2]:
            raise RefusedReply(reply[2])
        return reply[HEAD_SIZE:-TAIL_SIZE]


def find_frames(received: bytes, head: bytes) -> Iterator[bytes]:
    """All complete frames with that head, valid or not, in order."""
    begins = received.find(head)
    while begins >= 0:
        frame = take_frame(received[begins:])
        if frame is not None:
            yield frame
        begins = received.find(head, begins + 1)


def take_frame(begun: bytes) -> bytes | None:
    """The frame that begins here, by its own length; None while bytes are missing."""
    if len(begun) < HEAD_SIZE:
        return None
    size = HEAD_SIZE + begun[3] + TAIL_SIZE
    return begun[:size] if len(begun) >= size else None


def is_valid(frame: bytes) -> bool:
    """Whether the check and the end byte of a reply are right."""
    return frame[-1] == END and frame[-TAIL_SIZE:-1] == compute_check(frame[2:-TAIL_SIZE])


def compute_check(body: bytes) -> bytes:
    """The two check bytes, high byte first."""
    return (-sum(body) % 0x10000).to_bytes(2, "big")
