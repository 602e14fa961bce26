"""A pseudo-terminal with a simulated device behind it: to a driver it is a serial port.

Reads and writes: the pseudo-terminal, and a link to it under a name that does not change.
Never: replaces a file that is not a link, and never answers a frame with a wrong CRC.
"""

import contextlib
import os
import select
import tty
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event

from appliance.clock import Clock
from appliance.errors import ListenError
from power.simulated.framing import rtu_content, rtu_frame, rtu_request_size
from power.simulated.pdu import SimulatedDevice
from power.simulated.quirks import Quirk

LOOK_EVERY_S = 0.2  # at whether to stop
FRAME_GAP_S = 0.05  # silence after which a begun request is dropped
BURST_GAP_S = 0.06
BITS_A_BYTE = 10
TURNAROUND_S = 0.005
NOISE_SHARE = 0.2


class SerialLine:
    """One pseudo-terminal; `path` is what a driver opens. `serve()` until `stop` is set.

    `baud` None: replies are not paced (an accelerated demonstration).
    """

    def __init__(
        self,
        device: SimulatedDevice,
        clock: Clock,
        baud: int | None = None,
        quirks: Collection[Quirk] = (),
        seed: int = 1,
    ) -> None:
        self._device = device
        self._clock = clock
        self._baud = baud
        self._quirks = frozenset(quirks)
        self._random = Random(seed)
        # The other end stays open here as well: a driver that closes it is no hang-up.
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.path = Path(os.ttyname(self._theirs))

    def serve(self, stop: Event) -> None:
        """Answer requests until `stop` is set."""
        begun = b""
        while not stop.is_set():
            more = self._receive(FRAME_GAP_S if begun else LOOK_EVERY_S)
            begun += more
            size = rtu_request_size(begun)
            if size is not None and len(begun) >= size:
                frame, begun = begun[:size], begun[size:]
                self._answer(frame, stop)
            elif not more:
                begun = b""

    def close(self) -> None:
        os.close(self._ours)
        os.close(self._theirs)

    def _receive(self, wait_s: float) -> bytes:
        ready, _, _ = select.select([self._ours], [], [], wait_s)
        return os.read(self._ours, 256) if ready else b""

    def _answer(self, request: bytes, stop: Event) -> None:
        content = rtu_content(request)
        if content is None:
            return
        if Quirk.ECHO in self._quirks:
            os.write(self._ours, request)
        device_id, pdu = content
        reply = self._device.answer(pdu) if device_id == self._device.device_id else None
        if reply is not None:
            self._send(self._damaged(rtu_frame(device_id, reply)), stop)

    def _damaged(self, frame: bytes) -> bytes:
        if Quirk.NOISE not in self._quirks or self._random.random() > NOISE_SHARE:
            return frame
        place = self._random.randrange(len(frame))
        flipped = frame[place] ^ self._random.randint(1, 255)
        return frame[:place] + bytes([flipped]) + frame[place + 1 :]

    def _send(self, frame: bytes, stop: Event) -> None:
        if self._baud:
            self._clock.wait(TURNAROUND_S + len(frame) * BITS_A_BYTE / self._baud, stop)
        if Quirk.TWO_BURSTS in self._quirks:
            half = len(frame) // 2
            os.write(self._ours, frame[:half])
            self._clock.wait_media(BURST_GAP_S, stop)
            frame = frame[half:]
        os.write(self._ours, frame)


@contextmanager
def linked(path: Path, link: Path | None) -> Iterator[Path]:
    """Make `link` a link to `path` while it lasts; yields the name to open."""
    if link is None:
        yield path
        return
    place(path, link)
    try:
        yield link
    finally:
        with contextlib.suppress(OSError):
            if link.readlink() == path:
                link.unlink()


def place(path: Path, link: Path) -> None:
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
