"""The connection to one camera's source: opened when needed, retried after a failure.

Reads: a `Camera` that it opens itself. Writes: nothing; packets go to the feed.
Never: keeps a source open after a failure, or tries again before the pause of sources/retry.py.
"""

from collections.abc import Callable
from functools import partial

from appliance.errors import CameraError
from sensors.camera.sources.retry import Retry
from sensors.camera.sources.source import Camera, EncodedPacket, OnPacket


class SourceConnection:
    """One camera's source. Not for several threads: the feed's lock is around every call.

    `now_s` is picture time. `on_packet` gets each packet with the number of its opening: a closed
    source may still send some, and `accept` says which count. `on_open` is called before each
    opening, `on_close` after each closing.
    """

    def __init__(
        self,
        open_camera: Callable[[OnPacket], Camera],
        now_s: Callable[[], float],
        *,
        on_packet: Callable[[int, EncodedPacket], None],
        on_open: Callable[[], None],
        on_close: Callable[[], None],
    ) -> None:
        self._open_camera = open_camera
        self._now_s = now_s
        self._on_packet = on_packet
        self._on_open = on_open
        self._on_close = on_close
        self.camera: Camera | None = None  # while it is open
        self._opening = 0
        self._has_sent = False  # since it was opened last
        self._retry = Retry()

    @property
    def stream(self) -> str | None:
        """What the source sends, in words; None while nothing comes."""
        return self.camera.stream if self.camera else None

    def accept(self, opening: int) -> bool:
        """Whether a packet of this opening counts: only those of the present one do."""
        if opening != self._opening:
            return False
        self._has_sent = True
        return True

    def advance(self) -> Camera:
        """The camera, opened where needed, after it gave all that is due; raises `CameraError`."""
        now_s = self._now_s()
        self._retry.check(now_s)
        try:
            camera = self.camera or self._open()
            camera.advance(now_s)
        except CameraError as error:
            self.lose(error)
            raise
        if self._retry.trouble and not self._has_sent:
            raise CameraError(self._retry.trouble)  # opened again, but nothing has come yet
        self._retry.note_success(now_s)
        return camera

    def lose(self, error: CameraError) -> None:
        """Close the source after a failure and leave it alone for some time."""
        self.close()
        self._retry.note_failure(error, self._now_s())

    def pause(self) -> None:
        """Close the source since nobody wants it now; an earlier failure is forgotten."""
        self.close()
        self._retry.forget()

    def close(self) -> None:
        """Close the source; packets that it still sends are not accepted."""
        self._opening += 1
        if self.camera:
            self.camera.close()
            self.camera = None
        self._on_close()

    def _open(self) -> Camera:
        self._opening += 1
        self._has_sent = False
        self._on_open()
        self.camera = self._open_camera(partial(self._on_packet, self._opening))
        return self.camera
