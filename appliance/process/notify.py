"""Notifications to PID 1 (sd_notify): ready, watchdog, and one sentence of status.

Reads and writes: the notify socket, through systemd's own library where that is installed (extra
`systemd`; on a unit it always is).
Never: sends anything where that library is missing, as on a laptop.
"""

from types import ModuleType

from appliance.log import redact


def load_library() -> ModuleType | None:
    """Systemd's Python library, or None on a laptop without it."""
    try:
        from systemd import daemon  # noqa: PLC0415  (optional: an extra)
    except ImportError:
        return None
    return daemon  # type: ignore[no-any-return]


class Notifier:
    """Notifies PID 1 for one process."""

    def __init__(self) -> None:
        self._daemon = load_library()
        self._status = ""

    def notify_ready(self) -> None:
        self._send("READY=1")

    def notify_alive(self) -> None:
        self._send("WATCHDOG=1")

    def notify_stopping(self) -> None:
        self._send("STOPPING=1")

    def set_status(self, sentence: str) -> None:
        """Set the sentence of `systemctl status`; nothing is sent when it has not changed."""
        if sentence != self._status:
            self._status = sentence
            self._send(f"STATUS={redact(sentence)}")

    def _send(self, state: str) -> None:
        if self._daemon is not None:
            self._daemon.notify(state)


def listen_fds() -> list[int]:
    """Sockets that PID 1 passed to this process (socket activation)."""
    daemon = load_library()
    return list(daemon.listen_fds()) if daemon is not None else []
