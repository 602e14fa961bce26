"""QEMU's control socket (QMP): orders to a machine, and what it reports of itself.

Reads and writes: one UNIX socket.
Never: waits longer for an answer than PATIENCE_S.
"""

import json
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from provisioning.image.tools import ImageError

PATIENCE_S = 60.0
BETWEEN_TRIES_S = 0.1
RESET, OFF = "guest-reset", "guest-shutdown"  # reasons of QEMU's event SHUTDOWN


class Control:
    """An open control socket. `events`: the names of what the machine has reported, in order;
    `end`: why the machine has ended, as QEMU's event SHUTDOWN says it (RESET: its system, or its
    watchdog, wanted a reset; OFF: it has switched itself off); "" where none came.
    """

    def __init__(self, path: Path) -> None:
        self._socket = connect(path)
        self._lines = self._socket.makefile("r")
        self.events: list[str] = []
        self.end = ""
        self._read()  # a greeting
        self.order("qmp_capabilities")

    def order(self, command: str, **arguments: object) -> Any:
        """Raises `ImageError` where QEMU refuses it."""
        message = {"execute": command, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise ImageError(f"QEMU has ended: {error}") from error
        while True:
            answer = self._read()
            if "error" in answer:
                raise ImageError(f"QEMU refused {command}: {answer['error'].get('desc')}")
            if "return" in answer:
                return answer["return"]

    def list_events(self) -> list[str]:
        """Those up to now."""
        self.order("query-status")
        return self.events

    def read_to_end(self) -> None:
        """What QEMU has reported before it ended."""
        with suppress(ImageError):
            while True:
                self._read()

    @property
    def reset(self) -> bool:
        return self.end == RESET

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def _read(self) -> dict[str, Any]:
        try:
            line = self._lines.readline()
        except OSError as error:
            raise ImageError(f"QEMU does not answer: {error}") from error
        if not line:
            raise ImageError("QEMU has ended")
        answer: dict[str, Any] = json.loads(line)
        if "event" in answer:
            self.events.append(str(answer["event"]))
        if answer.get("event") == "SHUTDOWN" and not self.end:
            self.end = str(answer.get("data", {}).get("reason", ""))
        return answer


def explain_end(end: str, code: int) -> str:
    """Why QEMU has ended, by its own event and its exit code, where its machine has not switched
    itself off; "" where it has.
    """
    if end == OFF:
        return ""
    how = f"by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"with exit code {code}"
    said = f"; it says {end}" if end else ""
    return f"QEMU was ended {how}{said}: the unit has not switched itself off"


def connect(path: Path) -> socket.socket:
    """Connect as soon as QEMU listens."""
    until = time.monotonic() + PATIENCE_S
    while True:
        opened = socket.socket(socket.AF_UNIX)
        opened.settimeout(PATIENCE_S)
        try:
            opened.connect(str(path))
        except OSError as error:
            opened.close()
            if time.monotonic() > until:
                raise ImageError(f"QEMU does not listen at {path}: {error}") from error
            time.sleep(BETWEEN_TRIES_S)
        else:
            return opened
