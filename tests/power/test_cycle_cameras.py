"""What cameras have switched in the whole power cycle: a siren by an event, a dead one's supply."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from appliance.model import EnergyLevel
from appliance.model_cameras import (
    CameraCoverage,
    CameraMode,
    EventBegun,
    HoldKind,
    SwitchOrder,
    Watching,
)
from appliance.sections.cameras import CameraSettings
from appliance.sections.loads import RunsWhen, SwitchSettings
from appliance.settings import Settings
from appliance.store.camera_holds import Order, add_holds, make_hold
from power.act import camera_switches
from tests.conftest import OpenStore
from tests.power.test_cycle_sources import Site
from tests.scenes.filled import camera_state
from tests.stand_ins.fakes import FakeClock

SIREN = SwitchSettings(runs_when=RunsWhen.EVENT, idle_w=2.0, event_on_s=60.0)
POE = SwitchSettings(runs_from=EnergyLevel.SENTINEL, idle_w=1.0)


@pytest.fixture
def site(
    clock: FakeClock,
    settings: Settings,
    open_store: OpenStore,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    for name in ("EVENTS_EVERY_S", "CAMERAS_EVERY_S"):  # real seconds pass for the recorder
        monkeypatch.setattr(camera_switches, name, 0.0)
    camera = CameraSettings(source="rtsp://10.0.0.9/stream", supply="poe")
    own = replace(settings, camera={"gate": camera}, switch={"siren": SIREN, "poe": POE}, source={})
    made = Site(clock, own, open_store)
    made.begin(90)
    run(made, 120)
    return made


def run(site: Site, seconds: float, each: Callable[[], object] = lambda: None) -> None:
    for _ in range(round(seconds / 10)):
        site.clock.advance(10)
        each()
        site.service.run_once(site.cycle)


def ordered(site: Site, name: str) -> list[str]:
    return [one for one in site.host.orders if one.endswith(f"switch@{name}")]


def begin_event(site: Site, number: int) -> None:
    now = site.clock.stamp()
    site.open_store("inference").add(EventBegun(now, f"e{number}", "gate", "person", ""))


def test_an_event_sounds_the_siren_and_both_orders_are_rows(site: Site) -> None:
    assert [one.split()[0] for one in ordered(site, "siren")] == ["stop"]
    begin_event(site, 1)
    run(site, 30)
    assert ordered(site, "siren")[-1].startswith("start")
    run(site, 60)
    assert ordered(site, "siren")[-1].startswith("stop")
    on, off = site.store.rows(SwitchOrder)
    assert (on.switch, on.runs, on.event_id) == ("siren", True, "e1")
    assert (off.runs, off.reason) == (False, "off: its 60 s are over")


def test_a_muted_camera_sounds_no_siren(site: Site) -> None:
    mute = make_hold("gate", HoldKind.MUTE, Order(who="anna", via="unitctl"), site.clock.stamp())
    add_holds(site.open_store("camera"), mute)
    begin_event(site, 1)
    run(site, 30)
    assert site.store.rows(SwitchOrder) == []


def test_a_siren_that_is_on_goes_off_with_the_service(site: Site) -> None:
    begin_event(site, 1)
    run(site, 20)
    site.cycle.finish()
    assert ordered(site, "siren")[-1].startswith("stop")


@pytest.mark.parametrize("alive_s", [10, 50])
def test_a_killed_power_service_ends_the_siren_that_it_finds_and_begins_it_no_second_time(
    site: Site, alive_s: float
) -> None:
    begin_event(site, 1)
    run(site, alive_s)
    assert ordered(site, "siren")[-1].startswith("start")
    site.begin(90, boot=False)  # nothing was finished: kill -9, and PID 1 starts it again
    run(site, 10)
    assert ordered(site, "siren")[-1].startswith("stop")
    run(site, 40)
    assert ordered(site, "siren")[-1].startswith("stop"), "the same event, once more"
    on, off = site.store.rows(SwitchOrder)
    assert (on.runs, off.runs, off.reason) == (True, False, camera_switches.LEFT_ON)
    begin_event(site, 2)
    run(site, 10)
    assert ordered(site, "siren")[-1].startswith("start")


def test_a_camera_that_gives_nothing_has_its_supply_off_and_on_again(site: Site) -> None:
    camera = site.open_store("camera")
    camera.add(CameraCoverage(site.clock.stamp(), "gate", Watching.DEAD, 0.0, "no route to host"))

    def report() -> None:
        camera.add(camera_state(site.clock.stamp(), "gate", CameraMode.WATCH, 3.0))

    assert ordered(site, "poe")[-1].startswith("start")
    run(site, 190, report)
    assert ordered(site, "poe")[-1].startswith("stop")
    run(site, 30, report)
    assert ordered(site, "poe")[-1].startswith("start")
    off, on = site.store.rows(SwitchOrder)
    assert "try 1 of 5: camera gate has given nothing for 3 min" in off.reason
    assert on.runs


def test_a_camera_whose_process_is_gone_has_its_supply_left_alone(site: Site) -> None:
    camera = site.open_store("camera")
    camera.add(CameraCoverage(site.clock.stamp(), "gate", Watching.DEAD, 0.0, "no route to host"))
    run(site, 900)
    assert site.store.rows(SwitchOrder) == []
