"""The frames of JBD (Jiabaida, Xiaoxiang, Overkill Solar) BMSs: DD A5 ... 77.

Reads and writes: nothing; pure. `Block.function` is the command; there are no addresses.
Never: builds the write form (DD 5A), and never takes a frame whose check or command is wrong.

Request: DD A5 command 00 check 77. Reply: DD command status length data check 77. The check is
0x10000 less the sum of the bytes from command (request) or status (reply) to the last data byte.
"""

from power.protocol.errors import Damaged, Refused
from power.protocol.profile import Block

START, READ, END = 0xDD, 0xA5, 0x77
HEAD_SIZE, TAIL_SIZE = 4, 3


class JbdFraming:
    """One BMS on a line: its frames carry no address."""

    def ask(self, block: Block, device_id: int) -> bytes:  # noqa: ARG002
        body = bytes([block.function, 0])
        return bytes([START, READ]) + body + check(body) + bytes([END])

    def find(self, heard: bytes, block: Block, device_id: int, over: bool) -> bytes | None:  # noqa: ARG002
        """The data of the last whole reply to that command: what comes late from an earlier
        request stands before it, and is skipped like noise.
        """
        head = bytes([START, block.function])
        reply, wrong = None, False
        begins = heard.find(head)
        while begins >= 0:
            frame = whole(heard[begins:])
            if frame and sound(frame):
                reply = frame
            wrong = wrong or frame is not None
            begins = heard.find(head, begins + 1)
        if reply is None:
            if over and wrong:
                raise Damaged("wrong check")
            return None
        if reply[2]:
            raise Refused(reply[2])
        return reply[HEAD_SIZE:-TAIL_SIZE]


def whole(begun: bytes) -> bytes | None:
    """The frame that begins here, as long as it says that it is; None while bytes are missing."""
    if len(begun) < HEAD_SIZE:
        return None
    size = HEAD_SIZE + begun[3] + TAIL_SIZE
    return begun[:size] if len(begun) >= size else None


def sound(frame: bytes) -> bool:
    """Whether check and end byte of a reply are right."""
    return frame[-1] == END and frame[-TAIL_SIZE:-1] == check(frame[2:-TAIL_SIZE])


def check(body: bytes) -> bytes:
    """The two check bytes, high byte first."""
    return (-sum(body) % 0x10000).to_bytes(2, "big")
