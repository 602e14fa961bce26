"""A Modbus TCP port with a simulated device behind it.

Reads and writes: TCP connections.
Never: shows the quirks of a serial line (echo, bursts, noise): TCP has checksums of its own.
"""

import socketserver
from threading import Event, Thread

from appliance.errors import ListenError
from power.simulated.framing import MBAP_SIZE, mbap_frame, mbap_head
from power.simulated.pdu import SimulatedDevice


class TcpLine(socketserver.ThreadingTCPServer):
    """Listens at once; `serve()` answers until `stop` is set. Port 0 takes a free one."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, device: SimulatedDevice, host: str, port: int) -> None:
        self.device = device
        try:
            super().__init__((host, port), Conversation)
        except OSError as error:
            raise ListenError(f"cannot listen on {host}:{port}: {error}") from error

    @property
    def url(self) -> str:
        """What charger.port in the settings must be to reach it."""
        host, port = self.server_address[:2]
        return f"tcp://{host!s}:{port}"

    def serve(self, stop: Event) -> None:
        """Answer until `stop` is set, then stop listening."""
        worker = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        worker.start()
        stop.wait()
        self.shutdown()
        self.server_close()


class Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    server: TcpLine

    def handle(self) -> None:
        while len(head := self.rfile.read(MBAP_SIZE)) == MBAP_SIZE:
            request = mbap_head(head)
            if request is None:
                return
            transaction, size, device_id = request
            pdu = self.rfile.read(size)
            device = self.server.device
            reply = device.answer(pdu) if device_id == device.device_id else None
            if reply is not None:
                self.wfile.write(mbap_frame(transaction, device_id, reply))
