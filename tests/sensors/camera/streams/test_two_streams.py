"""A camera with a sub stream: which stream is open, which gives the picture, what is told.

Two video files on a fake clock stand for the streams: the sub stream is small, the main one large.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import CameraError
from appliance.media.frames import I420, MP4, Picture, PictureRequest, Refusal
from appliance.model_cameras import CameraMode, HoldKind
from sensors.camera.feed import Feed, Parts
from sensors.camera.gates.segments import MotionSegment
from sensors.camera.mode import ModeChoice
from sensors.camera.pictures.privacy_mask import PrivacyMask
from sensors.camera.pictures.recording import Recording
from sensors.camera.sources.source import Camera, OnPacket
from sensors.camera.sources.video_file import VideoFile
from sensors.camera.streams.pair import CHECK_EVERY_S, KEEP_S
from tests.sensors.camera.camera_bench import LISTENING, SLEEPING, WATCHING, HandMotion
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rtsp import make_video

MAIN_SIZE, SUB_SIZE, OTHER_SHAPE = (320, 240), (160, 120), (320, 180)
LEFT_HALF = (((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)),)
FILES: dict[tuple[int, int], Path] = {}


@pytest.fixture(scope="module", autouse=True)
def videos(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One clip of each size, with a key frame each second."""
    directory = tmp_path_factory.mktemp("videos")
    for size in (MAIN_SIZE, SUB_SIZE, OTHER_SHAPE):
        FILES[size] = make_video(directory / f"{size[0]}x{size[1]}.mp4", size, seconds=2.0)


class Source:
    """One stream's source, which can die; counts what is open."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.is_dead = False
        self.openings = 0
        self._open: list[VideoFile] = []

    def __call__(self, on_packet: OnPacket) -> Camera:
        self.openings += 1
        if self.is_dead:
            raise CameraError("rtsp://10.0.0.7/x does not answer: check its power")
        self._open.append(VideoFile(FILES[self.size], on_packet))
        return self._open[-1]

    def die(self) -> None:
        self.is_dead = True
        for camera in self._open:
            camera.advance = self._break_off  # type: ignore[method-assign]

    def _break_off(self, media_s: float) -> None:
        raise CameraError("rtsp://10.0.0.7/x broke off")


class Pair:
    """A feed of two streams whose gates a test moves by hand."""

    def __init__(self, main: tuple[int, int] = MAIN_SIZE, *, clips: bool = False) -> None:
        self.clock = FakeClock()
        self.main, self.sub = Source(main), Source(SUB_SIZE)
        self.motion = HandMotion()
        parts = Parts(
            self.motion,
            recording=Recording(20.0) if clips else None,
            open_sub=self.sub,
            sub_recording=Recording(20.0) if clips else None,
            privacy_mask=PrivacyMask(LEFT_HALF),
        )
        self.feed = Feed("gate", self.main, self.clock, parts)
        self.after = -1

    def run(self, seconds: float, choice: ModeChoice = WATCHING) -> None:
        for _ in range(round(seconds * 5)):
            self.clock.advance(0.2)
            self.feed.follow(choice)

    def move(self) -> None:
        now_s = self.clock.media_s()
        self.motion.now = MotionSegment(began_s=now_s, last_s=now_s, woken_by="packets", score=3.0)

    def ask(self) -> Picture:
        """The next picture, as inference asks for it."""
        for _ in range(20):
            answer = self.feed.answer(PictureRequest(I420, self.after, moved=True))
            if isinstance(answer, Picture):
                self.after = answer.sequence
                return answer
            self.clock.advance(0.1)
        raise AssertionError(answer)

    def has_main_open(self) -> bool:
        return self.feed._streams.main._connection.camera is not None

    @property
    def told(self) -> str:
        """What fails although pictures come."""
        return "; ".join(str(fault) for fault in self.feed.list_faults())


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.feed.close()


def test_the_main_stream_is_opened_by_a_wake_and_closed_after_it(pair: Pair) -> None:
    pair.run(5)
    assert not pair.has_main_open()
    assert pair.main.openings == 1, "once, to know that it works"
    assert "main stream closed until something moves" in str(pair.feed.stream)
    pair.move()
    first = pair.ask()
    assert (first.stream, first.width) == ("sub", 160), "nobody waits for the main stream"
    assert pair.has_main_open()
    pair.run(1)
    assert "main stream h264 320x240" in str(pair.feed.stream)
    second = pair.ask()
    assert (second.stream, second.width) == ("main", 320)
    assert second.media_s > first.media_s
    pair.motion.now = None
    pair.run(KEEP_S - 2)
    assert pair.has_main_open()
    pair.run(3)
    assert not pair.has_main_open()
    assert pair.told == ""


def test_pictures_of_one_wake_never_go_back_in_time(pair: Pair) -> None:
    pair.run(2)
    pair.move()
    pictures = [pair.ask()]
    for _ in range(12):
        pair.clock.advance(0.2)
        pair.feed.follow(WATCHING)
        pictures.append(pair.ask())
    times = [picture.media_s for picture in pictures]
    assert times == sorted(set(times))
    assert [picture.stream for picture in pictures][-1] == "main"


def test_a_listening_camera_opens_its_main_stream_once_an_hour_for_one_key_frame(
    pair: Pair,
) -> None:
    pair.run(10, LISTENING)
    assert pair.main.openings == 1
    assert not pair.has_main_open()
    assert pair.feed.frames_decoded == 1, "for its size"
    pair.clock.advance(CHECK_EVERY_S)
    pair.run(10, LISTENING)
    assert pair.main.openings == 2
    assert not pair.has_main_open()
    pair.feed.follow(SLEEPING)
    assert pair.feed.stream is None


def test_one_look_at_what_stands_still_opens_no_main_stream(pair: Pair) -> None:
    pair.run(2)
    assert isinstance(pair.feed.answer(PictureRequest(I420)), Picture)
    assert not pair.has_main_open()
    pair.run(1)
    assert isinstance(pair.feed.answer(PictureRequest(I420)), Picture)
    assert pair.has_main_open(), "who asks again follows something"


def test_a_main_stream_that_is_dead_is_told_and_the_sub_stream_gives_all(pair: Pair) -> None:
    pair.main.is_dead = True
    pair.run(2)
    assert "the main stream of the camera gate: rtsp://10.0.0.7/x does not answer" in pair.told
    assert pair.told.endswith("pictures come from the sub stream")
    pair.move()
    for _ in range(4):
        assert pair.ask().stream == "sub"
        pair.run(1)
    pair.main.is_dead = False
    pair.run(5)
    assert pair.told == ""
    pair.ask()
    pair.run(1)
    assert pair.ask().stream == "main"


def test_a_sub_stream_that_dies_is_told_and_the_main_one_is_listened_to(pair: Pair) -> None:
    pair.run(2)
    pair.sub.die()
    pair.run(1)
    assert "the sub stream of the camera gate: rtsp://10.0.0.7/x broke off" in pair.told
    assert "the main stream does its work, at more cost" in pair.told
    heard = pair.feed.sequence
    pair.run(2)
    assert pair.feed.sequence - heard > 15
    pair.move()
    assert pair.ask().stream == "main"
    pair.run(2, LISTENING)
    assert pair.has_main_open(), "it is listened to"
    pair.sub.is_dead = False
    pair.run(8, LISTENING)
    assert pair.told == ""
    assert not pair.has_main_open()


def test_where_both_are_dead_both_are_named(pair: Pair) -> None:
    pair.sub.is_dead = pair.main.is_dead = True
    with pytest.raises(CameraError) as found:
        pair.feed.follow(WATCHING)
    assert "the sub stream of the camera gate" in str(found.value)
    assert "the main stream of the camera gate" in str(found.value)


def test_a_privacy_mask_hides_the_same_part_of_both_streams(pair: Pair) -> None:
    pair.run(2)
    pair.move()
    small = pair.ask()
    pair.run(1)
    large = pair.ask()
    assert (small.stream, large.stream) == ("sub", "main")
    for picture in (small, large):
        luma = memoryview(picture.data)[: picture.width * picture.height]
        rows = [luma[start : start + picture.width] for start in range(0, len(luma), picture.width)]
        half = picture.width // 2
        assert all(max(row[:half]) == 16 for row in rows)
        assert any(max(row[half:]) > 100 for row in rows)


def test_streams_of_different_shapes_are_told_and_those_of_one_shape_are_not() -> None:
    alike, other = Pair(), Pair(OTHER_SHAPE)
    for pair in (alike, other):
        pair.run(2)
        pair.move()
        pair.ask()
        pair.run(1)
        pair.ask()
        pair.feed.close()
    assert other.told.startswith(
        "the privacy masks of the camera gate: the sub stream is 160x120 and the main one 320x180"
    )
    assert alike.told == ""


def test_a_clip_is_of_the_main_stream_with_what_came_before_it_else_of_the_sub_stream() -> None:
    pair = Pair(clips=True)
    pair.run(5)
    assert pair.has_main_open(), "a clip shows what came before"
    now_s = pair.clock.media_s()
    clip = pair.feed.answer(PictureRequest(MP4, since_s=now_s - 3, until_s=now_s))
    assert isinstance(clip, Picture)
    assert (clip.stream, clip.width) == ("main", 320)
    assert clip.media_s <= now_s - 3
    pair.main.die()
    pair.run(5)
    now_s = pair.clock.media_s()
    clip = pair.feed.answer(PictureRequest(MP4, since_s=now_s - 3, until_s=now_s))
    assert isinstance(clip, Picture)
    assert (clip.stream, clip.width) == ("sub", 160)
    pair.run(1, LISTENING)
    assert not pair.has_main_open()
    assert isinstance(pair.feed.answer(PictureRequest()), Refusal)
    assert pair.feed._choice.mode is CameraMode.LISTEN
    pair.feed.close()


def test_no_clip_shows_what_came_while_a_person_had_the_camera_paused() -> None:
    pair = Pair(clips=True)
    pair.run(5)
    pair.run(5, replace(LISTENING, held=HoldKind.PAUSE))
    resumed_s = pair.clock.media_s()
    pair.run(3)
    clip = pair.feed.answer(PictureRequest(MP4, since_s=resumed_s - 4, until_s=resumed_s + 3))
    assert isinstance(clip, Picture)
    assert clip.media_s >= resumed_s
    gone = pair.feed.answer(PictureRequest(MP4, since_s=resumed_s - 4, until_s=resumed_s - 1))
    assert isinstance(gone, Refusal)
    pair.feed.close()
