"""One camera as its consumers see it: follows a mode, answers requests, survives a bad source.

Reads: packets of a `Camera`. Writes: nothing; pictures and clips go to who asked.
Never: decodes what nobody asked for, but key frames for gate 1; never keeps a camera open that is
OFF.

The service's cycle, the frame server's threads and a live source's thread meet here: one lock
around everything, and who waits for motion waits on it.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from threading import Condition, RLock

from appliance.clock import Clock
from appliance.errors import CameraError
from appliance.media.frames import (
    BGR,
    I420,
    JPEG,
    LONGEST_WAIT_S,
    MAIN,
    MP4,
    SUB,
    Answer,
    Picture,
    PictureRequest,
    Refusal,
)
from appliance.model_cameras import CameraMode, HoldKind
from appliance.wording.sentence import join_sentences, say
from sensors.camera.between_key_frames import BetweenKeyFrames
from sensors.camera.gates.motion import Motion
from sensors.camera.gates.segments import MotionSegment
from sensors.camera.mode import ModeChoice
from sensors.camera.picture_checks import PictureChecks
from sensors.camera.pictures import encoding
from sensors.camera.pictures.gop import DecodedFrame, GroupOfPictures
from sensors.camera.pictures.recording import Recording
from sensors.camera.sources.hardware import Hardware
from sensors.camera.sources.source import Camera, EncodedPacket, OnPacket
from sensors.camera.streams.health import StreamReport
from sensors.camera.streams.pair import PICTURE_MODES, StreamPair
from sensors.camera.streams.stream import Stream
from sensors.camera.tamper_checks.checks import Tamper

IDLE_S = 30.0  # picture seconds without a request after which the decoder is freed
FOLLOWED_S = 2.0  # so long after a request for any picture, something counts as followed
# Picture seconds between those while every picture is served: comparing one costs as much as
# decoding it, and nothing depends on it then but the part that is analysed.
FOLLOWED_CHECK_EVERY_S = 0.35
AWAKE_S = 3.0  # so long after a picture was handed out, the next one belongs to the same wake
CLOCK_JUMP_S = 10.0  # picture time that goes back further than this: the source restarted
PROBE_MODES = (CameraMode.PROBE, *PICTURE_MODES)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a feed is made of beside its source: gates, decoder, recordings, mask, checks.

    `open_sub` opens the camera's sub stream, None where it has none.
    """

    motion: Motion = field(default_factory=Motion)
    new_group: Callable[[str], GroupOfPictures] = GroupOfPictures
    recording: Recording | None = None
    open_sub: Callable[[OnPacket], Camera] | None = None
    sub_recording: Recording | None = None
    privacy_mask: encoding.Mask | None = None
    hardware: Hardware | None = None
    tamper: Tamper | None = None
    between: BetweenKeyFrames = field(default_factory=BetweenKeyFrames)


class Feed:
    """Pictures of one camera. `open_camera` is called whenever the source is needed anew.

    feed = Feed("gate", Opener(settings.camera["gate"]), clock)
    feed.follow(choose_mode(budget))            # once a second
    answer = feed.answer(PictureRequest(JPEG))  # from any thread: a Picture, or a Refusal
    """

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
        self._clock = clock
        self._parts = parts or Parts()
        self._changed = Condition(RLock())
        self._waiting = 0  # requests that wait for a picture
        self._choice = ModeChoice(CameraMode.OFF, say("the camera has just started"))
        self._last_served = self._checked = -1
        self._checked_s = self._requested_s = self._served_s = -1e9
        self._unmoved_s = self._followed_s = -1e9
        parts = self._parts
        self._checks = PictureChecks(parts.motion, parts.tamper, parts.between)
        self._shown_s = float("-inf")  # picture time of the picture that was handed out last
        self._shown_stream: Stream | None = None
        self._streams = self._make_streams(open_camera)

    def _make_streams(self, open_main: Callable[[OnPacket], Camera]) -> StreamPair:
        parts = self._parts
        main = self._make_stream(MAIN if parts.open_sub else "", open_main, parts.recording)
        sub = parts.open_sub and self._make_stream(SUB, parts.open_sub, parts.sub_recording)
        return StreamPair(main, sub, self._clock.media_s, self._checks.learn_again)

    def _make_stream(
        self, name: str, open_camera: Callable[[OnPacket], Camera], recording: Recording | None
    ) -> Stream:
        return Stream(
            name,
            self._name,
            open_camera,
            self._clock.media_s,
            lock=self._changed,
            on_packet=self._take_packet,
            on_restart=self._restart,
            new_group=self._parts.new_group,
            recording=recording,
        )

    @property
    def frames_skipped(self) -> int:
        """Frames that came and that nobody asked for."""
        return self.sequence + 1 - self.frames_served

    @property
    def frames_decoded(self) -> int:
        return sum(stream.frames_decoded for stream in self._streams)

    @property
    def stream(self) -> str | None:
        """What comes, in words."""
        found, hardware = self._streams.description, self._parts.hardware
        words = (found, hardware.words) if found and hardware and hardware.words else ()
        return join_sentences("; ", words) or found

    @property
    def report(self) -> StreamReport:
        """What is known and wrong of what comes."""
        with self._changed:
            return self._streams.report(self._parts.between.covered_share)

    @property
    def gates(self) -> str:
        """What wakes this camera, in words."""
        return self._checks.describe_gates(self._clock.media_s())

    def list_faults(self) -> list[CameraError]:
        """What fails although pictures come."""
        hardware = self._parts.hardware
        with self._changed:
            fault = hardware.make_fault(self._name) if hardware else None
            return [
                *self._list_mask_faults(),
                *([fault] if fault else []),
                *self._streams.list_faults(),
            ]

    def _list_mask_faults(self) -> list[CameraError]:
        """A privacy mask that may not hide in one stream what it hides in the other."""
        differ = self._streams.shapes_differ if self._parts.privacy_mask else ""
        if not differ:
            return []
        told = say(
            "the privacy masks of the camera {name}: {differ}", name=self._name, differ=differ
        )
        return [CameraError(told)]

    @property
    def motion(self) -> Motion:
        return self._parts.motion

    @property
    def tamper(self) -> Tamper | None:
        return self._parts.tamper

    @property
    def is_followed(self) -> bool:
        """Whether somebody asks for every picture, with motion or without."""
        return self._clock.media_s() - self._followed_s < FOLLOWED_S

    @property
    def is_asked(self) -> bool:
        """Whether somebody has asked for pictures lately, or could not until a moment ago."""
        return self._clock.media_s() - self._requested_s < IDLE_S

    def follow(self, choice: ModeChoice) -> None:
        """Take in what came since the last call, as `choice` allows; raises `CameraError`."""
        with self._changed:
            if choice.mode in PICTURE_MODES and self._choice.mode not in PICTURE_MODES:
                self._requested_s = self._clock.media_s()
            if HoldKind.PAUSE in (choice.held, self._choice.held):
                self._streams.forget_packets()
            self._choice = choice
            if choice.mode is CameraMode.OFF:
                self._streams.pause()
                self._changed.notify_all()
                return
            self._streams.advance(choice.mode)
            self._parts.between.share = choice.decoding_share
            now_s = self._clock.media_s()
            idle = now_s - self._requested_s > IDLE_S and not self._parts.between.is_running(now_s)
            if choice.mode is CameraMode.LISTEN or idle:
                for stream in self._streams:
                    stream.free_decoder()

    def take_hint(self, source: str) -> None:
        """Somebody outside reports that something moves."""
        with self._changed:
            self.motion.take_hint(source, self._clock.media_s())
            self._changed.notify_all()

    def take_ended_segments(self, longest_s: float = inf) -> list[tuple[MotionSegment, bool]]:
        """The motion segments that ended, and parts of one that lasts longer than that, each with
        whether pictures of it were handed out.
        """
        with self._changed:
            ended = self.motion.take_ended(longest_s)
            return [(segment, self._served_s >= segment.began_s) for segment in ended]

    def answer(self, request: PictureRequest) -> Answer:
        """The newest picture, or in one sentence why there is none. Called from other threads."""
        if request.encoding not in (BGR, I420, JPEG, MP4):
            wrong = request.encoding
            return Refusal(f"pictures come as {I420}, {BGR}, {JPEG} or {MP4}, not {wrong!r}")
        with self._changed:
            if self._choice.mode not in PICTURE_MODES:
                return Refusal(self._choice.reason)
            try:
                if request.encoding == MP4:
                    return self._make_clip(request)
                return self._wait_for_picture(request)
            except CameraError as error:
                return Refusal(str(error))

    def close(self) -> None:
        """Close the source."""
        with self._changed:
            for stream in self._streams:
                stream.close()

    # --- what comes in -------------------------------------------------------------------------

    def _take_packet(self, stream: Stream, packet: EncodedPacket) -> None:
        """One packet of a stream; called with the lock."""
        if stream is self._streams.heard:
            self.sequence += 1
            self.motion.take_packet(packet.media_s, packet.size_bytes, packet.is_key)
            if self._choice.mode in PROBE_MODES:
                self._checks.take_packet(stream, packet)
        if self._waiting and self._is_new(self._clock.media_s()):
            self._changed.notify_all()

    def _is_new(self, now_s: float) -> bool:
        """Whether who waits should wake: something moves, or somebody wants every picture."""
        return self.is_followed or self.motion.find_segment(now_s) is not None

    def _restart(self, stream: Stream) -> None:
        """A stream is opened anew: the gates learn again if it is the one that they hear."""
        if stream is self._streams.heard:
            self._checks.learn_again()

    # --- what goes out -------------------------------------------------------------------------

    def _wait_for_picture(self, request: PictureRequest) -> Answer:
        """A picture as requested, once there is one; a refusal when the wait is over."""
        self._requested_s = began_s = self._clock.media_s()
        self.motion.note_request(began_s, moved=request.moved)
        if not request.moved:
            self._note_follower(began_s)
        ends_s = began_s + min(request.wait_s, LONGEST_WAIT_S)
        while self._choice.mode in PICTURE_MODES:
            camera = self._streams.advance(self._choice.mode)
            picture = self._take_newest(request)
            now_s = self._clock.media_s()
            if picture is not None:
                if request.moved or self.is_followed:  # not for one look at what stands still
                    self._streams.want_main(self._choice.mode)
                return picture
            if now_s >= ends_s:
                return Refusal(say("nothing moves") if request.moved else say("no new picture yet"))
            self._wait(camera.due_in_s(now_s), ends_s - now_s)
        return Refusal(self._choice.reason)

    def _note_follower(self, now_s: float) -> None:
        """One picture alone follows nothing: what stands still is looked at once in a while."""
        if now_s - self._unmoved_s < FOLLOWED_S:
            self._followed_s = now_s
        self._unmoved_s = now_s

    def _wait(self, due_s: float | None, most_s: float) -> None:
        """Wait until something new came, or the source has more to give."""
        self._waiting += 1
        self._changed.wait(most_s if due_s is None else min(most_s, max(due_s, 0.001)))
        self._waiting -= 1

    def _take_newest(self, request: PictureRequest) -> Picture | None:
        """The newest picture if it is new and, where that is requested, shows motion."""
        now_s = self._clock.media_s()
        if self.sequence == request.after:
            return None
        if request.moved and not self._may_check(now_s):
            return None
        found = self._streams.heard.decode_newest()
        if found is None:
            return None
        self._checked, self._checked_s = self.sequence, now_s
        if request.moved or abs(found.media_s - self._checks.checked_s) >= FOLLOWED_CHECK_EVERY_S:
            self._checks.check(found)
        if request.moved and not self.motion.shows_motion(now_s):
            return None  # the packets were wrong, or it is over
        stream, shown = self._choose_shown(found)
        if shown is None or not self._goes_on(stream, shown, request.after):
            return None
        if request.moved:
            self.motion.note_look(now_s)
        self._shown_stream, self._shown_s = stream, shown.media_s
        segment = self.motion.find_segment(now_s)
        return self._make_picture(shown, request.encoding, segment, stream.name)

    def _choose_shown(self, heard: DecodedFrame) -> tuple[Stream, DecodedFrame | None]:
        """What is handed out: the newest picture of the main stream, if it is open, else `heard`.
        Gates always compare pictures of the heard stream: those of two streams differ.
        """
        is_awake = self._clock.media_s() - self._served_s < AWAKE_S
        stream = self._streams.choose_shown(is_awake=is_awake)
        if stream is not self._streams.heard:
            with suppress(CameraError):  # kept as the stream's fault
                return stream, stream.decode_newest()
        return self._streams.heard, heard

    def _goes_on(self, stream: Stream, shown: DecodedFrame, after: int) -> bool:
        """Whether a picture is later than the one before: the streams lag each other a little."""
        ahead_s = shown.media_s - self._shown_s
        if ahead_s > 0 or ahead_s < -CLOCK_JUMP_S or self._shown_stream is None:
            return True
        return stream is self._shown_stream and (stream is self._streams.heard or after < 0)

    def _may_check(self, now_s: float) -> bool:
        """Whether the newest frame may be decoded to see if it really moves: not each one."""
        if self.sequence == self._checked or now_s - self._checked_s < self.motion.check_every_s:
            return False
        return self.motion.may_look(now_s)

    def _make_picture(
        self, found: DecodedFrame, form: str, segment: MotionSegment | None, stream: str
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
            encoding=form,
            data=encoding.encode(found.frame, form, self._parts.privacy_mask),
            woken_by=segment.woken_by if segment else "",
            region=self.motion.region,
            stream=stream,
        )

    def _make_clip(self, request: PictureRequest) -> Answer:
        """The packets from `since_s` to `until_s` as an MP4 file: of the main stream, else of the
        sub stream.
        """
        if self._parts.recording is None:
            return Refusal(say("no clip is kept: `clip_s` of the camera is 0"))
        stream, clip = self._streams.make_clip(request.since_s, request.until_s)
        return Picture(
            camera=self._name,
            stamp=self._clock.stamp(),
            sequence=self.sequence,
            skipped=self.frames_skipped,
            media_s=clip.since_s,
            width=clip.width,
            height=clip.height,
            encoding=MP4,
            data=clip.data,
            stream=stream.name,
        )
