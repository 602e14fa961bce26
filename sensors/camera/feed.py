"""One camera as its consumers see it: it follows a mode, answers pulls and survives a bad source.

Reads: a `Camera` that it opens itself. Writes: nothing; pictures go to who asked.
Never: decodes what nobody asked for, but key frames for gate 1; never keeps a camera open that is
OFF.

The service's cycle, the frame server's threads and a live source's thread meet here: one lock
around everything, and who waits for movement waits on it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Condition, RLock

from appliance.clock import Clock
from appliance.errors import CameraError
from appliance.media.frames import (
    BGR,
    I420,
    JPEG,
    LONGEST_WAIT_S,
    MP4,
    Answer,
    Picture,
    PictureRequest,
    Refusal,
)
from appliance.model import CameraMode
from sensors.camera import pictures
from sensors.camera.gates.motion import Motion, MotionSegment
from sensors.camera.mode import ModeChoice
from sensors.camera.recording import Recording
from sensors.camera.sources.gop import DecodedFrame, GroupOfPictures
from sensors.camera.sources.retry import Retry
from sensors.camera.sources.source import Camera, EncodedPacket, OnPacket

IDLE_S = 30.0  # picture seconds without a pull after which the decoder is freed
FOLLOWED_S = 2.0  # so long after a pull of whatever comes, something counts as followed
CHECK_EVERY_S = 0.2  # picture seconds between looks at what the packets claim to move
# Picture seconds for which packets may be gathered: who decodes nothing is in no hurry.
MOST_GATHERED_S = {
    CameraMode.LISTEN: 0.9,
    CameraMode.PROBE: 0.9,
    CameraMode.WATCH: 0.1,
    CameraMode.ACTIVE: 0.0,
}
PICTURE_MODES = (CameraMode.WATCH, CameraMode.ACTIVE)
PROBE_MODES = (CameraMode.PROBE, *PICTURE_MODES)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a feed is made of beside its source: gates, decoder, the film kept, the masks' cover."""

    motion: Motion = field(default_factory=Motion)
    new_group: Callable[[str], GroupOfPictures] = GroupOfPictures
    recording: Recording | None = None
    privacy_mask: pictures.Mask | None = None


class Feed:
    """Pictures of one camera. `open_camera` is called whenever the source is needed anew."""

    def __init__(
        self,
        name: str,
        open_camera: Callable[[OnPacket], Camera],
        clock: Clock,
        parts: Parts | None = None,
    ) -> None:
        self.frames_served = 0
        self.sequence = -1  # the number of the newest frame, through all openings
        self._name = name
        self._open_camera = open_camera
        self._clock = clock
        self._parts = parts or Parts()
        self._changed = Condition(RLock())
        self._camera: Camera | None = None
        self._waiting = 0  # who waits for a picture
        self._opened = 0  # how often; what an earlier opening still says is not heard
        self._group = self._new_group()
        self._choice = ModeChoice(CameraMode.OFF, "the camera has just started")
        self._last_served = self._checked = self._opened_after = -1
        self._checked_s = self._last_pull_s = self._last_followed_s = self._served_s = -1e9
        self._retry = Retry()

    @property
    def frames_skipped(self) -> int:
        """Frames that were there and that nobody asked for."""
        return self.sequence + 1 - self.frames_served

    @property
    def frames_decoded(self) -> int:
        return self._group.frames_decoded

    @property
    def stream(self) -> str | None:
        """What comes, in words."""
        return self._camera.stream if self._camera else None

    @property
    def motion(self) -> Motion:
        return self._parts.motion

    @property
    def is_followed(self) -> bool:
        """Whether somebody asks for whatever comes, moving or not."""
        return self._clock.media_s() - self._last_followed_s < FOLLOWED_S

    def follow(self, choice: ModeChoice) -> None:
        """Take in what came since the last call, as `choice` allows; raises `CameraError`."""
        with self._changed:
            self._choice = choice
            if choice.mode is CameraMode.OFF:
                self._close()
                self._retry.forget()
                self._changed.notify_all()
                return
            self._advance().most_gathered_s = MOST_GATHERED_S[choice.mode]
            idle_s = self._clock.media_s() - self._last_pull_s
            if choice.mode is CameraMode.LISTEN or idle_s > IDLE_S:
                self._group.free_decoder()

    def take_hint(self, source: str) -> None:
        """Somebody outside says that something moves."""
        with self._changed:
            self.motion.take_hint(source, self._clock.media_s())
            self._changed.notify_all()

    def take_ended_segments(self) -> list[tuple[MotionSegment, bool]]:
        """The stretches of movement that ended, each with whether pictures of it were given."""
        with self._changed:
            return [(bout, self._served_s >= bout.began_s) for bout in self.motion.take_ended()]

    def answer(self, request: PictureRequest) -> Answer:
        """The newest picture, or in one sentence why there is none. Called from other threads."""
        if request.encoding not in (BGR, I420, JPEG, MP4):
            return Refusal(
                f"pictures come as {I420}, {BGR}, {JPEG} or {MP4}, not {request.encoding!r}"
            )
        with self._changed:
            if self._choice.mode not in PICTURE_MODES:
                return Refusal(self._choice.reason)
            try:
                return (
                    self._make_clip(request)
                    if request.encoding == MP4
                    else self._wait_for_picture(request)
                )
            except CameraError as error:
                return Refusal(str(error))

    def close(self) -> None:
        """Let the source go."""
        with self._changed:
            self._close()

    # --- what comes in -------------------------------------------------------------------------

    def _take_packet(self, opening: int, heard: EncodedPacket) -> None:
        """One packet of the source; called by it, within `advance` or from its own thread."""
        with self._changed:
            if opening != self._opened:
                return
            self.sequence += 1
            self._group.add(heard)
            if self._parts.recording:
                self._parts.recording.add(heard)
            self.motion.take_packet(heard.media_s, heard.size_bytes, heard.is_key)
            probes = self._choice.mode in PROBE_MODES and heard.is_key
            if probes and self.motion.wants_probe(heard.media_s):
                self._probe(self._group.decode_key_frame())
            if self._waiting and self._is_new(self._clock.media_s()):
                self._changed.notify_all()

    def _probe(self, found: DecodedFrame | None) -> None:
        """Gate 1: a small grey look."""
        if found is not None:
            self.motion.take_picture(pictures.to_grey(found.frame), found.media_s)

    def _is_new(self, now_s: float) -> bool:
        """Whether who waits should wake: something moves, or somebody wants whatever comes."""
        return self.is_followed or self.motion.find_segment(now_s) is not None

    # --- what goes out -------------------------------------------------------------------------

    def _wait_for_picture(self, ask: PictureRequest) -> Answer:
        """A picture that is as asked for, once there is one; a refusal when the wait is over."""
        self._last_pull_s = began_s = self._clock.media_s()
        if not ask.moved:
            self._last_followed_s = began_s
        ends_s = began_s + min(ask.wait_s, LONGEST_WAIT_S)
        while self._choice.mode in PICTURE_MODES:
            camera = self._advance()
            picture = self._take_newest(ask)
            now_s = self._clock.media_s()
            if picture is not None:
                return picture
            if now_s >= ends_s:
                return Refusal("nothing moves" if ask.moved else "no new picture yet")
            due_s = camera.due_in_s(now_s)
            rest_s = ends_s - now_s
            self._waiting += 1
            self._changed.wait(rest_s if due_s is None else min(rest_s, max(due_s, 0.001)))
            self._waiting -= 1
        return Refusal(self._choice.reason)

    def _take_newest(self, ask: PictureRequest) -> Picture | None:
        """The newest picture if it is new and, where that is asked for, shows movement."""
        now_s = self._clock.media_s()
        if self.sequence == ask.after:
            return None
        bout = self.motion.find_segment(now_s)
        if ask.moved and (bout is None or not self._may_check(now_s)):
            return None
        found = self._decode_newest()
        if found is None:
            return None
        self._checked, self._checked_s = self.sequence, now_s
        self._probe(found)
        bout = self.motion.find_segment(now_s)
        if ask.moved and bout is None:
            return None  # the packets were wrong: nothing is to be seen
        return self._make_picture(found, ask.encoding, bout)

    def _may_check(self, now_s: float) -> bool:
        """Whether the newest frame may be decoded to see if it really moves: not each one."""
        return self.sequence != self._checked and now_s - self._checked_s >= CHECK_EVERY_S

    def _decode_newest(self) -> DecodedFrame | None:
        try:
            return self._group.decode_newest()
        except CameraError as error:
            self._lose(error)
            raise

    def _make_picture(
        self, found: DecodedFrame, encoding: str, bout: MotionSegment | None
    ) -> Picture:
        self._served_s = self._clock.media_s()
        if self.sequence != self._last_served:
            self._last_served = self.sequence
            self.frames_served += 1
        return Picture(
            camera=self._name,
            stamp=self._clock.stamp(),
            sequence=self.sequence,
            skipped=self.frames_skipped,
            media_s=found.media_s,
            width=found.frame.width,
            height=found.frame.height,
            encoding=encoding,
            data=pictures.encode(found.frame, encoding, self._parts.privacy_mask),
            woken_by=bout.woken_by if bout else "",
            region=self.motion.region,
        )

    def _make_clip(self, ask: PictureRequest) -> Answer:
        """What the camera sent from `since_s` to `until_s`, as it sent it."""
        if self._parts.recording is None:
            return Refusal("no film is kept: `clip_s` of the camera is 0")
        film = self._parts.recording.make_clip(ask.since_s, ask.until_s)
        return Picture(
            self._name,
            self._clock.stamp(),
            self.sequence,
            self.frames_skipped,
            film.since_s,
            film.width,
            film.height,
            MP4,
            film.data,
        )

    # --- the source ----------------------------------------------------------------------------

    def _advance(self) -> Camera:
        """The camera, opened where needed, with all that is due; raises `CameraError`."""
        now_s = self._clock.media_s()
        self._retry.check(now_s)
        try:
            camera = self._camera or self._open()
            camera.advance(now_s)
        except CameraError as error:
            self._lose(error)
            raise
        if self._retry.trouble and self.sequence == self._opened_after:
            raise CameraError(self._retry.trouble)  # opened again, but nothing has come yet
        self._retry.note_success(now_s)
        return camera

    def _open(self) -> Camera:
        self._opened += 1
        self._opened_after = self.sequence
        self._group = self._new_group()
        self.motion.reset()
        if self._parts.recording:
            self._parts.recording.interrupt()
        self._camera = self._open_camera(partial(self._take_packet, self._opened))
        return self._camera

    def _new_group(self) -> GroupOfPictures:
        group = self._parts.new_group(f"the camera {self._name}")
        if self._opened:
            group.frames_decoded = self._group.frames_decoded
        return group

    def _lose(self, error: CameraError) -> None:
        """Close the source and leave it alone for some time."""
        self._close()
        self._retry.note_failure(error, self._clock.media_s())

    def _close(self) -> None:
        self._opened += 1
        if self._camera:
            self._camera.close()
            self._camera = None
        self._group = self._new_group()
