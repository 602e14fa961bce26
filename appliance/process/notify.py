"""Notifications to PID 1 (`man sd_notify`): ready, watchdog, and one sentence of status.

Reads: NOTIFY_SOCKET, LISTEN_FDS, LISTEN_PID. Writes: the notify socket.
Never: waits for PID 1, or fails where there is none to notify, as on a laptop.
"""

import os
import socket

from appliance.log import make_line

FIRST_PASSED = 3  # file descriptor


class Notifier:
    """Notifies PID 1 for one process."""

    def __init__(self) -> None:
        path = os.environ.get("NOTIFY_SOCKET", "")
        self._path = f"\0{path[1:]}" if path.startswith("@") else path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if path else None
        if self._socket:
            self._socket.settimeout(0.0)
        self._status = ""

    @property
    def is_heard(self) -> bool:
        """Whether PID 1 has started this process and waits for its notifications."""
        return self._socket is not None

    def notify_ready(self) -> None:
        self._send("READY=1")

    def notify_alive(self) -> None:
        self._send("WATCHDOG=1")

    def notify_stopping(self) -> None:
        self._send("STOPPING=1")

    def set_status(self, sentence: str) -> None:
        """Set the sentence of `systemctl status`; nothing is sent when it has not changed."""
        if sentence != self._status:
            line = " ".join(make_line(sentence).split())
            self._status = sentence if self._send(f"STATUS={line}") else ""

    def _send(self, state: str) -> bool:
        """Whether it was sent: PID 1 may be too busy to take it, and then it is told again."""
        if self._socket is None:
            return True
        try:
            self._socket.sendto(state.encode(errors="replace"), self._path)
        except OSError:
            return False
        return True


def take_passed_sockets() -> list[int]:
    """Descriptors of the sockets that PID 1 passed to this process (`man sd_listen_fds`); they are
    not passed on.
    """
    count, for_pid = os.environ.pop("LISTEN_FDS", ""), os.environ.pop("LISTEN_PID", "")
    if for_pid != str(os.getpid()) or not count.isdecimal():
        return []
    passed = list(range(FIRST_PASSED, FIRST_PASSED + int(count)))
    for descriptor in passed:
        os.set_inheritable(descriptor, False)  # noqa: FBT003  (the only form)
    return passed
