"""Step 5b: the usual ports of web pages, 80 and 443, where no other program has them.

Reads: which ports of this computer are in use. Writes: an order to PID 1.
Never: takes a port from another program; the page is at 8443 as well.
"""

import re
from pathlib import Path

from provisioning.installation.machine import ask, is_booted, run

SOCKET = "appliance-proxy-usual.socket"
PORTS = {80, 443}
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
LISTENING = re.compile(r"^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:0000 0A ", re.MULTILINE)


class UsualPorts:
    """`tables`: of the kernel."""

    def __init__(self, tables: tuple[Path, ...] = TABLES) -> None:
        self._tables = tables

    def list_differences(self) -> list[str]:
        if not is_booted() or list_listening(self._tables) & PORTS:
            return []
        if ask("systemctl", "is-enabled", SOCKET) == "enabled":
            return []
        return [f"{SOCKET} is not enabled, and nothing listens on its ports"]

    def apply(self) -> None:
        run("systemctl", "enable", SOCKET, what=f"{SOCKET} cannot be enabled")


def list_listening(tables: tuple[Path, ...]) -> set[int]:
    """The TCP ports on which something listens."""
    text = "".join(path.read_text() for path in tables if path.exists())
    return {int(digits, 16) for digits in LISTENING.findall(text)}
