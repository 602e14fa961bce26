"""At which ports a camera speaks RTSP: for those without ONVIF.

    list_rtsp_ports("10.0.0.7")      # [554]

Reads: the greeting of each usual port. Writes: one OPTIONS request to each.
Never: tries a password or a path: the technician gives the stream's address.
"""

import socket
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address

USUAL_PORTS = (554, 8554, 10554, 5554)
CONNECT_S, READ_S = 1.0, 2.0
MOST_BYTES = 1024
QUESTION = "OPTIONS rtsp://{address}:{port}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: unit\r\n\r\n"


def list_rtsp_ports(address: IPv4Address, ports: Iterable[int] = USUAL_PORTS) -> list[int]:
    """Those that answer as RTSP servers do, whatever they answer."""
    return [port for port in ports if speaks_rtsp(address, port)]


def speaks_rtsp(address: IPv4Address, port: int) -> bool:
    with suppress(OSError), socket.create_connection((str(address), port), CONNECT_S) as line:
        line.settimeout(READ_S)
        line.sendall(QUESTION.format(address=address, port=port).encode())
        return line.recv(MOST_BYTES).startswith(b"RTSP/1.")
    return False
