"""The frames of JBD (Jiabaida, Xiaoxiang, Overkill Solar) BMSs: DD A5 ... 77.

Reads and writes: nothing; pure. `Block.function` is the command; there are no addresses.
Never: builds the write form (DD 5A), and never accepts a frame whose check or command is wrong.

Request: DD A5 command 00 check 77. Reply: DD command status length data check 77. The check is
0x10000 less the sum of the bytes from command (request) or status (reply) to the last data byte.
"""

from power.protocol.errors import DamagedReply, RefusedReply
from power.protocol.profile import Block

START, READ, END = 0xDD, 0xA5, 0x77
HEAD_SIZE, TAIL_SIZE = 4, 3


class JbdFraming:
    """One BMS on a line: its frames carry no address."""

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
        head = bytes([START, block.function])
        reply, wrong = None, False
        begins = received.find(head)
        while begins >= 0:
            frame = take_frame(received[begins:])
            if frame and is_valid(frame):
                reply = frame
            wrong = wrong or frame is not None
            begins = received.find(head, begins + 1)
        if reply is None:
            if final and wrong:
                raise DamagedReply("wrong check")
            return None
        if reply[2]:
            raise RefusedReply(reply[2])
        return reply[HEAD_SIZE:-TAIL_SIZE]


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
