"""A pseudo-terminal with a simulated device behind it: to a driver it is a serial port.

Reads and writes: the pseudo-terminal, and a link to it under a name that does not change.
Never: replaces a file that is not a link.
"""

import contextlib
import errno
import os
import select
import tty
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from appliance.clock import Clock
from appliance.errors import ListenError
from provisioning.simulated.lines.byte_device import ByteDevice
from provisioning.simulated.lines.damage import SHARE, Damage
from provisioning.simulated.lines.quirks import ECHO, NEEDS_GAP, TWO_BURSTS

STOP_CHECK_S = 0.2  # at whether to stop
FRAME_GAP_S = 0.05  # silence after which a begun request is dropped
BURST_GAP_S = 0.06
NEEDED_GAP_S = 0.05
BITS_A_BYTE = 10
TURNAROUND_S = 0.005


class SerialLine:
    """One pseudo-terminal; `path` is what a driver opens. `serve()` until `stop` is set.

    `baud` None: replies are not paced (an accelerated demonstration).
    """

    def __init__(
        self,
        device: ByteDevice,
        clock: Clock,
        baud: int | None = None,
        quirks: Collection[str] = (),
        seed: int = 1,
        damaged_share: float = SHARE,
    ) -> None:
        self._device = device
        self._clock = clock
        self._baud = baud
        self._quirks = frozenset(quirks)
        self._ready_s = 0.0
        self._damage = Damage(quirks, seed, damaged_share)
        # The other end stays open here as well: a driver that closes it is no hang-up.
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.path = Path(os.ttyname(self._theirs))

    def serve(self, stop: Event) -> None:
        """Answer requests, and send what the device sends unasked, until `stop` is set."""
        received = b""
        send_at_s = self._find_next_send_s()
        while not stop.is_set():
            more = self._receive(FRAME_GAP_S if received else self._choose_wait_s(send_at_s))
            received += more
            size = self._device.find_request_size(received) if received else None
            if size is not None and len(received) >= size:
                frame, received = received[:size], received[size:]
                self._answer(frame, stop)
            elif not more:
                received = b""
            if self._clock.stamp().uptime_s >= send_at_s:
                self._send(self._device.send_unasked(), stop)
                send_at_s = self._find_next_send_s()

    def close(self) -> None:
        os.close(self._ours)
        os.close(self._theirs)

    def _find_next_send_s(self) -> float:
        every_s = self._device.sends_every_s
        return float("inf") if every_s is None else self._clock.stamp().uptime_s + every_s

    def _choose_wait_s(self, send_at_s: float) -> float:
        """Real seconds to listen for; what a device sends unasked may be due before that."""
        return STOP_CHECK_S if send_at_s == float("inf") else FRAME_GAP_S

    def _receive(self, wait_s: float) -> bytes:
        ready, _, _ = select.select([self._ours], [], [], wait_s)
        return os.read(self._ours, 256) if ready else b""

    def _answer(self, request: bytes, stop: Event) -> None:
        if NEEDS_GAP in self._quirks and self._clock.media_s() < self._ready_s:
            return
        if ECHO in self._quirks:
            self._write(request)
        reply = self._device.respond(request)
        if reply:
            self._send(reply, stop)

    def _send(self, reply: bytes, stop: Event) -> None:
        frame = self._damage.apply(reply)
        if self._baud:
            self._clock.wait(TURNAROUND_S + len(frame) * BITS_A_BYTE / self._baud, stop)
        if TWO_BURSTS in self._quirks:
            half = len(frame) // 2
            self._write(frame[:half])
            self._clock.wait_media(BURST_GAP_S, stop)
            frame = frame[half:]
        self._ready_s = self._clock.media_s() + NEEDED_GAP_S
        self._write(frame)

    def _write(self, data: bytes) -> None:
        """Put it on the line; what is not read is lost, as on a real line."""
        try:
            os.write(self._ours, data)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise


@contextmanager
def link_port(path: Path, link: Path | None) -> Iterator[Path]:
    """Make `link` a link to `path` while it lasts; yields the name to open."""
    if link is None:
        yield path
        return
    replace_link(path, link)
    try:
        yield link
    finally:
        with contextlib.suppress(OSError):
            if link.readlink() == path:
                link.unlink()


def replace_link(path: Path, link: Path) -> None:
    """Put the link in place of an older one; raise `ListenError` where something else stands."""
    if link.exists() and not link.is_symlink():
        raise ListenError(f"{link} is there and is no link; name another path with --link")
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        fresh.symlink_to(path)
        fresh.replace(link)
    except OSError as error:
        raise ListenError(f"the link {link} cannot be made: {error}") from error
