"""A Modbus TCP port with simulated devices behind it.

Reads and writes: TCP connections.
Never: shows the quirks of a serial line (echo, bursts, noise): TCP has checksums of its own.
"""

import socketserver
from collections.abc import Callable, Sequence

from provisioning.simulated.lines.framing import MBAP_SIZE, build_mbap_frame, parse_mbap_head
from provisioning.simulated.lines.listener import Listener
from provisioning.simulated.lines.pdu import SimulatedDevice

Answer = Callable[[int, bytes], bytes | None]  # (device id, request PDU) -> reply PDU


def make_answer(devices: Sequence[SimulatedDevice]) -> Answer:
    """The answers of several devices, each to its own id."""

    def answer(device_id: int, pdu: bytes) -> bytes | None:
        found = next((one for one in devices if one.answers_to(device_id)), None)
        return found.answer(pdu) if found else None

    return answer


class TcpLine(Listener):
    """Modbus TCP; `answer` has the reply to each request."""

    def __init__(self, answer: Answer, host: str, port: int) -> None:
        self.answer = answer
        super().__init__(host, port, TcpConnection)


class TcpConnection(socketserver.StreamRequestHandler):
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
