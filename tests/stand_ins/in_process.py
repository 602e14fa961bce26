"""The whole unit in one process, under a fake clock: plant, power, sensors, camera, inference.

Real parts: the plant and its Modbus answers, the driver, estimator, guard, ladder, arbiter,
actuator, store, camera duty, tracker, event rules, snapshots, the plan. Stand-ins at the
seams only: the clock, PID 1 (here it starts and stops the loads of this object), the scene in
front of the camera, the detector.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

import numpy as np
from av.video.frame import VideoFrame

from appliance.log import SentenceLog
from appliance.media.frames import Answer, Picture, PictureRequest
from appliance.model import EnergyBudget
from appliance.model_cameras import Box, Detection, Tier
from appliance.process.host import Order
from appliance.process.service import Leave, Service
from appliance.settings import Settings
from appliance.status.loads import read_loads
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from inference.__main__ import make_publisher
from inference.cameras.camera import InferenceCamera
from inference.cycle import CycleParts, InferenceCycle
from inference.detection.detector import PictureDetections
from inference.energy.cost import CostModel
from inference.model_pool import ModelPool
from inference.view import View
from power.act.loads import Actuator
from power.cycle import PowerCycle
from power.devices.epever import EpeverTracer
from power.plan.clear_sky import compute_clear_sky_w
from power.plan.ladder import Ladder
from power.plan.run import run_plan
from power.reading.meters import Device, Meters
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.plant.plant import Plant
from sensors.camera.cycle import CameraCycle
from sensors.camera.feed import Feed, Parts
from sensors.camera.pictures.gop import DecodedFrame, GroupOfPictures
from sensors.camera.sources.decoder import DecodingCounts
from sensors.camera.sources.source import Codec, EncodedPacket, OnPacket
from sensors.cycle import SensorsCycle
from tests.stand_ins.fake_inference import FakeChoice, FakeWaiter
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.orders import FakeOrder
from tests.stand_ins.rig import make_bare_site, make_meter

WIDTH, HEIGHT, FRAMES_PER_S = 64, 48, 10
LOOKS = 4  # picture seconds of inference a minute: enough for the rules, cheap enough for days


class Scene:
    """In front of the camera: a person walks by for ten minutes of every hour. No clip, no codec.

    It is the source, the decoder (sensors.camera) and the model (a `FrameDetector`) at
    once: what the one shows, the other sees.
    """

    provider = wanted = "scene"
    digest = "0" * 64
    degraded = ""
    tier = Tier.INT8
    size = 32
    loaded = True
    load_s = None
    stream = "a scene"
    most_gathered_s = lag_s = 0.0
    advice = ""
    frames_decoded = 0
    counts = DecodingCounts()
    has_recovery_points = False
    decodes_alone = True
    undecoded_s = 0.0

    def __init__(self, clock: FakeClock, frame: VideoFrame | None = None) -> None:
        self._clock = clock
        grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        self._frame = frame or VideoFrame.from_ndarray(grey, format="bgr24")
        self._on_packet: OnPacket | None = None
        self._sent_s = -1.0

    # the source

    def open_camera(self, on_packet: OnPacket) -> "Scene":
        self._on_packet = on_packet
        return self

    def advance(self, media_s: float) -> None:
        """One packet for all that came since."""
        assert self._on_packet is not None
        if media_s - self._sent_s >= 1 / FRAMES_PER_S:
            self._sent_s = media_s
            self._on_packet(EncodedPacket(None, Codec("scene"), media_s, 1000, is_key=True))

    def due_in_s(self, media_s: float) -> float:
        return 1 / FRAMES_PER_S

    def close(self) -> None:
        """Nothing to close."""

    # the decoder

    def add(self, packet: EncodedPacket) -> None:
        """Nothing to keep: it is there all the time."""

    def decode_newest(self) -> DecodedFrame:
        return DecodedFrame(self._frame, self._clock.media_s())

    def decode_key_frame(self) -> DecodedFrame:
        return self.decode_newest()

    def free_decoder(self) -> None:
        """Nothing to free."""

    # the model

    def load(self) -> None:
        """Nothing to load."""

    def free(self) -> None:
        """Nothing to free."""

    def analyse(
        self, pictures: Sequence[Picture], parts: Sequence[Box | None] | None = None
    ) -> list[PictureDetections]:
        return [PictureDetections(tuple(self._people())) for _ in pictures]

    @property
    def is_busy(self) -> bool:
        """Whether somebody walks by now."""
        return self._clock.utc.minute < 10

    def _people(self) -> list[Detection]:
        if not self.is_busy:
            return []
        left = (self._clock.media_s() % 60) / 100
        return [Detection("person", 0.8, Box(left, 0.3, left + 0.2, 0.8))]


class Pull:
    """The camera's socket without a socket: each answer is there at once."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._asked = PictureRequest()

    def ask(self, ask: PictureRequest) -> None:
        self._asked = replace(ask, wait_s=0.0)

    def take(self) -> Answer:
        return self._feed.answer(self._asked)

    def ready_s(self) -> float:
        return 0.0

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        """Nothing to close."""


@dataclass
class PidOne:
    """Takes orders as PID 1 does and remembers them; `running` is what it keeps alive."""

    running: set[str] = field(default_factory=set)
    orders: list[str] = field(default_factory=list)

    def start(self, *units: str) -> Order:
        self.running.update(units)
        return self._take(*(f"start {unit}" for unit in units))

    def restart(self, *units: str) -> Order:
        return self.start(*units)

    def stop(self, *units: str) -> Order:
        self.running.difference_update(units)
        return self._take(*(f"stop {unit}" for unit in units))

    def power_off(self) -> Order:
        self.running.clear()
        return self._take("poweroff")

    def show(self, properties: str, *units: str) -> Order:
        return FakeOrder(f"show {properties} {units}")

    def _take(self, *orders: str) -> Order:
        self.orders += orders
        return FakeOrder(" ".join(orders))


class InProcessUnit:
    """One unit; `run_until(utc)` lets it live. `every_s` is the time between two polls."""

    def __init__(
        self,
        settings: Settings,
        clock: FakeClock,
        every_s: float = 60.0,
        scene: Scene | None = None,
    ) -> None:
        prepare_database(settings.database)
        self.settings, self.clock, self.every_s = settings, clock, every_s
        self.plant = Plant(settings, clock.utc)
        self.pid_one = PidOne()
        self.reader = Store(settings.database, clock)
        self._scene = scene or Scene(clock)
        group = cast("GroupOfPictures", self._scene)
        self._feed = Feed("demo", self._scene.open_camera, clock, Parts(new_group=lambda _: group))
        self._power = self._service("power")
        self._camera = self._service("camera", "demo")
        self._sensors = self._service("sensors")
        self._inference = self._service("inference")
        self._plan = self._service("plan")
        self._power_cycle = self._make_power()
        self._sensors_cycle = SensorsCycle(self._sensors, None).cycle
        self._camera_cycle = CameraCycle(self._camera, settings.camera["demo"], self._feed)
        self._watch: InferenceCycle | None = None

    def run_until(self, utc: datetime, each_minute: Callable[[], None] | None = None) -> None:
        """Live until `utc`."""
        while self.clock.utc < utc and "poweroff" not in self.pid_one.orders:
            self._minute()
            if each_minute:
                each_minute()

    def plan(self) -> str:
        """What the timer does twice a day."""
        return run_plan(self._plan.store, self.settings, compute_clear_sky_w)

    def budget(self) -> EnergyBudget:
        """The newest one."""
        found = self.reader.last(EnergyBudget)
        assert found is not None
        return found

    def restart_power(self) -> None:
        """The power service crashes and PID 1 starts it anew: its memory is gone."""
        self._power = self._service("power")
        self._power_cycle = self._make_power()

    def close(self) -> None:
        if self._watch:
            self._watch.finish()
        for service in (self._power, self._camera, self._sensors, self._inference, self._plan):
            service.store.close()
        self.reader.close()

    # --- one minute, or one poll if that is longer ----------------------------------------------

    def _minute(self) -> None:
        ends_s = self.clock.uptime_s + max(60.0, self.every_s)
        self._sensors.run_once(self._sensors_cycle)
        if "appliance-camera@demo" in self.pid_one.running:
            self._camera.run_once(self._camera_cycle.cycle)
        self._infer()
        while self.clock.uptime_s < ends_s:
            self._power.run_once(self._power_cycle)
            self.clock.advance(min(self.every_s, ends_s - self.clock.uptime_s))
            self.plant.advance(self.clock.utc, self._load_w())

    def _infer(self) -> None:
        if "appliance-inference" not in self.pid_one.running:
            if self._watch:
                self._watch.finish()
            self._watch = None
            return
        self._watch = self._watch or self._make_watch()
        try:
            for _ in range(LOOKS):
                if self._scene.is_busy:
                    self._feed.take_hint("pir")  # the gates are not made for a scene of one grey
                self._inference.run_once(self._watch.run)
        except Leave:
            self.pid_one.running.discard("appliance-inference")

    def _load_w(self) -> float:
        reported_w = sum(load.power_w for load in read_loads(self.reader, ("demo",)))
        return max(reported_w, self.settings.energy.hibernate_power_w)

    # --- parts ---------------------------------------------------------------------------------

    def _service(self, name: str, instance: str = "") -> Service:
        store = Store(self.settings.database, self.clock, name)
        return Service(name, self.settings, self.clock, store, SentenceLog(name), instance)

    def _make_power(self) -> PowerCycle:
        meter = make_meter(EpeverTracer(), SimulatedEpever(self.plant), self.clock)
        meters = Meters([Device("charger", "main", meter)], self.clock)
        actuator = Actuator(self.pid_one, make_bare_site(["demo"], may_power_off=True))
        return PowerCycle(self._power, meters, Ladder(self.settings), actuator)

    def _make_watch(self) -> InferenceCycle:
        own = self.settings.inference
        choice = FakeChoice(cost_j=own.energy_per_frame_j)
        prices = CostModel(choice.find_cost, core_w=0.0)
        return InferenceCycle(
            self._inference,
            CycleParts(
                [InferenceCamera("demo", Pull(self._feed), own)],
                ModelPool(choice, lambda _: self._scene, prices, own),
                FakeWaiter(self.clock),
                make_publisher(self._inference),
                View(blur_heads=own.blur_heads, threshold=own.threshold),
            ),
        )
