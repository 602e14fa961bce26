"""The inference service: real store, real sockets, a camera and a detector that follow a script."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.errors import ModelError, StoreError
from appliance.frames import BGR, JPEG, Answer, Ask, FrameClient, FrameServer, Picture, Refusal
from appliance.log import SentenceLog
from appliance.model import (
    Box,
    Detection,
    EnergyBudget,
    EnergyLevel,
    Event,
    Fault,
    InferencePlan,
    InferenceRun,
    Tier,
)
from appliance.service import Leave, Service
from appliance.settings import Settings
from appliance.store import Store
from inference.__main__ import assemble
from inference.cameras import WatchedCamera
from inference.detector import CPU, NOT_LOADED
from inference.nanodet import Bytes
from inference.snapshots import SnapshotShelf
from inference.view import View
from inference.watch import Watch
from tests.conftest import OpenStore
from tests.fakes import FakeClock

SOMEBODY = Detection("person", 0.8, Box(0.4, 0.2, 0.6, 0.9))


class FakeCamera:
    """A camera behind a real socket: 10 pictures a second of the clock's picture time."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        self.path = path
        self.clock = clock
        self.pulls = 0
        self.refusal: str | None = None
        self.server: FrameServer | None = None
        self.plug()

    def plug(self) -> None:
        self.server = FrameServer(self.path, self.answer)

    def unplug(self) -> None:
        """The process is gone: its socket too, and connections are not answered."""
        self.refusal = None
        if self.server:
            self.server.close()
        self.server = None

    def answer(self, ask: Ask) -> Answer:
        self.pulls += 1
        media_s = self.clock.media_s()
        sequence = int(media_s * 10)
        if self.refusal or sequence == ask.after:
            return Refusal(self.refusal or "no new picture yet")
        bgr = np.full((60, 80, 3), 90, np.uint8)
        stamp = self.clock.stamp()
        return Picture("gate", stamp, sequence, 0, media_s, 80, 60, BGR, bgr.tobytes())


@dataclass
class FakeDetector:
    """Sees what `scene` says; notes when it is loaded and freed."""

    scene: list[Detection] = field(default_factory=list)
    provider: str = NOT_LOADED
    wanted: str = CPU
    got: str = CPU
    digest: str = "d16e57"
    tier: Tier = Tier.INT8
    looks: int = 0
    broken: bool = False

    def detect(self, bgr: Bytes) -> list[Detection]:
        self.looks += 1
        if self.broken:
            raise ModelError("the model fell over")
        assert bgr.shape == (60, 80, 3)
        self.provider = self.got
        return self.scene

    def free(self) -> None:
        self.provider = NOT_LOADED


class FlakyStore(Store):
    """A store that cannot be written while `full`."""

    full = False

    def add(self, *new: Any) -> None:
        if self.full:
            raise StoreError("the disk is full")
        super().add(*new)


class Unit:
    """The service on its bench: `grant` energy, put somebody in the scene, let seconds `pass_`."""

    def __init__(self, settings: Settings, clock: FakeClock, open_store: OpenStore) -> None:
        self.settings, self.clock = settings, clock
        self.power = open_store("power")
        self.store = FlakyStore(settings.database, clock, "inference")
        log = SentenceLog("inference")
        self.service = Service("inference", settings, clock, self.store, log)
        self.detector = FakeDetector()
        self.camera = FakeCamera(settings.camera_socket("gate"), clock)
        frames = FrameClient(settings.camera_socket("gate"))
        cameras = [WatchedCamera("gate", frames, settings.inference)]
        shelf = SnapshotShelf(settings.snapshots_dir, 30, 100, clock)
        self.view = View(settings.inference.blur_heads, settings.inference.threshold)
        self.watch = Watch(self.service, self.detector, cameras, shelf, self.view)

    def grant(self, level: EnergyLevel, power_w: float = 12.0) -> None:
        now = self.clock.stamp()
        until = now.utc + timedelta(minutes=3)
        self.power.add(EnergyBudget(now, level, power_w, until, 500.0, "test"))

    def pass_(self, seconds: int) -> None:
        """Cycles as the service makes them, one each picture second."""
        for _ in range(seconds):
            end_s = self.clock.media_s() + 1
            self.service.once(self.watch.cycle)
            self.clock.advance(max(0.0, end_s - self.clock.media_s()))

    def faults(self) -> list[str]:
        return [fault.code for fault in self.store.open_faults()]


@pytest.fixture
def unit(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Iterator[Unit]:
    made = Unit(settings, clock, open_store)
    yield made
    made.camera.unplug()
    made.store.close()


def test_without_a_fresh_budget_no_camera_is_asked_and_the_service_leaves(unit: Unit) -> None:
    with pytest.raises(Leave, match="no fresh energy budget"):
        unit.pass_(100)
    assert (unit.camera.pulls, unit.detector.looks) == (0, 0)
    assert unit.clock.media_s() - 1000 == pytest.approx(61, abs=1)
    (plan, *_) = unit.store.rows(InferencePlan)
    assert (plan.frames_per_s, plan.tier) == (0, Tier.NONE)
    refusal = unit.view.answer(Ask(JPEG))
    assert refusal == Refusal("no fresh energy budget: doing nothing is the safe thing")


def test_the_planned_rate_is_kept_and_its_energy_reported_once_a_minute(unit: Unit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.pass_(62)
    assert unit.detector.looks == 124
    (run,) = unit.store.rows(InferenceRun)
    assert run.duration_s == pytest.approx(60, abs=1)
    assert run.power_w == pytest.approx(1.0, rel=0.02), "2 frames a second at 0.5 J"
    assert run.energy_wh == pytest.approx(run.power_w * run.duration_s / 3600, rel=1e-5)
    assert run.frames_skipped == pytest.approx(4 * run.frames, abs=5), "a camera of 10 a second"
    assert (run.provider, run.energy_measured) == (CPU, False)
    plans = unit.store.rows(InferencePlan)
    assert [plan.frames_per_s for plan in plans] == [2, 2], "at the change, and after a minute"


def test_a_passer_by_becomes_one_event_with_a_snapshot_on_disk(unit: Unit) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.pass_(3)
    unit.detector.scene = [SOMEBODY]
    unit.pass_(4)
    assert unit.store.rows(Event) == [], "an event is told when it is over"
    unit.detector.scene = []
    unit.pass_(4)
    (event,) = unit.store.rows(Event)
    assert (event.camera, event.label, event.frames) == ("gate", "person", 20)
    assert (event.energy_level, event.tier, event.provider) == (EnergyLevel.FULL, Tier.INT8, CPU)
    assert event.energy_j == 10
    assert event.reason.startswith("watched because FULL allows 5 frames a second")
    assert event.snapshot is not None
    picture = cv2.imread(str(unit.settings.unit.data_dir / event.snapshot))
    assert picture is not None
    assert picture.shape == (60, 80, 3)


@pytest.mark.parametrize("how", ["stop", "lower level", "camera gone"])
def test_an_event_in_progress_is_stored_when_the_watch_ends(unit: Unit, how: str) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.pass_(5)
    if how == "stop":
        unit.service.finish(unit.watch.finish)
    elif how == "lower level":
        unit.grant(EnergyLevel.SENTINEL)
        unit.pass_(1)
    else:
        unit.camera.unplug()
        unit.camera.refusal = "gone"  # for the connection that is still open
        unit.pass_(4)
    (event,) = unit.store.rows(Event)
    assert event.frames == 10
    assert event.energy_level is EnergyLevel.ECO


def test_a_stop_in_the_middle_of_a_second_ends_the_cycle(unit: Unit) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.service.stop.set()
    unit.pass_(1)
    assert unit.detector.looks == 0


def test_the_model_is_freed_half_a_minute_after_its_last_picture(unit: Unit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.pass_(3)
    unit.grant(EnergyLevel.SENTINEL)
    unit.pass_(25)
    assert unit.detector.provider == CPU
    unit.pass_(10)
    assert unit.detector.provider == NOT_LOADED
    with pytest.raises(Leave, match="the energy level is SENTINEL"):
        unit.pass_(60)


def test_a_camera_that_refuses_costs_nothing_and_is_no_fault(unit: Unit) -> None:
    unit.camera.refusal = "the camera listens: energy level SENTINEL"
    unit.grant(EnergyLevel.ECO)
    unit.pass_(70)
    assert unit.detector.looks == 0
    assert unit.faults() == []
    (run,) = unit.store.rows(InferenceRun)
    assert (run.frames, run.power_w) == (0, 0)
    assert unit.view.answer(Ask(JPEG)) == Refusal("the camera listens: energy level SENTINEL")


def test_a_camera_that_is_gone_is_a_fault_after_ten_seconds_until_it_is_back(unit: Unit) -> None:
    unit.camera.unplug()
    unit.grant(EnergyLevel.ECO)
    unit.pass_(10)
    assert unit.faults() == []
    unit.pass_(3)
    assert unit.faults() == ["camera"]
    unit.camera.plug()
    unit.pass_(3)
    assert unit.faults() == []
    assert unit.detector.looks > 0


def test_the_view_shows_what_was_looked_at_with_its_boxes_and_only_what_is_new(unit: Unit) -> None:
    server = FrameServer(unit.settings.view_socket, unit.view.answer)
    viewer = FrameClient(unit.settings.view_socket)
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.pass_(1)
    shown = viewer.pull(Ask(JPEG))
    assert isinstance(shown, Picture)
    assert shown.detections == (SOMEBODY,)
    picture = cv2.imdecode(np.frombuffer(shown.data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (60, 80, 3)
    assert isinstance(viewer.pull(Ask(JPEG, after=shown.sequence)), Refusal)
    unit.pass_(1)
    assert isinstance(viewer.pull(Ask(JPEG, after=shown.sequence)), Picture)
    viewer.close()
    server.close()


def test_the_view_shows_no_box_of_what_is_only_faintly_seen(unit: Unit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.pass_(1)
    unit.detector.scene = [replace(SOMEBODY, confidence=0.3)]
    unit.pass_(1)
    shown = unit.view.answer(Ask(JPEG))
    assert isinstance(shown, Picture)
    assert shown.detections == ()


def test_with_a_broken_shelf_the_event_is_kept_without_its_snapshot(unit: Unit) -> None:
    unit.settings.snapshots_dir.write_text("a file where a directory should be")
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.pass_(3)
    unit.detector.scene = []
    unit.pass_(3)
    (event,) = unit.store.rows(Event)
    assert event.snapshot is None
    faults = [fault.text for fault in unit.store.rows(Fault)]
    assert any("the event is kept without it" in text for text in faults)


def test_events_wait_in_memory_while_the_database_cannot_be_written(unit: Unit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.pass_(3)
    unit.detector.scene = []
    unit.store.full = True
    unit.pass_(5)
    assert unit.store.rows(Event) == []
    unit.store.full = False
    unit.pass_(1)
    assert len(unit.store.rows(Event)) == 1


def test_a_silent_fall_back_to_the_cpu_is_a_fault(unit: Unit) -> None:
    unit.detector.wanted = "CUDAExecutionProvider"
    unit.grant(EnergyLevel.ECO)
    unit.pass_(1)
    (fault,) = unit.store.open_faults()
    assert fault.code == "model"
    assert "although CUDAExecutionProvider was to be used" in fault.text


def test_a_model_that_fails_is_a_fault_and_is_tried_again_only_after_a_minute(unit: Unit) -> None:
    unit.detector.broken = True
    unit.grant(EnergyLevel.FULL)
    unit.pass_(50)
    assert unit.detector.looks == 1
    assert unit.faults() == ["model"]
    unit.detector.broken = False
    unit.pass_(15)
    assert unit.detector.looks > 1
    assert unit.faults() == []


def test_a_rate_below_one_a_second_still_makes_events(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    slow = replace(settings, inference=replace(settings.inference, eco_frames_per_s=0.25))
    unit = Unit(slow, clock, open_store)
    unit.grant(EnergyLevel.ECO)
    unit.detector.scene = [SOMEBODY]
    unit.pass_(20)
    unit.detector.scene = []
    unit.pass_(20)
    assert unit.detector.looks == 10
    assert [event.frames for event in unit.store.rows(Event)] == [5]
    unit.camera.unplug()


def test_a_missing_model_is_found_before_the_first_cycle(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    missing = settings.unit.data_dir / "missing.onnx"
    wrong = replace(settings, inference=replace(settings.inference, model=str(missing)))
    log = SentenceLog("inference")
    service = Service("inference", wrong, clock, open_store("inference"), log)
    with pytest.raises(ModelError, match=r"missing\.onnx cannot be read"):
        assemble(service)


def test_the_service_is_assembled_without_loading_the_model(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    log = SentenceLog("inference")
    loop = assemble(Service("inference", settings, clock, open_store("inference"), log))
    viewer = FrameClient(settings.view_socket)
    assert viewer.pull(Ask(JPEG)) == Refusal("nothing has been looked at yet")
    assert loop.media
    assert loop.finish is not None
    loop.finish()
    assert not settings.view_socket.exists()
