"""The inference service: real store and rules; cameras, a waiter and a model with a script."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace
from datetime import timedelta
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.errors import ModelError, StoreError
from appliance.log import SentenceLog
from appliance.media.frames import (
    I420,
    JPEG,
    MP4,
    FrameClient,
    FrameServer,
    Picture,
    PictureRequest,
    Refusal,
)
from appliance.model import (
    Box,
    CameraLooks,
    EnergyBudget,
    EnergyLevel,
    Event,
    Fault,
    InferencePlan,
    InferenceRun,
    Tier,
)
from appliance.process.service import Leave, Service
from appliance.settings import CameraSettings, ComputerSettings, Settings
from appliance.store.store import Store
from inference.__main__ import assemble
from inference.cameras.watched import WatchedCamera
from inference.cycle import Watch, WatchParts
from inference.detection.detector import CPU, NOT_LOADED
from inference.detection.frame_result import Look
from inference.energy.cost import Prices
from inference.events.snapshots import SnapshotShelf
from inference.model_pool import Eyes
from inference.publish import Telling
from inference.view import View
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.watched import SOMEBODY, FakeCamera, FakeChoice, FakeLooker, FakeWaiter

GPU = "CUDAExecutionProvider"


class FlakyStore(Store):
    """A store that cannot be written while `full`."""

    full = False

    def add(self, *new: Any) -> None:
        if self.full:
            raise StoreError("the disk is full")
        super().add(*new)


class Unit:
    """The service on its bench: `grant` energy, put somebody in the scene, let seconds `pass_`.

    `lookers` are the models by name; each is there when it is first asked for.
    """

    def __init__(
        self,
        settings: Settings,
        clock: FakeClock,
        open_store: OpenStore,
        cameras: Sequence[str] = ("gate",),
    ) -> None:
        self.settings, self.clock = settings, clock
        self.power = open_store("power")
        self.store = FlakyStore(settings.database, clock, "inference")
        log = SentenceLog("inference")
        self.service = Service("inference", settings, clock, self.store, log)
        self.lookers = {"usual": FakeLooker("d16e57")}
        self.missing: set[str] = set()
        self.choice = FakeChoice()
        self.looker = self.lookers["usual"]
        self.cameras = {name: FakeCamera(name, clock) for name in cameras}
        self.camera = next(iter(self.cameras.values()))
        self.waiter = FakeWaiter(clock)
        self.view = View(settings.inference.blur_heads, settings.inference.threshold)
        self.watch = Watch(self.service, self._parts())

    def _parts(self) -> WatchParts:
        own = self.settings.inference
        watched = [
            WatchedCamera(name, frames, own, self.settings.camera.get(name))
            for name, frames in self.cameras.items()
        ]
        prices = Prices(self.choice.price, core_w=0.0)
        eyes = Eyes(self.choice, self.make, prices, own, cpu_s=lambda: 0.0)
        shelf = SnapshotShelf(self.settings.snapshots_dir, 30, 100, self.clock)
        telling = Telling(shelf, own.blur_heads, self.service.report_fault)
        return WatchParts(watched, eyes, self.waiter, telling, self.view)

    def make(self, name: str) -> FakeLooker:
        if name in self.missing:
            raise ModelError(f"the model {name} is not there")
        return self.lookers.setdefault(name, FakeLooker(f"d-{name}"))

    def grant(self, level: EnergyLevel, power_w: float = 12.0, sun_is_free: bool = False) -> None:
        now = self.clock.stamp()
        until = now.utc + timedelta(minutes=3)
        self.power.add(EnergyBudget(now, level, power_w, until, 500.0, "test", sun_is_free))

    def pass_(self, seconds: int) -> None:
        """Cycles as the service makes them, one each picture second."""
        for _ in range(seconds):
            end_s = self.clock.media_s() + 1
            self.service.run_once(self.watch.cycle)
            self.clock.advance(max(0.0, end_s - self.clock.media_s()))

    def looks_at(self, camera: str) -> int:
        """How often that camera was looked at."""
        batches = [batch for looker in self.lookers.values() for batch in looker.batches]
        return sum(batch.count(camera) for batch in batches)

    def faults(self) -> list[str]:
        return [fault.code for fault in self.store.open_faults()]


@pytest.fixture
def make_unit(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Iterator[Any]:
    """`make_unit(cameras=..., camera=..., **inference)`: a unit with these settings."""
    made: list[Unit] = []

    def make(
        cameras: Sequence[str] = ("gate",),
        camera: dict[str, CameraSettings] | None = None,
        **inference: Any,
    ) -> Unit:
        own = replace(settings.inference, **inference)
        unit = Unit(
            replace(
                settings, inference=own, camera=camera or {}, computer=ComputerSettings(idle_w=0)
            ),
            clock,
            open_store,
            cameras,
        )
        made.append(unit)
        return unit

    yield make
    for unit in made:
        unit.store.close()


@pytest.fixture
def unit(make_unit: Any) -> Unit:
    return make_unit()  # type: ignore[no-any-return]


# --- budget and plan ------------------------------------------------------------------------------


def test_without_a_fresh_budget_no_camera_is_asked_and_the_service_leaves(unit: Unit) -> None:
    with pytest.raises(Leave, match="no fresh energy budget"):
        unit.pass_(100)
    assert (unit.camera.pulls, unit.looker.looks, unit.looker.loads) == (0, 0, 0)
    assert unit.clock.media_s() - 1000 == pytest.approx(61, abs=1)
    (plan, *_) = unit.store.rows(InferencePlan)
    assert (plan.frames_per_s, plan.tier) == (0, Tier.NONE)
    refusal = unit.view.answer(PictureRequest(JPEG))
    assert refusal == Refusal("no fresh energy budget: doing nothing is the safe thing")


def test_the_planned_rate_is_kept_and_its_energy_reported_once_a_minute(unit: Unit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.pass_(62)
    assert unit.looker.looks == pytest.approx(124, abs=1)
    (run,) = unit.store.rows(InferenceRun)
    assert run.duration_s == pytest.approx(60, abs=1)
    assert run.power_w == pytest.approx(1.0, rel=0.02), "2 frames a second at 0.5 J"
    assert run.energy_wh == pytest.approx(run.power_w * run.duration_s / 3600, rel=1e-5)
    assert run.frames_skipped == pytest.approx(4 * run.frames, abs=5), "a camera of 10 a second"
    assert (run.provider, run.energy_measured) == (CPU, False)
    plans = unit.store.rows(InferencePlan)
    assert [plan.frames_per_s for plan in plans] == [2, 2], "at the change, and after a minute"


def test_each_camera_at_work_has_its_row_and_one_more_when_that_is_over(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard", "shed"))
    unit.cameras["yard"].moving = unit.cameras["shed"].moving = False
    unit.grant(EnergyLevel.ECO)
    unit.pass_(61)
    unit.camera.moving, unit.cameras["yard"].moving = False, True
    unit.grant(EnergyLevel.ECO)
    unit.pass_(60)
    unit.cameras["yard"].moving = False
    for _ in range(3):
        unit.grant(EnergyLevel.ECO)
        unit.pass_(60)
    unit.service.finish(unit.watch.finish)
    rows = unit.store.rows(CameraLooks)
    frames = {name: [row.frames for row in rows if row.camera == name] for name in unit.cameras}
    assert frames == {
        "gate": [pytest.approx(120, abs=3), pytest.approx(2, abs=1), 0],
        "yard": [pytest.approx(118, abs=3), pytest.approx(2, abs=1), 0],
        "shed": [],
    }
    busy = rows[0]
    assert (busy.tier, busy.energy_measured) == (Tier.INT8, False)
    assert busy.power_w == pytest.approx(1.0, rel=0.05)
    assert busy.energy_wh == pytest.approx(busy.power_w * busy.duration_s / 3600, rel=1e-5)
    runs = unit.store.rows(InferenceRun)
    spent_wh = sum(run.energy_wh for run in runs)
    assert spent_wh == pytest.approx(sum(row.energy_wh for row in rows), rel=1e-4)


def test_a_measured_price_is_reported_as_measured(unit: Unit) -> None:
    unit.choice.price_j, unit.choice.measured = 0.2, True
    unit.grant(EnergyLevel.ECO)
    unit.pass_(62)
    (run,) = unit.store.rows(InferenceRun)
    assert run.energy_measured
    assert run.power_w == pytest.approx(0.4, rel=0.03)


def test_when_the_sun_is_free_the_exact_model_looks(make_unit: Any) -> None:
    unit = make_unit(sun_model="exact")
    unit.lookers["exact"] = FakeLooker("exact", tier=Tier.FP32)
    unit.grant(EnergyLevel.FULL)
    unit.pass_(2)
    assert "exact" not in [name for name, one in unit.lookers.items() if one.looks]
    unit.grant(EnergyLevel.FULL, sun_is_free=True)
    unit.pass_(1)
    wait_for_swap(unit)
    assert unit.lookers["exact"].looks > 0
    assert unit.looker.provider == NOT_LOADED, "only one of the two is in memory"
    assert unit.store.rows(InferencePlan)[-1].tier is Tier.FP32
    unit.grant(EnergyLevel.FULL)
    unit.pass_(1)
    wait_for_swap(unit)
    assert unit.lookers["exact"].provider == NOT_LOADED


def wait_for_swap(unit: Unit) -> None:
    """The model is loaded in a thread: let it end, then let a cycle pass."""
    loading = unit.watch._eyes._unit._loading
    if loading:
        loading.join()
    unit.pass_(1)


def test_another_model_is_chosen_without_a_look_that_fails(unit: Unit) -> None:
    unit.lookers["new"] = FakeLooker("new")
    unit.grant(EnergyLevel.FULL)
    unit.pass_(2)
    unit.choice.choose("new")
    unit.pass_(1)
    wait_for_swap(unit)
    unit.pass_(1)
    looks = unit.looker.looks + unit.lookers["new"].looks
    assert looks == pytest.approx(25, abs=1)
    assert unit.lookers["new"].looks > 0
    assert unit.faults() == []
    assert unit.looker.provider == NOT_LOADED


def test_a_chosen_model_that_is_missing_is_a_fault_and_the_old_one_looks_on(unit: Unit) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.pass_(1)
    unit.missing.add("gone")
    unit.choice.choose("gone")
    unit.pass_(1)
    wait_for_swap(unit)
    before = unit.looker.looks
    unit.pass_(1)
    assert unit.faults() == ["model"]
    assert unit.looker.looks == before + 5
    unit.choice.choose("usual")
    unit.pass_(2)
    assert unit.faults() == []


def test_a_camera_with_its_own_model_is_looked_at_with_that(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"), camera={"yard": CameraSettings(model="birds")})
    unit.lookers["birds"] = FakeLooker("birds", tier=Tier.FP32, scene=[SOMEBODY])
    unit.grant(EnergyLevel.ECO)
    unit.pass_(3)
    assert {name for batch in unit.lookers["birds"].batches for name in batch} == {"yard"}
    assert {name for batch in unit.looker.batches for name in batch} == {"gate"}
    unit.service.finish(unit.watch.finish)
    (event,) = unit.store.rows(Event)
    assert (event.tier, event.model_digest) == (Tier.USER, "birds")
    assert not unit.lookers["birds"].loaded


@pytest.mark.parametrize("how", ["missing", "broken"])
def test_where_a_cameras_own_model_fails_the_units_model_looks(make_unit: Any, how: str) -> None:
    unit = make_unit(camera={"gate": CameraSettings(model="birds")})
    if how == "missing":
        unit.missing.add("birds")
    else:
        unit.lookers["birds"] = FakeLooker("birds", broken=True)
    unit.grant(EnergyLevel.ECO)
    unit.pass_(3)
    assert unit.looker.looks == 6
    assert unit.faults() == ["model"]


def test_the_moving_part_alone_is_looked_at_but_for_a_look_at_all_every_two_seconds(
    make_unit: Any,
) -> None:
    unit = make_unit(regions=True)
    unit.camera.region = Box(0.1, 0.1, 0.2, 0.2)
    unit.grant(EnergyLevel.FULL)
    seen: list[Tier] = []
    take = unit.watch._take

    def noted(camera: Any, look: Look, *rest: Any) -> None:
        seen.append(look.tier)
        take(camera, look, *rest)

    unit.watch._take = noted
    unit.pass_(4)
    assert seen.count(Tier.INT8) == 2
    assert seen.count(Tier.REGION) == len(seen) - 2


# --- pulling --------------------------------------------------------------------------------------


def test_a_quiet_camera_costs_one_wake_up_a_wait_and_no_look(make_unit: Any) -> None:
    unit = make_unit(cameras=[f"camera{number}" for number in range(8)])
    for camera in unit.cameras.values():
        camera.moving = False
    unit.grant(EnergyLevel.FULL)
    unit.pass_(60)
    assert unit.looker.looks == 0
    assert unit.looker.loads == 0
    for camera in unit.cameras.values():
        assert camera.pulls <= 62
        assert all(
            ask == PictureRequest(I420, -1, moved=True, wait_s=1.0) for _, ask in camera.asks
        )
    assert unit.waiter.wakes <= 60 * 4, "answers that come together are one wake-up"
    (run,) = unit.store.rows(InferenceRun)[-1:] or [None]
    assert run is None or run.power_w == 0


def test_what_is_followed_is_looked_at_at_the_full_rate_until_it_is_gone(unit: Unit) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(2)
    unit.camera.moving = False  # he stands still: the camera would say nothing by itself
    before = unit.looker.looks
    unit.pass_(10)
    assert unit.looker.looks == before + 50
    assert all(not ask.moved for _, ask in unit.camera.asks[2:])
    unit.looker.scene = []
    unit.pass_(6)
    still = unit.looker.looks
    assert still <= before + 50 + 11, "only until he counts as gone"
    unit.pass_(5)
    assert unit.looker.looks == still
    assert unit.camera.asks[-1][1].moved
    assert len(unit.store.rows(Event)) == 1


def test_a_look_begins_at_the_very_moment_of_the_cameras_answer(unit: Unit) -> None:
    unit.camera.moving = False
    unit.grant(EnergyLevel.FULL)
    unit.pass_(2)
    moments: list[float] = []
    look = unit.looker.look

    def noted(pictures: Any, parts: Any = None) -> Any:
        moments.append(unit.clock.media_s())
        return look(pictures, parts)

    unit.looker.look = noted  # type: ignore[method-assign]
    waiter, passed_s = unit.waiter.wait, unit.clock.media_s() + 0.4

    def wait(asked: Sequence[Any], seconds: float, stop: Any) -> list[Any]:
        if unit.clock.media_s() >= passed_s - 1e-9:
            unit.camera.moving = True
        return waiter(asked, min(seconds, max(0.0, passed_s - unit.clock.media_s()) or 1), stop)

    unit.waiter.wait = wait  # type: ignore[method-assign]
    unit.pass_(1)
    assert moments[0] == pytest.approx(passed_s, abs=0.003)


def test_answers_of_one_moment_are_looked_at_together_the_longest_waiting_first(
    make_unit: Any,
) -> None:
    unit = make_unit(cameras=("gate", "yard", "shed"))
    unit.cameras["shed"].moving = False
    unit.grant(EnergyLevel.ECO)
    unit.pass_(2)
    assert unit.looker.batches == [["gate", "yard"]] * 4
    unit.cameras["shed"].moving = True
    unit.pass_(2)
    together = [batch for batch in unit.looker.batches if "shed" in batch]
    assert together
    first = [batch for batch in together if len(batch) == 3]
    assert all(batch[0] == "shed" for batch in first[:1])


def test_a_hung_camera_keeps_nobody_waiting_and_is_told(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"))
    unit.cameras["gate"].hung = True
    unit.grant(EnergyLevel.FULL)
    unit.pass_(30)
    assert unit.looks_at("yard") == pytest.approx(150, abs=1)
    assert unit.looks_at("gate") == 0
    assert unit.faults() == ["camera"]
    (fault,) = unit.store.open_faults()
    assert "the camera gate gives no answer for 6 s" in fault.text
    assert unit.camera.pulls == pytest.approx(30 / 8, abs=1), "one question at a time, then a pause"
    unit.cameras["gate"].hung = False
    unit.pass_(10)
    assert unit.looks_at("gate") > 5
    assert unit.faults() == []


def test_a_camera_that_refuses_at_once_is_left_alone_for_a_while_and_is_no_fault(
    unit: Unit,
) -> None:
    unit.camera.refusal = "the camera listens: energy level SENTINEL"
    unit.grant(EnergyLevel.ECO)
    unit.pass_(70)
    assert unit.looker.looks == 0
    assert unit.camera.pulls == pytest.approx(70, abs=2)
    assert unit.faults() == []
    (run,) = unit.store.rows(InferenceRun)
    assert (run.frames, run.power_w) == (0, 0)
    assert unit.view.answer(PictureRequest(JPEG)) == Refusal(
        "the camera listens: energy level SENTINEL"
    )
    unit.camera.refusal = None
    unit.pass_(2)
    assert unit.looker.looks > 1


def test_a_camera_that_is_gone_is_a_fault_after_ten_seconds_until_it_is_back(unit: Unit) -> None:
    unit.camera.gone = True
    unit.grant(EnergyLevel.ECO)
    unit.pass_(10)
    assert unit.faults() == []
    unit.pass_(3)
    assert unit.faults() == ["camera"]
    unit.camera.restart()
    unit.pass_(3)
    assert unit.faults() == []
    assert unit.looker.looks > 0


def test_a_camera_that_begins_anew_ends_what_was_followed_and_is_looked_at_again(
    unit: Unit,
) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(5)
    unit.camera.restart()
    unit.pass_(5)
    unit.service.finish(unit.watch.finish)
    assert [event.frames for event in unit.store.rows(Event)] == [10, 10]
    assert unit.faults() == []


def test_pictures_of_no_use_are_the_cameras_trouble_and_end_nothing_else(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"))
    unit.cameras["gate"]._picture = lambda encoding, data: replace(
        FakeCamera._picture(unit.cameras["gate"], encoding, data), width=99
    )
    unit.grant(EnergyLevel.ECO)
    unit.pass_(12)
    assert (unit.looks_at("gate"), unit.looks_at("yard")) == (0, 24)


# --- energy ---------------------------------------------------------------------------------------


def test_an_empty_purse_keeps_a_camera_waiting_and_says_for_what(make_unit: Any) -> None:
    unit = make_unit(energy_per_frame_j=0.5)
    unit.grant(EnergyLevel.FULL, power_w=0.1)
    unit.pass_(1)
    sentence = unit.watch.cycle()
    assert unit.looker.looks == 1
    assert "gate waits for energy: 0." in sentence
    assert sentence.endswith("of 0.5 J")
    unit.pass_(100)
    assert unit.looker.looks == pytest.approx(1 + 102 * 0.1 / 0.5, abs=1)
    assert unit.faults() == []


def test_a_thing_is_one_event_although_its_purse_lets_it_be_seen_but_rarely(unit: Unit) -> None:
    unit.grant(EnergyLevel.FULL, power_w=0.1)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(60)
    unit.looker.scene = []
    unit.pass_(60)
    events = unit.store.rows(Event)
    assert [event.frames for event in events] == [pytest.approx(12, abs=1)]


def test_one_rare_look_that_misses_a_thing_does_not_end_it(unit: Unit) -> None:
    unit.grant(EnergyLevel.FULL, power_w=0.1)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(31)
    unit.looker.scene = []
    unit.pass_(5)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(20)
    unit.service.finish(unit.watch.finish)
    assert len(unit.store.rows(Event)) == 1


def test_what_quiet_cameras_do_not_need_goes_to_the_busy_one(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard", "shed", "barn"))
    for name in ("yard", "shed", "barn"):
        unit.cameras[name].moving = False
    unit.grant(EnergyLevel.FULL, power_w=1.0)
    unit.pass_(170)
    at_first = unit.looks_at("gate")
    assert at_first < 170 * 5
    unit.grant(EnergyLevel.FULL, power_w=1.0)
    unit.pass_(60)
    assert unit.looks_at("gate") - at_first == pytest.approx(120, abs=5), "1 W at 0.5 J"


def test_who_shares_a_model_shares_what_loading_it_costs(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"))
    unit.looker.wanted = unit.looker.got = GPU
    unit.choice.load_j = 6.0
    unit.cameras["yard"].moving = False
    unit.grant(EnergyLevel.FULL, power_w=0.01)
    unit.pass_(1)
    assert unit.looker.looks == 1
    assert unit.watch._purses["gate"].owed_j == pytest.approx(0, abs=0.01)
    assert unit.watch._purses["yard"].held_j == pytest.approx(0.5, abs=0.01)


def test_a_model_is_not_loaded_for_a_look_that_cannot_pay_it(unit: Unit) -> None:
    unit.watch._purses._began = True  # no first look for nothing
    unit.choice.load_j = 4.0
    unit.grant(EnergyLevel.FULL, power_w=0.5)
    unit.pass_(8)
    assert (unit.looker.loads, unit.looker.looks) == (0, 0)
    unit.pass_(3)
    assert unit.looker.loads == 1
    assert unit.looker.looks > 0


# --- events ---------------------------------------------------------------------------------------


def test_a_passer_by_becomes_one_event_with_a_snapshot_on_disk(unit: Unit) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.pass_(3)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(4)
    assert unit.store.rows(Event) == [], "an event is told when it is over"
    unit.looker.scene = []
    unit.pass_(4)
    (event,) = unit.store.rows(Event)
    assert (event.camera, event.label, event.frames) == ("gate", "person", 20)
    assert (event.energy_level, event.tier, event.provider) == (EnergyLevel.FULL, Tier.INT8, CPU)
    assert event.energy_j >= 10
    assert event.reason.startswith("watched because FULL allows 5 frames a second")
    assert event.snapshot is not None
    assert event.clip is None
    picture = cv2.imread(str(unit.settings.unit.data_dir / event.snapshot))
    assert picture is not None
    assert picture.shape == (60, 80, 3)


@pytest.mark.parametrize("how", ["stop", "lower level", "camera gone", "camera off"])
def test_an_event_in_progress_is_stored_when_the_watch_ends(unit: Unit, how: str) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(5)
    if how == "stop":
        unit.service.finish(unit.watch.finish)
    elif how == "lower level":
        unit.grant(EnergyLevel.SENTINEL)
        unit.pass_(1)
    elif how == "camera gone":
        unit.camera.gone = True
        unit.pass_(4)
    else:
        unit.camera.refusal = "the camera is off"
        unit.pass_(4)
    (event,) = unit.store.rows(Event)
    assert event.frames == 10
    assert event.energy_level is EnergyLevel.ECO


def test_the_budget_going_away_ends_all_of_it_in_one_cycle(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard", "shed"), camera={"gate": CameraSettings(clip_s=20)})
    unit.cameras["shed"].hung = True
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(5)
    pulls = [camera.pulls for camera in unit.cameras.values()]
    unit.grant(EnergyLevel.SENTINEL)
    unit.pass_(1)
    assert len(unit.store.rows(Event)) == 2
    assert all(camera.is_idle for camera in unit.cameras.values()), "nobody is left on the line"
    unit.pass_(20)
    assert [camera.pulls for camera in unit.cameras.values()] == pulls
    assert isinstance(unit.view.answer(PictureRequest(JPEG)), Refusal)


def test_a_stop_in_the_middle_of_a_second_ends_the_cycle(unit: Unit) -> None:
    unit.grant(EnergyLevel.FULL)
    unit.service.stop.set()
    unit.pass_(1)
    assert unit.looker.looks == 0


def test_an_event_has_its_film_asked_for_once_when_its_story_is_over(make_unit: Any) -> None:
    unit = make_unit(camera={"gate": CameraSettings(clip_s=20)}, event_ends_after_s=0.5)
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(4)
    unit.looker.scene = []
    unit.pass_(5)
    asked_s = next(at_s for at_s, ask in unit.camera.asks if ask.encoding == MP4)
    (event,) = unit.store.rows(Event)
    assert event.clip is not None
    assert (unit.settings.unit.data_dir / event.clip).read_bytes() == b"film"
    (film,) = [ask for _, ask in unit.camera.asks if ask.encoding == MP4]
    began_s = unit.camera.asks[0][0]
    assert (film.since_s, film.until_s) == (
        pytest.approx(began_s - 3, abs=0.01),
        pytest.approx(began_s + 3.5 + 3, abs=0.01),
    )
    assert asked_s == pytest.approx(film.until_s, abs=0.01), "when there is all of it, not before"


def test_a_long_story_has_its_film_asked_for_when_its_film_time_is_over(make_unit: Any) -> None:
    unit = make_unit(camera={"gate": CameraSettings(clip_s=4)})
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(10)
    assert [ask.encoding for _, ask in unit.camera.asks].count(MP4) == 1
    assert unit.store.rows(Event) == []
    unit.service.finish(unit.watch.finish)
    (event,) = unit.store.rows(Event)
    assert event.clip is not None


def test_of_a_long_story_the_first_part_alone_has_a_film(make_unit: Any) -> None:
    unit = make_unit(camera={"gate": CameraSettings(clip_s=4)})
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(75)
    unit.service.finish(unit.watch.finish)
    assert [event.clip is None for event in unit.store.rows(Event)] == [False, True]
    assert [ask.encoding for _, ask in unit.camera.asks].count(MP4) == 1


@pytest.mark.parametrize("how", ["refused", "hung"])
def test_an_event_whose_film_does_not_come_is_told_without_it(make_unit: Any, how: str) -> None:
    unit = make_unit(camera={"gate": CameraSettings(clip_s=8)})
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(4)
    unit.looker.scene = []
    unit.camera.film = None
    unit.camera.hung = how == "hung"
    unit.pass_(18)
    (event,) = unit.store.rows(Event)
    assert event.clip is None
    assert event.snapshot is not None


def test_with_a_broken_shelf_the_event_is_kept_without_its_snapshot(unit: Unit) -> None:
    unit.settings.snapshots_dir.write_text("a file where a directory should be")
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(3)
    unit.looker.scene = []
    unit.pass_(4)
    (event,) = unit.store.rows(Event)
    assert event.snapshot is None
    faults = [fault.text for fault in unit.store.rows(Fault)]
    assert any("the event is kept without it" in text for text in faults)


def test_events_wait_in_memory_while_the_database_cannot_be_written(unit: Unit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(3)
    unit.looker.scene = []
    unit.store.full = True
    unit.pass_(5)
    assert unit.store.rows(Event) == []
    unit.store.full = False
    unit.pass_(1)
    assert len(unit.store.rows(Event)) == 1


def test_a_rate_below_one_a_second_still_makes_events(make_unit: Any) -> None:
    unit = make_unit(eco_frames_per_s=0.25)
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(20)
    unit.looker.scene = []
    unit.pass_(20)
    assert unit.looker.looks == 10
    assert [event.frames for event in unit.store.rows(Event)] == [5]


# --- the model ------------------------------------------------------------------------------------


def test_the_model_is_freed_half_a_minute_after_its_last_picture(unit: Unit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.pass_(3)
    unit.grant(EnergyLevel.SENTINEL)
    unit.pass_(25)
    assert unit.looker.provider == CPU
    unit.pass_(10)
    assert unit.looker.provider == NOT_LOADED
    with pytest.raises(Leave, match="the energy level is SENTINEL"):
        unit.pass_(60)


def test_while_nothing_moves_a_model_stays_on_the_cpu_and_leaves_a_gpu(make_unit: Any) -> None:
    for provider, stays in ((CPU, True), (GPU, False)):
        unit = make_unit()
        unit.looker.wanted = unit.looker.got = provider
        unit.choice.load_j = 80.0
        unit.grant(EnergyLevel.FULL, power_w=100)
        unit.pass_(2)
        unit.camera.moving = False
        unit.pass_(15)
        assert unit.looker.loaded, "waiting has cost less than loading would"
        unit.pass_(15)
        assert unit.looker.loaded is stays, provider
        unit.store.close()


def test_a_silent_fall_back_to_the_cpu_is_a_fault_and_fewer_frames_are_planned(
    unit: Unit,
) -> None:
    unit.looker.wanted = GPU
    unit.looker.degraded = "the model runs on the CPU, although CUDA was to be used: check it"
    unit.grant(EnergyLevel.FULL)
    unit.pass_(1)
    (fault,) = unit.store.open_faults()
    assert fault.code == "model"
    assert "although CUDA was to be used" in fault.text
    unit.pass_(2)
    plan = unit.store.rows(InferencePlan)[-1]
    assert plan.frames_per_s == pytest.approx(2.5)
    assert "but the model runs on the CPU, although CUDA was to be used: 2.5 cost as much" in (
        plan.reason
    )


def test_a_model_that_fails_is_a_fault_and_is_tried_again_only_after_a_minute(unit: Unit) -> None:
    unit.looker.broken = True
    unit.grant(EnergyLevel.FULL)
    unit.pass_(50)
    assert unit.looker.loads == 1
    assert unit.faults() == ["model"]
    unit.looker.broken = False
    unit.pass_(15)
    assert unit.looker.looks > 1
    assert unit.faults() == []


# --- the view -------------------------------------------------------------------------------------


def test_the_view_shows_what_was_looked_at_with_its_boxes_and_only_what_is_new(unit: Unit) -> None:
    server = FrameServer(unit.settings.view_socket, unit.view.answer)
    viewer = FrameClient(unit.settings.view_socket)
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(1)
    shown = viewer.pull(PictureRequest(JPEG))
    assert isinstance(shown, Picture)
    (seen,) = shown.detections
    assert (seen.label, seen.confidence) == ("person", 0.8)
    assert astuple(seen.box) == pytest.approx(astuple(SOMEBODY.box))
    picture = cv2.imdecode(np.frombuffer(shown.data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (60, 80, 3)
    assert isinstance(viewer.pull(PictureRequest(JPEG, after=shown.sequence)), Refusal)
    unit.pass_(1)
    assert isinstance(viewer.pull(PictureRequest(JPEG, after=shown.sequence)), Picture)
    viewer.close()
    server.close()


def test_the_view_shows_no_box_of_what_is_only_faintly_seen(unit: Unit) -> None:
    unit.grant(EnergyLevel.ECO)
    unit.looker.scene = [SOMEBODY]
    unit.pass_(1)
    unit.looker.scene = [replace(SOMEBODY, confidence=0.3)]
    unit.pass_(1)
    shown = unit.view.answer(PictureRequest(JPEG))
    assert isinstance(shown, Picture)
    assert shown.detections == ()


def test_the_view_shows_the_camera_that_was_looked_at_last(make_unit: Any) -> None:
    unit = make_unit(cameras=("gate", "yard"))
    unit.cameras["yard"].moving = False
    unit.grant(EnergyLevel.ECO)
    unit.pass_(2)
    assert shown_camera(unit) == "gate"
    unit.camera.moving, unit.cameras["yard"].moving = False, True
    unit.pass_(2)
    assert shown_camera(unit) == "yard"
    unit.cameras["yard"].refusal = "the camera is off"
    unit.pass_(5)
    assert shown_camera(unit) == "gate", "one that is off is shown no more"


def shown_camera(unit: Unit) -> str:
    shown = unit.view.answer(PictureRequest(JPEG))
    assert isinstance(shown, Picture)
    return shown.camera


# --- wiring ---------------------------------------------------------------------------------------


def test_a_missing_model_is_found_before_the_first_cycle(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    missing = settings.unit.data_dir / "missing.onnx"
    wrong = replace(settings, inference=replace(settings.inference, model=str(missing)))
    log = SentenceLog("inference")
    service = Service("inference", wrong, clock, open_store("inference"), log)
    with pytest.raises(ModelError, match=r"missing\.onnx"):
        assemble(service)


def test_the_service_is_assembled_without_loading_the_model(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    log = SentenceLog("inference")
    loop = assemble(Service("inference", settings, clock, open_store("inference"), log))
    viewer = FrameClient(settings.view_socket)
    assert viewer.pull(PictureRequest(JPEG)) == Refusal("nothing has been looked at yet")
    assert loop.media
    assert loop.finish is not None
    loop.finish()
    assert not settings.view_socket.exists()
