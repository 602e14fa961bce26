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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.alarms.channels.requests import SendAnswer, format_line

WRITE = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class AnswerLog:
    """One process's; without a file it writes nothing."""

    def __init__(self, file: Path | None) -> None:
        self._handle = None if file is None else open_locked(file)

    def write(self, answer: SendAnswer) -> None:
        """In one write, so that lines of several processes never mix."""
        with suppress(OSError):
            if self._handle is not None:
                # Begun by a line end: what a full disk has cut off before spoils no other answer.
                os.write(self._handle, f"\n{format_line(answer)}".encode())
                os.fsync(self._handle)


@contextmanager
def lock_for_child(file: Path | None) -> Iterator[tuple[int, ...]]:
    """A handle with the lock, to be passed to a process that is started in the block: so that one
    holds it from its first moment on, also where the service is killed before it has opened the
    file.
    """
    handle = None if file is None else open_locked(file)
    try:
        yield () if handle is None else (handle,)
    finally:
        if handle is not None:
            os.close(handle)


def open_locked(file: Path) -> int | None:
    """A handle that holds the lock; None where the file cannot be opened."""
    handle = None
    with suppress(OSError):
        handle = os.open(file, WRITE, 0o600)
        fcntl.flock(handle, fcntl.LOCK_SH)
    return handle
