"""One Modbus request to read, and what answers it: values, or a refusal.

Reads and writes: nothing; pure.
"""

from typing import NamedTuple

from appliance.wording.counts import format_count
from appliance.wording.sentence import say
from power.protocol.bus.late_replies import RequestKey
from power.protocol.bus.rtu_filter import ExpectedReply
from power.protocol.errors import RefusedReply

WORDS = (3, 4)  # functions whose reply is 16-bit words


class ModbusRefusal(RefusedReply):
    """A refusal that equals another with the same code."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModbusRefusal) and self.number == other.number

    __hash__ = RefusedReply.__hash__


class ReadRequest(NamedTuple):
    """One request to read some words or bits."""

    expected: ExpectedReply
    address: int
    words: int

    @property
    def title(self) -> str:
        """How messages name it."""
        function, device = self.expected.function, self.expected.asked_id
        wanted = format_count(self.words, "register" if function in WORDS else "bit")
        return say(
            "the request for {wanted} from 0x{address} (function {function:02d}) to id {device}",
            wanted=wanted,
            address=f"{self.address:04X}",
            function=function,
            device=device,
        )

    @property
    def key(self) -> RequestKey:
        """What its reply says about it, and what it does not."""
        expected = self.expected
        return RequestKey(expected.function, (self.address, self.words), expected.content_bytes)


Answer = tuple[int, ...] | RefusedReply
