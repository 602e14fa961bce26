"""The camera service on a fake clock, with a small video file; its gates are set by hand."""

from dataclasses import replace
from datetime import timedelta
from math import inf
from typing import Any

from appliance.log import SentenceLog
from appliance.media.frames import Answer, PictureRequest
from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_cameras import CameraChange, CameraMode, CameraState
from appliance.process.service import Service
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from sensors.camera.cycle import CameraCycle
from sensors.camera.feed import Feed, Parts
from sensors.camera.gates.motion import Motion
from sensors.camera.gates.segments import MotionSegment
from sensors.camera.mode import ModeChoice
from sensors.camera.sources.opening import Opener
from sensors.camera.sources.source import OnPacket
from sensors.camera.sources.video_file import VideoFile
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock

OFF, LISTEN, WATCH = CameraMode.OFF, CameraMode.LISTEN, CameraMode.WATCH
WATCHING = ModeChoice(WATCH, "watching")
LISTENING = ModeChoice(LISTEN, "listening")
SLEEPING = ModeChoice(OFF, "sleeping")


class HandMotion(Motion):
    """Gates that a test moves by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.trusted = True
        self.now: MotionSegment | None = None
        self.pictures = 0
        self.wants_all = False
        self.hints: list[str] = []
        self.ended: list[MotionSegment] = []

    @property
    def packets_trusted(self) -> bool:
        return self.trusted

    def find_segment(self, media_s: float) -> MotionSegment | None:
        return self.now

    def may_look(self, media_s: float) -> bool:
        return self.now is not None

    def shows_motion(self, media_s: float) -> bool:
        return self.now is not None

    def take_ended(self, longest_s: float = inf) -> list[MotionSegment]:
        ended, self.ended = self.ended, []
        return ended

    def wants_probe(self, media_s: float) -> bool:
        return self.wants_all

    def take_picture(self, grey: Any, media_s: float) -> None:
        self.pictures += 1

    def take_hint(self, source: str, media_s: float) -> None:
        self.hints.append(source)


class Bench:
    """The camera service on a fake clock, with a small clip and a hand on the energy budget."""

    def __init__(self, settings: Settings, clock: FakeClock, open_store: OpenStore) -> None:
        self.video_file = settings.unit.data_dir.parent / "grey.mp4"
        own = CameraSettings(source=str(self.video_file), listen_power_w=2.0, watch_power_w=3.0)
        self.clock = clock
        self.power = open_store("power")
        self.store = open_store("camera")
        self.hints = open_store("hints")
        adapter = SentenceLog("camera")
        with_camera = replace(settings, camera={"front": own})
        self.service = Service("camera", with_camera, clock, self.store, adapter, "front")
        self.opened: list[VideoFile] = []
        self.motion = HandMotion()
        self.feed = Feed("front", self.open, clock, Parts(self.motion))
        self.cpu_used_s = 0.0
        self.camera_cycle = CameraCycle(self.service, own, self.feed, lambda: self.cpu_used_s)

    def open(self, on_packet: OnPacket) -> VideoFile:
        own = CameraSettings(source=str(self.video_file))
        camera = Opener(own)(on_packet)
        assert isinstance(camera, VideoFile)
        self.opened.append(camera)
        return camera

    def has_decoder(self) -> bool:
        return self.feed._streams.main._group._decoder is not None

    def set_budget(self, level: EnergyLevel) -> None:
        stamp = self.clock.stamp()
        until = stamp.utc + timedelta(minutes=3)
        self.power.add(EnergyBudget(stamp, level, 10.0, until, 500.0, "the battery holds 55 %"))

    def run_cycles(self, count: int = 1) -> None:
        """The service's loop: a second passes, a cycle runs."""
        for _ in range(count):
            self.clock.advance(1.0)
            self.service.run_once(self.camera_cycle.cycle)

    def pull(self, encoding: str = "bgr", after: int = -1) -> Answer:
        return self.feed.answer(PictureRequest(encoding, after))

    def ask(self, request: PictureRequest) -> Answer:
        return self.feed.answer(request)

    def changes(self) -> list[CameraChange]:
        return self.store.rows(CameraChange)

    def state(self) -> CameraState:
        row = self.store.last(CameraState)
        assert row is not None
        return row

    def faults(self) -> list[str]:
        return [fault.text for fault in self.store.list_open_faults() if fault.code == "camera"]
