"""A TCP port that passes on the bytes of a serial line as they are, with devices behind it.

Reads and writes: TCP connections.
Never: knows Modbus TCP: the bytes are those of the serial line, frames and all.
"""

import socketserver
from threading import Event, Lock, Thread

from appliance.errors import ListenError
from provisioning.simulated.lines.byte_device import ByteDevice


class BridgeLine(socketserver.ThreadingTCPServer):
    """Listens at once; `serve()` answers until `stop` is set. Port 0 takes a free one.

    Devices that send unasked are not served: such a line is a `SerialLine`.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, device: ByteDevice, host: str, port: int) -> None:
        self.device = device
        self.lock = Lock()
        try:
            super().__init__((host, port), BridgeConnection)
        except OSError as error:
            raise ListenError(f"cannot listen on {host}:{port}: {error}") from error

    @property
    def url(self) -> str:
        """What `port` in the settings must be to reach it."""
        host, port = self.server_address[:2]
        return f"tcp://{host!s}:{port}"

    def serve(self, stop: Event) -> None:
        """Answer until `stop` is set, then stop listening."""
        worker = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        worker.start()
        stop.wait()
        self.shutdown()
        self.server_close()


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
