"""One camera's feed on the real clock, with real sockets."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.clock import SystemClock
from appliance.errors import CameraError
from appliance.model_cameras import CameraMode
from appliance.sections.cameras import CameraSettings
from sensors.camera.feed import Feed
from sensors.camera.mode import ModeChoice
from sensors.camera.sources.opening import Opener
from sensors.camera.sources.source import Camera, OnPacket
from tests.waiting import wait_until

SECRET = "hunter2"
WATCHING = ModeChoice(CameraMode.WATCH, "watching")


class Bench:
    """One camera's feed on the real clock, and when it was opened."""

    def __init__(self, source: str, **own: object) -> None:
        settings = CameraSettings(source=source, allow_local=True, **own)  # type: ignore[arg-type]
        self.opener = Opener(settings, Path("/"))
        self.opened_s: list[float] = []
        self.feed = Feed("front", self._open, SystemClock())

    def _open(self, on_packet: OnPacket) -> Camera:
        self.opened_s.append(time.monotonic())
        return self.opener(on_packet)

    def run_cycle(self) -> str:
        """One cycle; what is wrong, or ""."""
        time.sleep(0.1)  # the service's pace, on real time like the camera's
        try:
            self.feed.follow(WATCHING)
        except CameraError as error:
            return str(error)
        return ""

    def until_it_plays(self, timeout_s: float = 20.0, frames: int = 5) -> float:
        seen = self.feed.sequence

        def more() -> bool:
            return not self.run_cycle() and self.feed.sequence >= seen + frames

        return wait_until(more, "pictures", timeout_s)

    def until_trouble(self, timeout_s: float = 20.0) -> tuple[str, float]:
        text: list[str] = []

        def there() -> bool:
            text.append(self.run_cycle())
            return bool(text[-1])

        took_s = wait_until(there, "trouble", timeout_s)
        return text[-1], took_s


@contextmanager
def watching(source: str, **own: object) -> Iterator[Bench]:
    bench = Bench(source, **own)
    try:
        yield bench
    finally:
        bench.feed.close()
