"""Ports of this computer for a run: which are free, and whether something listens.

Reads: sockets of loopback, and whether nginx is installed. Writes: nothing.
Never: keeps a port: another program may take it before it is used.
"""

import shutil
import socket

from appliance.proxy.start import PLACES, PROGRAM

HTTPS_PORT = 8443


def choose_https_port() -> int:
    """The usual one, or another that is free; 0 where this computer has no nginx for it."""
    if shutil.which(PROGRAM, path=PLACES) is None:
        return 0
    return HTTPS_PORT if not is_listening("127.0.0.1", HTTPS_PORT) else find_free_port()


def find_free_port() -> int:
    """A TCP port that no program listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0
