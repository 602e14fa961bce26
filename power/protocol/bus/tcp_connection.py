"""A TCP connection in place of a serial line: whether it was hung up, and what is left in it.

Reads: bytes that nobody has asked for. Writes: nothing.
"""

import select
import socket
from typing import Any

STALE_S, STALE_MOST_S = 0.05, 0.5  # a bridge passes on what it kept within some milliseconds


def is_hung_up(connection: Any, *, discards: bool) -> bool:
    """Whether the other end has closed the connection; a TriStar does so after each reply.

    `discards`: bytes that have arrived meanwhile are read and discarded.
    """
    if connection is None:
        return False
    try:
        while select.select([connection], [], [], 0)[0]:
            if connection.recv(4096 if discards else 1, 0 if discards else socket.MSG_PEEK) == b"":
                return True
            if not discards:
                return False
    except (OSError, ValueError):
        return True
    return False


def discard_stale(connection: Any) -> None:
    """Discard what a bridge kept for whoever connects next: until it is silent, or for half a
    second. Errors show at the next request.
    """
    try:
        for _ in range(round(STALE_MOST_S / STALE_S)):
            if not select.select([connection], [], [], STALE_S)[0] or not connection.recv(4096):
                return
    except (OSError, ValueError):
        return


def peek_waiting(connection: Any) -> bytes:
    """What has arrived and was not yet received; it stays there."""
    try:
        return bytes(connection.recv(4096, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except (OSError, ValueError):
        return b""
