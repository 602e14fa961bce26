"""What sits on the far end of a simulated line: it hears bytes and says bytes.

Reads: requests. Writes: replies.
Never: knows a pseudo-terminal or a socket.
"""

from collections.abc import Sequence
from typing import Protocol

from provisioning.simulated.lines.framing import rtu_content, rtu_frame, rtu_request_size
from provisioning.simulated.lines.pdu import SimulatedDevice


class Talker(Protocol):
    """One end of a byte line."""

    @property
    def speaks_every_s(self) -> float | None:
        """Unit seconds between two `speak()`; None: it only answers."""

    def request_size(self, begun: bytes) -> int | None:
        """How long the request that begins so will be; None while that cannot be said."""

    def respond(self, request: bytes) -> bytes | None:
        """The reply to one whole request; None: silence."""

    def speak(self) -> bytes:
        """What it says unasked."""


class RtuTalker:
    """Modbus RTU devices on one line; each answers to its own id and keeps quiet otherwise."""

    speaks_every_s = None

    def __init__(self, devices: Sequence[SimulatedDevice]) -> None:
        self._devices = devices

    def request_size(self, begun: bytes) -> int | None:
        return rtu_request_size(begun)

    def respond(self, request: bytes) -> bytes | None:
        content = rtu_content(request)
        if content is None:
            return None
        device_id, pdu = content
        for device in self._devices:
            if device.answers_to(device_id):
                reply = device.answer(pdu)
                if reply is not None:
                    shift = device.reply_id - device.device_id
                    return rtu_frame((device_id + shift) & 0xFF, reply)
        return None

    def speak(self) -> bytes:
        return b""
