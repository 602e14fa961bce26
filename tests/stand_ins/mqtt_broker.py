"""An MQTT 3.1.1 broker on loopback that acknowledges everything, gives back to a unit that it is
online, and passes nothing else on.

with serve_broker(1883):
    ...
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer

CONNECT, PUBLISH, SUBSCRIBE, PING, DISCONNECT = 1, 3, 8, 12, 14  # packet types
ACCEPTED, PONG = b"\x20\x02\x00\x00", b"\xd0\x00"
GRANTED = b"\x01"  # QoS 1


class Broker(ThreadingTCPServer):
    """Any number of connections."""

    allow_reuse_address = daemon_threads = True


class Connection(StreamRequestHandler):
    """One client, until it leaves."""

    def handle(self) -> None:
        while first := self.rfile.read(1):
            body = self.rfile.read(self._read_length())
            if first[0] >> 4 == DISCONNECT:
                return
            self.wfile.write(answer(first[0], body))

    def _read_length(self) -> int:
        length, shift = 0, 0
        while (byte := self.rfile.read(1)) and byte[0] & 0x80:
            length |= (byte[0] & 0x7F) << shift
            shift += 7
        return length | (byte[0] << shift if byte else 0)


def answer(first: int, body: bytes) -> bytes:
    """What a broker says to one packet; `first`: its type and flags."""
    kind, qos = first >> 4, first >> 1 & 3
    if kind == CONNECT:
        return ACCEPTED
    if kind == PUBLISH and qos:
        topic_end = 2 + int.from_bytes(body[:2], "big")
        echo = body[:topic_end] + body[topic_end + 2 :]  # without the number: QoS 0
        is_online = body[:topic_end].endswith(b"/online")
        given_back = b"\x30" + bytes([len(echo)]) + echo if is_online else b""
        return b"\x40\x02" + body[topic_end : topic_end + 2] + given_back
    if kind == SUBSCRIBE:
        granted = GRANTED * count_filters(body[2:])
        return bytes([0x90, 2 + len(granted)]) + body[:2] + granted
    return PONG if kind == PING else b""


def count_filters(rest: bytes) -> int:
    count = 0
    while rest:
        rest, count = rest[3 + int.from_bytes(rest[:2], "big") :], count + 1
    return count


@contextmanager
def serve_broker(port: int) -> Iterator[int]:
    """`port` 0: any that is free; yields it."""
    with Broker(("127.0.0.1", port), Connection) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
