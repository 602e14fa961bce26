"""The journal of PID 1: one datagram a line, in the form of systemd.io/JOURNAL_NATIVE_PROTOCOL.

Reads: JOURNAL_STREAM. Writes: the journal's socket.
Never: returns before the journal has room for the line, if `limit_s` is None: only a thread that
may wait (appliance/journal/writer.py) sends so.
"""

import os
import socket
from pathlib import Path

SOCKET = Path("/run/systemd/journal/socket")
STDERR = 2


class Journal:
    """The journal as one process writes to it. Opening and sending raise `OSError`."""

    def __init__(self, path: Path = SOCKET, limit_s: float | None = None) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(limit_s)

    def send(self, text: str, /, **fields: object) -> None:
        """Send one line; `fields` as in `man systemd.journal-fields`."""
        all_fields = {"MESSAGE": text, **fields}
        line = b"".join(encode_field(name, str(value)) for name, value in all_fields.items())
        self._socket.sendto(line, self._path)


def encode_field(name: str, value: str) -> bytes:
    """A field of a line; one that has lines of its own carries its length."""
    content = value.encode(errors="backslashreplace")
    if b"\n" not in content:
        return b"%s=%s\n" % (name.encode(), content)
    return b"%s\n%s%s\n" % (name.encode(), len(content).to_bytes(8, "little"), content)


def is_under_journal() -> bool:
    """Whether standard error goes to the journal. JOURNAL_STREAM alone says nothing: a terminal may
    have it from the session in which it was started.
    """
    try:
        status = os.fstat(STDERR)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
