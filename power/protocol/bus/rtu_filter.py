"""Finds the reply in the bytes of a serial line: behind an echo, stale bytes, a foreign frame.

Reads and writes: nothing; pure but for the bytes received since the last request.
Never: passes on a frame that does not answer the request, or whose checksum is wrong.

An adapter may return the request itself before the reply (half-duplex echo): exactly those bytes
are stripped.
"""

from dataclasses import dataclass

from pymodbus.framer import FramerRTU

RTU_SHORTEST = 5  # id, function, exception or count of bytes, checksum
EXCEPTION_BIT = 0x80
TCP_PROTOCOL, TCP_LENGTH = slice(2, 4), slice(4, 6)  # in the head of a Modbus TCP frame


@dataclass(frozen=True, slots=True)
class ExpectedReply:
    """What the reply to a request must begin with, and how long it must be, as an RTU frame."""

    asked_id: int
    reply_id: int
    function: int
    content_bytes: int

    def find_frame(self, received: bytes) -> bytes:
        """The last valid frame that answers, under the id that was asked; empty while none does.

        What stands before it is left over from an earlier reply. pymodbus would take the first.
        """
        whole = RTU_SHORTEST + self.content_bytes
        answer = bytes([self.function, self.content_bytes])
        refusal = bytes([self.function | EXCEPTION_BIT])
        first = bytes([self.asked_id]) + answer
        if len(received) == whole and received.startswith(first):
            return received  # the usual case; pymodbus checks its checksum
        for begins, size in (answer, whole), (refusal, RTU_SHORTEST):
            for own in self.ids:
                if frame := find_last_valid(received, bytes([own]) + begins, size):
                    return frame if own == self.asked_id else self._readdress(frame)
        return b""

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids that its reply may have: some boards of a series answer as they were asked."""
        return tuple({self.reply_id: 0, self.asked_id: 0})

    def measure_content(self, received: bytes, *, is_rtu: bool) -> int | None:
        """The bytes of content of a sound frame of this device, whatever was asked for."""
        sound = is_rtu_frame(received) if is_rtu else is_tcp_frame(received)
        frame = received[:-2] if is_rtu else received[TCP_LENGTH.stop :]
        is_its = sound and bool(frame) and frame[0] in self.ids and frame[1] == self.function
        return frame[2] if is_its and len(frame) == 3 + frame[2] else None

    def finds_two(self, received: bytes) -> bool:
        """Whether these bytes are two sound answers, one behind the other."""
        sizes = RTU_SHORTEST + self.content_bytes, RTU_SHORTEST
        return any(
            self._is_answer(received[:one]) and self._is_answer(received[one:]) for one in sizes
        )

    def _is_answer(self, frame: bytes) -> bool:
        """Whether this is one frame of this device to such a request: values, or a refusal."""
        functions = self.function, self.function | EXCEPTION_BIT
        return is_rtu_frame(frame) and frame[0] in self.ids and frame[1] in functions

    def _readdress(self, frame: bytes) -> bytes:
        body = bytes([self.asked_id]) + frame[1:-2]
        return body + compute_crc(body)


class RtuFilter:
    """Receives the bytes of one request and its reply, and passes on the reply alone.

    On TCP all received bytes are passed on: it has frames of its own.
    """

    def __init__(self, *, serial_line: bool) -> None:
        self._serial_line = serial_line
        self._sent = b""
        self._expected: ExpectedReply | None = None
        self.received = b""

    def expect(self, expected: ExpectedReply) -> None:
        """A new request begins."""
        self._expected = expected
        self._sent = self.received = b""

    def finds_two(self, more: bytes) -> bool:
        """Whether what was received, and `more` behind it, are two answers to the last request."""
        return self._expected is not None and self._expected.finds_two(self.received + more)

    def __call__(self, sending: bool, data: bytes) -> bytes:
        """What pymodbus shows before it sends, and before it decodes all received so far."""
        if sending:
            self._sent = data
            return data
        if not self._serial_line:
            self.received = data
            return data
        data = strip_echo(self._sent, data)
        self.received = data or self.received
        return self._expected.find_frame(data) if self._expected else data


def strip_echo(sent: bytes, received: bytes) -> bytes:
    """`received` without the request in front; empty while it may still become one."""
    if received.startswith(sent):
        return received[len(sent) :]
    return b"" if sent.startswith(received) else received


def find_last_valid(received: bytes, head: bytes, size: int) -> bytes:
    """The last RTU frame of `size` bytes that begins with `head` and whose checksum is right."""
    place = received.rfind(head)
    while place >= 0:
        frame = received[place : place + size]
        if len(frame) == size and compute_crc(frame[:-2]) == frame[-2:]:
            return frame
        place = received.rfind(head, 0, place + len(head) - 1)
    return b""


def compute_crc(body: bytes) -> bytes:
    """The two CRC bytes of an RTU frame."""
    return FramerRTU.compute_CRC(body).to_bytes(2, "big")


def is_rtu_frame(received: bytes) -> bool:
    """Whether these bytes are one whole RTU frame, whatever it answers."""
    return len(received) >= RTU_SHORTEST and compute_crc(received[:-2]) == received[-2:]


def is_tcp_frame(received: bytes) -> bool:
    """Whether these bytes begin with the head of a Modbus TCP frame and have its length."""
    head, length = received[TCP_PROTOCOL], int.from_bytes(received[TCP_LENGTH], "big")
    return head == bytes(2) and length > 2 and len(received) == TCP_LENGTH.stop + length
