"""The inference service on a test bench: real store and rules, scripted cameras and models."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from appliance.errors import ModelError, StoreError
from appliance.log import SentenceLog
from appliance.model import EnergyBudget, EnergyLevel
from appliance.process.service import Service
from appliance.settings import Settings
from appliance.store.store import Store
from inference.cameras.camera import InferenceCamera
from inference.cycle import CycleParts, InferenceCycle
from inference.energy.cost import CostModel
from inference.events.snapshots import EventFiles
from inference.events.timelapse import Timelapse
from inference.model_pool import ModelPool
from inference.publish import EventPublisher
from inference.view import View
from tests.conftest import OpenStore
from tests.stand_ins.fake_inference import (
    FakeCamera,
    FakeChoice,
    FakeDetector,
    FakeWaiter,
)
from tests.stand_ins.fakes import FakeClock

GPU = "CUDAExecutionProvider"


class FlakyStore(Store):
    """A store that cannot be written while `full`."""

    full = False

    def add(self, *new: Any) -> None:
        if self.full:
            raise StoreError("the disk is full")
        super().add(*new)


class InferenceUnit:
    """The service on its bench: `grant` energy, put somebody in the scene, `run_for` some seconds.

    `detectors` are the models by name; each is there when it is first asked for.
    """

    def __init__(
        self,
        settings: Settings,
        clock: FakeClock,
        open_store: OpenStore,
        cameras: Sequence[str] = ("gate",),
    ) -> None:
        self.settings, self.clock = settings, clock
        own = settings.inference
        self.power = open_store("power")
        self.store = FlakyStore(settings.database, clock, "inference")
        log = SentenceLog("inference")
        self.service = Service("inference", settings, clock, self.store, log)
        self.detectors = {"usual": FakeDetector("d16e57")}
        self.missing: set[str] = set()
        self.choice = FakeChoice()
        self.detector = self.detectors["usual"]
        self.cameras = {name: FakeCamera(name, clock) for name in cameras}
        self.camera = next(iter(self.cameras.values()))
        self.waiter = FakeWaiter(clock)
        self.view = View(blur_heads=own.blur_heads, threshold=own.threshold)
        self.cycle = InferenceCycle(self.service, self._parts())

    def _parts(self) -> CycleParts:
        own = self.settings.inference
        cameras = [
            InferenceCamera(name, frames, own, self.settings.camera.get(name))
            for name, frames in self.cameras.items()
        ]
        costs = CostModel(self.choice.find_cost, core_w=0.0)
        models = ModelPool(self.choice, self.make, costs, own, cpu_s=lambda: 0.0)
        files = EventFiles(self.settings.snapshots_dir, keep_days=30, keep_mb=100, clock=self.clock)
        publisher = EventPublisher(
            files, blur_heads=own.blur_heads, report_fault=self.service.report_fault
        )
        stills = EventFiles(
            self.settings.timelapse_dir, keep_days=30, keep_mb=100, clock=self.clock
        )
        every_min = {name: one.timelapse_min for name, one in self.settings.camera.items()}
        timelapse = Timelapse(stills, every_min, self.clock, blur_heads=own.blur_heads)
        return CycleParts(cameras, models, self.waiter, publisher, self.view, timelapse)

    def make(self, name: str) -> FakeDetector:
        if name in self.missing:
            raise ModelError(f"the model {name} is not there")
        return self.detectors.setdefault(name, FakeDetector(f"d-{name}"))

    def grant(self, level: EnergyLevel, power_w: float = 12.0, sun_is_free: bool = False) -> None:
        now = self.clock.stamp()
        until = now.utc + timedelta(minutes=3)
        self.power.add(EnergyBudget(now, level, power_w, until, 500.0, "test", sun_is_free))

    def run_for(self, seconds: int) -> None:
        """Cycles as the service makes them, one each picture second."""
        for _ in range(seconds):
            end_s = self.clock.media_s() + 1
            self.service.run_once(self.cycle.run)
            self.clock.advance(max(0.0, end_s - self.clock.media_s()))

    def count_frames(self, camera: str) -> int:
        """How often that camera was looked at."""
        batches = [batch for detector in self.detectors.values() for batch in detector.batches]
        return sum(batch.count(camera) for batch in batches)

    def list_faults(self) -> list[str]:
        return [fault.code for fault in self.store.list_open_faults()]
