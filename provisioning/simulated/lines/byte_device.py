"""The far end of a simulated line: receives requests as bytes, sends replies as bytes.

Reads: requests. Writes: replies.
Never: depends on a pseudo-terminal or a socket.
"""

from collections.abc import Sequence
from typing import Protocol

from provisioning.simulated.lines.framing import (
    build_rtu_frame,
    find_rtu_request_size,
    parse_rtu_frame,
)
from provisioning.simulated.lines.pdu import SimulatedDevice


class ByteDevice(Protocol):
    """One end of a byte line."""

    @property
    def sends_every_s(self) -> float | None:
        """Unit seconds between two `send_unasked()`; None: it only replies."""

    def find_request_size(self, begun: bytes) -> int | None:
        """The size of the request that begins with these bytes; None while it is unknown."""

    def respond(self, request: bytes) -> bytes | None:
        """The reply to one whole request; None: silence."""

    def send_unasked(self) -> bytes:
        """The bytes that it sends unasked."""


class RtuDevices:
    """Modbus RTU devices on one line; each answers to its own id and is silent otherwise."""

    sends_every_s = None

    def __init__(self, devices: Sequence[SimulatedDevice]) -> None:
        self._devices = devices

    def find_request_size(self, begun: bytes) -> int | None:
        return find_rtu_request_size(begun)

    def respond(self, request: bytes) -> bytes | None:
        content = parse_rtu_frame(request)
        if content is None:
            return None
        device_id, pdu = content
        for device in self._devices:
            if device.answers_to(device_id):
                reply = device.answer(pdu)
                if reply is not None:
                    shift = device.reply_id - device.device_id
                    return build_rtu_frame((device_id + shift) & 0xFF, reply)
        return None

    def send_unasked(self) -> bytes:
        return b""
