"""The streams of one camera: which is listened to, when the main one is open, which gives pictures.

Reads: its streams. Writes: nothing.
Never: keeps the main stream open that nobody needs, or lets one stream's failure stop the other.

A camera with a sub stream is listened to in that one: fewer bytes, cheaper pictures. The main
stream is opened when the first picture with motion was handed out, and closed some time after the
last; until its first key frame is there (up to one key-frame distance), pictures come from the sub
stream, so nobody waits for it. For clips it stays open: a clip shows what came before. Once an hour
it is opened for one key frame, so that its failure is known before it is needed.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress

from appliance.errors import CameraError
from appliance.model_cameras import CameraMode
from appliance.wording.sentence import say
from sensors.camera.pictures.muxing import Clip
from sensors.camera.sources.source import Camera
from sensors.camera.streams.health import StreamReport
from sensors.camera.streams.stream import Stream

KEEP_S = 30.0  # picture seconds after the last picture for which the main stream stays open
CHECK_EVERY_S = 3600.0
CHECK_AGAIN_S = 60.0  # after a failure
CLIP_LATE_S = 1.0  # after the beginning that was asked for: such a clip still has all of it
SAME_SHAPE = 0.03  # of the ratio of width to height: 704x576 of square pixels is no 4:3
# Picture seconds for which packets may gather: who decodes nothing is in no hurry.
MOST_GATHERED_S = {
    CameraMode.LISTEN: 1.9,
    CameraMode.PROBE: 0.9,
    CameraMode.WATCH: 0.1,
    CameraMode.ACTIVE: 0.0,
}
PICTURE_MODES = (CameraMode.WATCH, CameraMode.ACTIVE)


class StreamPair:
    """The main stream and, where the settings name it, the sub stream. Times are picture time.

    `heard` is the stream whose packets show motion: the sub stream, the main one while that fails.
    `on_switch` is called when it becomes another.
    """

    def __init__(
        self,
        main: Stream,
        sub: Stream | None,
        now_s: Callable[[], float],
        on_switch: Callable[[], None],
    ) -> None:
        self.main = main
        self.sub = sub
        self.heard = sub or main
        self._now_s = now_s
        self._on_switch = on_switch
        self._wanted_s = float("-inf")
        self._check_s = float("-inf")  # when the main stream is to be checked next

    def __iter__(self) -> Iterator[Stream]:
        """Each stream: the one that is listened to in good times first."""
        return iter((self.sub, self.main) if self.sub else (self.main,))

    # --- what is open --------------------------------------------------------------------------

    def advance(self, mode: CameraMode) -> Camera:
        """Let the streams that are needed give what is due; returns that of the heard one.

        Raises `CameraError` where none works.
        """
        gathered_s = MOST_GATHERED_S[mode]
        if self.sub is None:
            return self.main.advance(gathered_s)
        camera = self.sub.try_advance(gathered_s)
        if camera is None:
            return self._hear_main(self.sub, gathered_s)
        self._hear(self.sub)
        self._follow_main(mode)
        return camera

    def want_main(self, mode: CameraMode) -> None:
        """A picture was handed out: the main stream is opened, and kept for some time."""
        self._wanted_s = self._now_s()
        if self.sub is not None and self.heard is self.sub:
            self._follow_main(mode)

    def forget_packets(self) -> None:
        """No clip may show what came until now: a person has paused the camera, or did."""
        for stream in self:
            if stream.recording is not None:
                stream.recording.clear()

    def pause(self) -> None:
        """Nobody wants anything now."""
        for stream in self:
            stream.pause()
            stream.fault = None
        self._wanted_s = self._check_s = float("-inf")

    def _hear_main(self, sub: Stream, gathered_s: float) -> Camera:
        """The sub stream fails: the main one does its work too."""
        camera = self.main.try_advance(gathered_s)
        self._hear(self.main)
        if camera is None:
            raise CameraError(
                say("{fault}; {main_fault}", fault=sub.fault, main_fault=self.main.fault)
            )
        return camera

    def _hear(self, stream: Stream) -> None:
        if stream is not self.heard:
            self.heard = stream
            self._on_switch()

    def _follow_main(self, mode: CameraMode) -> None:
        """Keep the main stream open while it is needed beside the sub stream."""
        if self._needs_main(mode):
            if self.main.try_advance(MOST_GATHERED_S[mode]) is None:
                self._check_s = self._now_s() + CHECK_AGAIN_S
            self._end_check()
        else:
            self._wanted_s = float("-inf")
            self.main.pause()

    def _needs_main(self, mode: CameraMode) -> bool:
        now_s = self._now_s()
        if now_s >= self._check_s:
            return True
        is_wanted = now_s - self._wanted_s < KEEP_S or self.main.recording is not None
        return mode in PICTURE_MODES and is_wanted

    def _end_check(self) -> None:
        """The main stream's first key frame is there: it works, and its shape is known."""
        now_s = self._now_s()
        if now_s >= self._check_s and self.main.is_live(now_s):
            self._check_s = now_s + CHECK_EVERY_S
            with suppress(CameraError):  # kept as the stream's fault
                self.main.decode_key_frame()
            self.main.free_decoder()

    # --- what is shown -------------------------------------------------------------------------

    def choose_shown(self, *, is_awake: bool) -> Stream:
        """The stream that gives the next picture. The first of a wake comes from the heard one:
        to decode all that the main one holds since its key frame takes longer.
        """
        if self.heard is self.main or not is_awake or not self.main.is_live(self._now_s()):
            return self.heard
        return self.main

    def make_clip(self, since_s: float, until_s: float) -> tuple[Stream, Clip]:
        """The clip of that time and the stream that it is of: the main one, if that has all of it,
        else the one that has most. Raises `CameraError`.
        """
        clips: list[tuple[Stream, Clip]] = []
        error = CameraError(say("no clip is kept: no stream is recorded"))
        for stream in (self.main, *([self.sub] if self.sub else [])):
            try:
                if stream.recording is not None:
                    clips.append((stream, stream.recording.make_clip(since_s, until_s)))
            except CameraError as found:
                error = found
        if not clips:
            raise error
        return min(clips, key=lambda one: max(since_s + CLIP_LATE_S, one[1].since_s))

    def report(self, covered_share: float | None) -> StreamReport:
        """What is known of the streams and wrong: figures of the heard one, counts of both."""
        found = self.heard.report(covered_share)
        for stream in self:
            if stream is not self.heard:
                found = found.join(stream.report(), say("{name} stream", name=stream.name))
        return found

    # --- in words ------------------------------------------------------------------------------

    @property
    def description(self) -> str | None:
        """What comes, in words; None where nothing comes."""
        if self.sub is None:
            return self.main.description
        if not any(stream.description for stream in self):
            return None
        parts = [f"sub stream {self.sub.description or 'gives nothing'}", self._describe_main()]
        return "; ".join(part for part in (*parts, self.shapes_differ) if part)

    def _describe_main(self) -> str:
        if self.main.description:
            text = f"main stream {self.main.description}"
        else:
            text = "main stream " + ("fails" if self.main.fault else "closed until something moves")
        if self.main.opened_in_s is None:
            return text
        return f"{text}, first key frame after {self.main.opened_in_s:.1f} s"

    @property
    def shapes_differ(self) -> str:
        """That both streams show pictures of different shapes; "" where they do not."""
        if self.sub is None or self.sub.size is None or self.main.size is None:
            return ""
        (wide, high), (main_wide, main_high) = self.sub.size, self.main.size
        if abs(wide * main_high / (high * main_wide) - 1) <= SAME_SHAPE:
            return ""
        return say(
            "the sub stream is {wide}x{high} and the main one {main_wide}x{main_high}: masks, "
            "zones and boxes fit both only if they show the same; set the same shape in the "
            "camera",
            wide=wide,
            high=high,
            main_wide=main_wide,
            main_high=main_high,
        )

    def list_faults(self) -> list[CameraError]:
        """What fails although the camera works, and what that means."""
        if self.sub is None:
            return []
        found = []
        if self.sub.fault:
            found.append(
                CameraError(
                    say(
                        "{fault}; the main stream does its work, at more cost", fault=self.sub.fault
                    )
                )
            )
        elif self.main.fault:
            found.append(
                CameraError(
                    say("{fault}; pictures come from the sub stream", fault=self.main.fault)
                )
            )
        return found
