"""A TCP port that passes on the bytes of a serial line as they are, with devices behind it.

Reads and writes: TCP connections.
Never: uses Modbus TCP: the bytes are those of the serial line, frames and all.
"""

import socketserver
from threading import Lock

from provisioning.simulated.lines.byte_device import ByteDevice
from provisioning.simulated.lines.listener import Listener


class BridgeLine(Listener):
    """Devices that send unasked are not served: such a line is a `SerialLine`."""

    def __init__(self, device: ByteDevice, host: str, port: int) -> None:
        self.device = device
        self.lock = Lock()
        super().__init__(host, port, BridgeConnection)


class BridgeConnection(socketserver.BaseRequestHandler):
    """One connection. Bytes that make no request are dropped, as a device drops them."""

    server: BridgeLine

    def handle(self) -> None:
        received = b""
        while more := self.request.recv(256):
            received += more
            size = self.server.device.find_request_size(received)
            if size is None or len(received) < size:
                continue
            frame, received = received[:size], b""
            with self.server.lock:
                reply = self.server.device.respond(frame)
            if reply:
                self.request.sendall(reply)
