"""Where the service waits: for a datagram of who has stored something, a worker's answer, a signal.

    with Doorbell(settings.alarm_socket) as bell:
        bell.wait(seconds)          # None: until something comes
        bell.ring()                 # from another thread

Reads: the socket of PID 1, or on a laptop its own. Writes: nothing.
Never: says what has come: who waits looks everywhere.
"""

import selectors
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

MOST_BYTES = 64
MOST_DRAINED = 1000  # datagrams at once; a socket of the kernel holds a few hundred


class Doorbell:
    """One for a process. `passed`: the descriptors of PID 1."""

    def __init__(self, path: Path, passed: Sequence[int] = ()) -> None:
        self.is_passed = bool(passed)
        self._path = path
        self._sockets = [socket.socket(fileno=one) for one in passed] or [open_socket(path)]
        self._inside, self._rope = socket.socketpair()
        for one in (*self._sockets, self._inside, self._rope):
            one.setblocking(False)  # noqa: FBT003  (the only form)
        self._selector = selectors.DefaultSelector()
        for one in (*self._sockets, self._inside):
            self._selector.register(one, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def follow_signals(self) -> None:
        """A signal ends a wait as well. From the main thread."""
        signal.set_wakeup_fd(self._rope.fileno(), warn_on_full_buffer=False)

    def ring(self) -> None:
        """End a wait, from any thread; one that is not begun yet ends at once."""
        with suppress(OSError):  # it is ringing already
            self._rope.send(b"!")

    def wait(self, seconds: float | None) -> bool:
        """Whether something came; all of it counts as heard."""
        ready = self._selector.select(None if seconds is None else max(0.0, seconds))
        for key, _ in ready:
            drain(key.fileobj)  # type: ignore[arg-type]
        return bool(ready)

    def close(self) -> None:
        """Nobody is heard any more; PID 1 keeps its socket."""
        self._selector.close()
        for one in (*self._sockets, self._inside, self._rope):
            one.close()
        if not self.is_passed:
            self._path.unlink(missing_ok=True)


def open_socket(path: Path) -> socket.socket:
    """A socket of this process, where PID 1 has passed none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    found = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    found.bind(str(path))
    path.chmod(0o660)
    return found


def drain(source: socket.socket) -> None:
    """Take what has come."""
    with suppress(OSError):  # that was all
        for _ in range(MOST_DRAINED):
            source.recv(MOST_BYTES)
