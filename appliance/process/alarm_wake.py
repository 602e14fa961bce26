"""Wakes the alarm service: one empty datagram to its socket, which PID 1 holds while it is away.

In: the socket's path. Out: a function that whoever stores a row that can make an alarm calls.
Never: waits, fails, or carries anything: the service looks into the database. One that is lost is
made up for by the service's timer.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def make_wake(path: Path) -> Callable[[], None]:
    """The function; it may be called in any thread."""
    return lambda: wake(path)


def wake(path: Path) -> None:
    """Send it; nobody may listen, the queue may be full, or the process have no descriptor left:
    then the service comes anyway.
    """
    with (
        suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender,
    ):
        sender.sendto(b"", str(path))
