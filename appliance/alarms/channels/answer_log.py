"""The answers of sending processes on disk: what was sent is known, also where nobody reads it.

    log = AnswerLog(Path("/var/lib/appliance/alarm-answers"))
    log.write(answer)                    # on disk when it returns, before the service hears it

Each process holds a shared lock on the file while it lives: who gets the exclusive one knows that
no message is on its way any more.

Reads: nothing. Writes: one line of JSON for each answer, at the end of the file.
Never: keeps a message from being answered because the disk is full.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from appliance.alarms.channels.requests import SendAnswer, format_line

WRITE = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class AnswerLog:
    """One process's; without a file it writes nothing."""

    def __init__(self, file: Path | None) -> None:
        self._handle = None
        with suppress(OSError):
            self._handle = None if file is None else os.open(file, WRITE, 0o600)
            if self._handle is not None:
                fcntl.flock(self._handle, fcntl.LOCK_SH)

    def write(self, answer: SendAnswer) -> None:
        """In one write, so that lines of several processes never mix."""
        with suppress(OSError):
            if self._handle is not None:
                os.write(self._handle, format_line(answer).encode())
                os.fsync(self._handle)
