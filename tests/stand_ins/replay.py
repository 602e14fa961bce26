"""A recorded device on a real pseudo-terminal: checks each request byte by byte, then answers.

No Modbus in it. `Peer` is given pairs of (expected request, bursts to send back); what it was
asked instead is kept in `surprises`, and a test that uses it must find that empty.
"""

import os
import select
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

REQUEST_WAIT_S = 5.0
BURST_GAP_S = 0.03

Exchange = tuple[bytes, Sequence[bytes]]


class ReplayPeer:
    """Answers `exchanges` in turn, once each."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = list(exchanges)
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self._stop = Event()
        self.port = os.ttyname(self._theirs)
        self.surprises: list[str] = []
        self.answered = 0
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for expected, bursts in self._exchanges:
            request = self._receive(len(expected))
            if self._stop.is_set():
                return
            if request != expected:
                self.surprises.append(f"{request.hex(' ')} instead of {expected.hex(' ')}")
                return
            for burst in bursts:
                os.write(self._ours, burst)
                self._stop.wait(BURST_GAP_S)
            self.answered += 1

    def _receive(self, size: int) -> bytes:
        received = b""
        while len(received) < size and not self._stop.is_set():
            ready, _, _ = select.select([self._ours], [], [], 0.05)
            received += os.read(self._ours, size - len(received)) if ready else b""
        return received

    def write_unasked(self, noise: bytes) -> None:
        """Bytes that nobody asked for; returns when a driver could read them."""
        os.write(self._ours, noise)
        select.select([self._theirs], [], [], REQUEST_WAIT_S)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(REQUEST_WAIT_S)
        os.close(self._ours)
        os.close(self._theirs)


@contextmanager
def replay(*exchanges: Exchange) -> Iterator[ReplayPeer]:
    """A peer for the length of a test; fails it if a request differed from the recorded one."""
    peer = ReplayPeer(exchanges)
    try:
        yield peer
    finally:
        peer.close()
    assert not peer.surprises
