"""Finds the reply in what a serial line brings: behind an echo, stale bytes, a foreign frame.

Reads and writes: nothing; pure but for what it has heard since the last request.
Never: passes on a frame that does not answer what was asked, or whose checksum does not hold.

An adapter may return the request itself before the reply (half-duplex echo): exactly those bytes
are stripped.
"""

from dataclasses import dataclass

from pymodbus.framer import FramerRTU

RTU_SHORTEST = 5  # id, function, exception or count of bytes, checksum
EXCEPTION_BIT = 0x80


@dataclass(frozen=True, slots=True)
class Expected:
    """What the reply to a request must begin with, and how long it must be, as an RTU frame."""

    asked_id: int
    reply_id: int
    function: int
    content_bytes: int

    def find(self, heard: bytes) -> bytes:
        """The last sound frame that answers, under the id that was asked; nothing while none does.

        What stands before it is left over from an earlier reply. pymodbus would take the first.
        """
        refusal = bytes([self.reply_id, self.function | EXCEPTION_BIT])
        answer = bytes([self.reply_id, self.function, self.content_bytes])
        whole = RTU_SHORTEST + self.content_bytes
        if len(heard) == whole and heard.startswith(answer) and self.asked_id == self.reply_id:
            return heard  # the usual case; pymodbus looks at its checksum
        for head, size in (answer, whole), (refusal, RTU_SHORTEST):
            if frame := last_sound(heard, head, size):
                return frame if self.asked_id == self.reply_id else self._readdressed(frame)
        return b""

    def _readdressed(self, frame: bytes) -> bytes:
        body = bytes([self.asked_id]) + frame[1:-2]
        return body + crc(body)


class Ear:
    """Listens to the bytes of one request and its reply, and passes on the reply alone.

    It takes the echo off, and what is no sound reply to what was asked. `expected` None: all else
    is left to pymodbus (TCP has its own frames; an identity has no length that is known before).
    """

    def __init__(self, serial_line: bool) -> None:
        self._serial_line = serial_line
        self._sent = b""
        self._expected: Expected | None = None
        self.heard = b""

    def expect(self, expected: Expected | None) -> None:
        """A new request begins."""
        self._expected = expected
        self._sent = self.heard = b""

    def __call__(self, sending: bool, data: bytes) -> bytes:
        """What pymodbus shows before it sends, and before it decodes all received so far."""
        if sending:
            self._sent = data
            return data
        if not self._serial_line:
            self.heard = data
            return data
        data = without_echo(self._sent, data)
        self.heard = data or self.heard
        return self._expected.find(data) if self._expected else data


def without_echo(sent: bytes, received: bytes) -> bytes:
    """`received` without the request in front; nothing while it may still become one."""
    if received.startswith(sent):
        return received[len(sent) :]
    return b"" if sent.startswith(received) else received


def last_sound(heard: bytes, head: bytes, size: int) -> bytes:
    """The last RTU frame of `size` bytes that begins with `head` and whose checksum holds."""
    place = heard.rfind(head)
    while place >= 0:
        frame = heard[place : place + size]
        if len(frame) == size and crc(frame[:-2]) == frame[-2:]:
            return frame
        place = heard.rfind(head, 0, place + len(head) - 1)
    return b""


def crc(body: bytes) -> bytes:
    """The two CRC bytes of an RTU frame."""
    return FramerRTU.compute_CRC(body).to_bytes(2, "big")
