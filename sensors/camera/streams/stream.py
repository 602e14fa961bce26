"""One stream of a camera: its connection, its present group of pictures, and its recording.

Reads: a `Camera` that it opens itself. Writes: nothing; packets go on to the feed.
Never: decodes what nobody asked for, or counts a packet of a connection that was closed.
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Condition

from appliance.errors import CameraError
from appliance.media.frames import SUB
from appliance.wording.sentence import say
from sensors.camera.pictures.gop import DecodedFrame, GroupOfPictures
from sensors.camera.pictures.recording import Recording
from sensors.camera.sources.source import Camera, EncodedPacket, OnPacket
from sensors.camera.streams.connection import SourceConnection
from sensors.camera.streams.health import StreamHealth, StreamReport

NewGroup = Callable[[str], GroupOfPictures]
LIVE_S = 1.0  # picture seconds: a stream whose newest packet is older gives no pictures now


class Stream:
    """One stream. `name` is MAIN or SUB, "" where its camera has no other one.

    `fault` is why it failed last; None from its next key frame on. `opened_in_s` is how long the
    last opening took until the first key frame; `size` that of its pictures, in pixels. Both are
    None while they are not known. `on_packet` gets each packet, `on_restart` hears that what comes
    now belongs to another opening. A live source sends packets in a thread of its own: `lock` is
    the feed's, around everything here.
    """

    def __init__(
        self,
        name: str,
        camera: str,
        open_camera: Callable[[OnPacket], Camera],
        now_s: Callable[[], float],
        *,
        lock: Condition,
        on_packet: Callable[["Stream", EncodedPacket], None],
        on_restart: Callable[["Stream"], None],
        new_group: NewGroup = GroupOfPictures,
        recording: Recording | None = None,
    ) -> None:
        self.name = name
        self.recording = recording
        self.fault: CameraError | None = None
        self.opened_in_s: float | None = None
        self.size: tuple[int, int] | None = None
        self._where = name_stream(name, camera)
        self._now_s = now_s
        self._lock = lock
        self._new_group = new_group
        self._on_packet = on_packet
        self._on_restart = on_restart
        self._opened_s: float | None = None  # until the first key frame
        self._newest_s = float("-inf")
        self._group = new_group(self._where)
        self._health = StreamHealth()
        self._connection = SourceConnection(
            open_camera,
            now_s,
            on_packet=self._take_packet,
            on_open=self._restart,
            on_close=self._drop,
        )

    @property
    def description(self) -> str | None:
        """What comes, in words; None while nothing comes."""
        return self._connection.stream

    @property
    def frames_decoded(self) -> int:
        return self._group.frames_decoded

    @property
    def keys_are_far(self) -> bool:
        """Whether somebody can come and go between two key frames."""
        return self._health.is_far

    @property
    def decodes_alone(self) -> bool:
        """Whether the present group begins with a key frame, which needs no other packet."""
        return self._group.decodes_alone

    @property
    def undecoded_s(self) -> float:
        """How much must be decoded for the newest picture, in picture time."""
        return self._group.undecoded_s

    def report(self, covered_share: float | None = None) -> StreamReport:
        """What is known of it and wrong; called once a cycle."""
        self._health.count(self._group.counts)
        camera = self._connection.camera
        return self._health.report(
            self._group.counts,
            lag_s=camera.lag_s if camera else None,
            covered_share=covered_share,
            clock=camera.advice if camera else "",
        )

    def is_live(self, now_s: float) -> bool:
        """Whether it gives pictures now."""
        return self._opened_s is None and now_s - self._newest_s < LIVE_S

    # --- the connection ------------------------------------------------------------------------

    def advance(self, most_gathered_s: float) -> Camera:
        """The camera, opened where needed, after it gave all that is due; raises `CameraError`."""
        try:
            camera = self._connection.advance()
        except CameraError as error:
            self.fault = self._explain(error)
            raise self.fault from None
        camera.most_gathered_s = most_gathered_s
        return camera

    def try_advance(self, most_gathered_s: float) -> Camera | None:
        """The same; None where it failed, and `fault` says why."""
        try:
            return self.advance(most_gathered_s)
        except CameraError:
            return None

    def lose(self, error: CameraError) -> None:
        """Close the source after a failure and leave it alone for some time."""
        self.fault = error
        self._connection.lose(error)

    def pause(self) -> None:
        """Close the source since nobody wants it now; why it failed is still known."""
        self._connection.pause()

    def close(self) -> None:
        self._connection.close()

    def _explain(self, error: CameraError) -> CameraError:
        """The error of one stream of two says of which."""
        if not self.name or self._where in str(error):
            return error
        text = str(error).replace("`source`", "`sub_source`") if self.name == SUB else str(error)
        return CameraError(say("{where}: {text}", where=self._where, text=text))

    # --- what comes in -------------------------------------------------------------------------

    def _take_packet(self, opening: int, packet: EncodedPacket) -> None:
        """One packet; called by the source, within `advance` or from its own thread."""
        with self._lock:
            if not self._connection.accept(opening):
                return
            self._group.add(packet)
            if self.recording:
                self.recording.add(packet)
            self._newest_s = packet.media_s
            recovers = self._group.has_recovery_points
            self._health.take_packet(packet.media_s, is_key=packet.is_key, recovers=recovers)
            if packet.is_key and self._opened_s is not None:
                self.opened_in_s, self._opened_s = self._now_s() - self._opened_s, None
                self.fault = None
            self._on_packet(self, packet)

    def _restart(self) -> None:
        """The source is opened anew: what came before belongs to another stream."""
        self._drop()
        self._health = StreamHealth()
        self._opened_s = self._now_s()
        if self.recording:
            self.recording.interrupt()
        self._on_restart(self)

    def _drop(self) -> None:
        """The source was closed: its packets and its decoder are freed."""
        group = self._new_group(self._where)
        group.counts = self._group.counts
        self._group = group
        self._newest_s = float("-inf")

    # --- pictures ------------------------------------------------------------------------------

    def decode_newest(self) -> DecodedFrame | None:
        """The newest picture; None where none came yet. Raises `CameraError`, and is lost then."""
        try:
            found = self._group.decode_newest()
        except CameraError as error:
            self.lose(error)
            raise
        if found is not None:
            self.size = found.frame.width, found.frame.height
        return found

    def decode_next(self) -> DecodedFrame | None:
        """The newest picture for the gates; None where it fails: who requests pictures is told."""
        with suppress(CameraError):
            return self._group.decode_newest()
        return None

    def decode_key_frame(self) -> DecodedFrame | None:
        """The key frame of the present group alone. Raises `CameraError`, and is lost then."""
        try:
            found = self._group.decode_key_frame()
        except CameraError as error:
            self.lose(error)
            raise
        if found is not None:
            self.size = found.frame.width, found.frame.height
        return found

    def free_decoder(self) -> None:
        self._group.free_decoder()


def name_stream(name: str, camera: str) -> str:
    """A stream in sentences."""
    if not name:
        return say("the camera {camera}", camera=camera)
    return say("the {name} stream of the camera {camera}", name=name, camera=camera)
