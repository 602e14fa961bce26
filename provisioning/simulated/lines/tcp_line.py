"""A Modbus TCP port with simulated devices behind it.

Reads and writes: TCP connections.
Never: shows the quirks of a serial line (echo, bursts, noise): TCP has checksums of its own.
"""

import socketserver
from collections.abc import Callable, Sequence
from threading import Event, Thread

from appliance.errors import ListenError
from provisioning.simulated.lines.framing import MBAP_SIZE, build_mbap_frame, parse_mbap_head
from provisioning.simulated.lines.pdu import SimulatedDevice

Answer = Callable[[int, bytes], bytes | None]  # (device id, request PDU) -> reply PDU


def make_answer(devices: Sequence[SimulatedDevice]) -> Answer:
    """The answers of several devices, each to its own id."""

    def answer(device_id: int, pdu: bytes) -> bytes | None:
        found = next((one for one in devices if one.answers_to(device_id)), None)
        return found.answer(pdu) if found else None

    return answer


class TcpLine(socketserver.ThreadingTCPServer):
    """Listens at once; `serve()` answers until `stop` is set. Port 0 takes a free one."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answer: Answer, host: str, port: int) -> None:
        self.answer = answer
        try:
            super().__init__((host, port), Connection)
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


class Connection(socketserver.StreamRequestHandler):
    """One connection."""

    server: TcpLine

    def handle(self) -> None:
        while len(head := self.rfile.read(MBAP_SIZE)) == MBAP_SIZE:
            request = parse_mbap_head(head)
            if request is None:
                return
            transaction, size, device_id = request
            reply = self.server.answer(device_id, self.rfile.read(size))
            if reply is not None:
                self.wfile.write(build_mbap_frame(transaction, device_id, reply))
