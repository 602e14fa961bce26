"""Both streams of one camera from real RTSP servers, on real time: opened, lost and found again."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.errors import CameraError
from appliance.media.frames import I420, Picture, PictureRequest
from appliance.sections.cameras import CameraSettings
from sensors.camera.__main__ import make_parts
from sensors.camera.feed import Feed
from sensors.camera.sources.live import READER
from sensors.camera.sources.opening import Opener
from tests.conftest import CLIP
from tests.sensors.camera.camera_bench import WATCHING
from tests.stand_ins.rtsp import Cameras, make_video, needs_server, serving, wait_for_threads
from tests.waiting import wait_until

HINT = "onvif motion"


class Pair:
    """The feed of a camera with two streams, each of a server of its own."""

    def __init__(self, main: Cameras, sub: Cameras) -> None:
        own = CameraSettings(source=main.url("gate"), sub_source=sub.url("gate"), allow_local=True)
        self.feed = Feed("gate", Opener(own), SystemClock(), make_parts(own, Path()))
        self.told = ""

    def run_cycle(self) -> None:
        try:
            self.feed.follow(WATCHING)
            self.told = "; ".join(str(fault) for fault in self.feed.list_faults())
        except CameraError as error:
            self.told = f"both: {error}"

    def ask(self) -> Picture | None:
        """A picture while something moves; None where there is none now."""
        self.run_cycle()
        self.feed.take_hint(HINT)
        answer = self.feed.answer(PictureRequest(I420, moved=True, wait_s=0.2))
        return answer if isinstance(answer, Picture) else None

    def until_picture_of(self, stream: str) -> Picture:
        found: list[Picture] = []

        def came() -> bool:
            picture = self.ask()
            found.extend([picture] if picture else [])
            return picture is not None and picture.stream == stream

        wait_until(came, f"a picture of the {stream} stream", 20.0)
        return found[-1]

    def until_told(self, words: str) -> str:
        def is_told() -> bool:
            self.ask()
            return words in self.told if words else not self.told

        wait_until(is_told, f"{words!r} told", 20.0)
        return self.told


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Cameras, Cameras]]:
    small = make_video(tmp_path / "small.mp4", (192, 144))
    with ExitStack() as stack:
        yield (
            stack.enter_context(serving(f"gate={CLIP}")),
            stack.enter_context(serving(f"gate={small}")),
        )


@needs_server
def test_each_stream_of_a_real_server_does_the_work_of_the_other(
    servers: tuple[Cameras, Cameras],
) -> None:
    main, sub = servers
    pair = Pair(main, sub)
    try:
        assert pair.until_picture_of("sub").width == 192
        assert pair.until_picture_of("main").width == 768
        assert pair.told == ""
        main.kill()
        assert pair.until_picture_of("sub").width == 192
        assert "the main stream of the camera gate: rtsp://127.0.0.1" in pair.until_told("main")
        main.start()
        pair.until_picture_of("main")
        pair.until_told("")
        sub.kill()
        told = pair.until_told("the main stream does its work")
        assert told.startswith("the sub stream of the camera gate: rtsp://127.0.0.1")
        assert pair.until_picture_of("main").width == 768
        sub.start()
        pair.until_told("")
    finally:
        pair.feed.close()
    wait_for_threads(READER, 0)
