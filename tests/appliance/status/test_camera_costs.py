"""What a camera costs: whole minutes, gaps, mode changes, and that no watt is counted twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model_cameras import CameraMode, CameraUsage, InferenceRun, Tier
from appliance.status.camera_costs import (
    NOTHING_KNOWN,
    CameraEnergy,
    read_power,
    sum_up,
    sum_up_last_hour,
)
from appliance.status.loads import read_loads
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

MINUTE = 60.0


def state(
    camera: Store,
    mode: CameraMode = CameraMode.WATCH,
    power_w: float = 3.0,
    name: str = "demo",
    duration_s: float | None = MINUTE,
    measured: bool = False,
) -> None:
    row = filled.camera_state(camera.clock.stamp(), name, mode, power_w)
    camera.add(replace(row, duration_s=duration_s, power_measured=measured))


def looks(
    inference: Store, power_w: float = 1.2, name: str = "demo", measured: bool = False
) -> None:
    now, wh = inference.clock.stamp(), power_w * MINUTE / 3600
    inference.add(CameraUsage(now, name, MINUTE, 60, 0, wh, measured, power_w, Tier.INT8))


def run(inference: Store, power_w: float = 1.2) -> None:
    now, wh = inference.clock.stamp(), power_w * MINUTE / 3600
    inference.add(
        InferenceRun(
            now,
            MINUTE,
            60,
            0,
            wh,
            energy_measured=False,
            power_w=power_w,
            provider="CPU",
            model_digest=filled.DIGEST,
        )
    )


def hour_of(store: Store, name: str = "demo") -> CameraEnergy:
    return sum_up_last_hour(store).get(name, NOTHING_KNOWN)


def test_before_any_row_nothing_is_known(open_store: OpenStore) -> None:
    store = open_store()
    assert sum_up_last_hour(store) == {}
    draw = read_power(store, "demo")
    assert (draw.camera_w, draw.inference_w, draw.total_w) == (None, None, None)
    assert (NOTHING_KNOWN.wh, NOTHING_KNOWN.mean_w, NOTHING_KNOWN.known_s) == (None, None, 0)


def test_an_hour_of_watching_costs_its_camera_and_its_looking(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera, inference = open_store("camera"), open_store("inference")
    for _ in range(61):
        state(camera)
        looks(inference)
        clock.advance(MINUTE)
    hour = hour_of(open_store())
    assert hour.camera.wh == pytest.approx(3.0)
    assert hour.camera.known_s == pytest.approx(3600)
    assert hour.inference.wh == pytest.approx(1.2 * 59 / 60), "the last minute is not reported yet"
    assert hour.mean_w == pytest.approx(4.2), "the mean is that of the time that is known"


def test_a_gap_is_unknown_and_does_not_pull_the_mean_down(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera = open_store("camera")
    for _ in range(10):
        state(camera, CameraMode.LISTEN, 2.0)
        clock.advance(MINUTE)
    clock.advance(30 * MINUTE)
    state(camera, CameraMode.LISTEN, 2.0, duration_s=None)
    hour = hour_of(open_store())
    assert hour.camera.known_s == pytest.approx(9 * MINUTE)
    assert hour.mean_w == pytest.approx(2.0)


def test_a_mode_holds_until_the_next_row(open_store: OpenStore, clock: FakeClock) -> None:
    """A camera that is switched up in the middle of a minute pays from then on."""
    camera = open_store("camera")
    state(camera, CameraMode.LISTEN, 2.0)
    clock.advance(20)
    state(camera, CameraMode.ACTIVE, 5.0, duration_s=20)
    clock.advance(100)
    joules = 20 * 2.0 + 100 * 5.0
    assert hour_of(open_store()).camera.wh == pytest.approx(joules / 3600)


def test_rows_far_apart_are_one_stretch_where_the_process_says_so(
    open_store: OpenStore, clock: FakeClock
) -> None:
    """In a fast demonstration a minute's row comes every four."""
    camera = open_store("camera")
    state(camera, power_w=3.0)
    clock.advance(600)
    state(camera, power_w=9.0, duration_s=600)
    found = hour_of(open_store()).camera
    assert found.known_s == pytest.approx(600)
    assert found.mean_w == pytest.approx(3.0), "the first row's power held until the second"


def test_of_a_long_gap_the_time_that_the_later_row_covers_is_known(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera = open_store("camera")
    state(camera, power_w=9.0)
    clock.advance(600)
    state(camera, power_w=3.0, duration_s=MINUTE)
    found = hour_of(open_store()).camera
    assert found.known_s == pytest.approx(MINUTE)
    assert found.mean_w == pytest.approx(3.0)


def test_nothing_is_known_between_two_boots(open_store: OpenStore, clock: FakeClock) -> None:
    camera = open_store("camera")
    state(camera)
    clock.reboot(down_s=100)
    state(camera)
    clock.advance(30)
    assert hour_of(open_store()).camera.known_s == pytest.approx(30)


def test_another_boot_is_no_later_minute_of_the_same(
    open_store: OpenStore, clock: FakeClock
) -> None:
    """Its uptime may be a little more than that of the last row before it."""
    camera = open_store("camera")
    state(camera)
    before_s = clock.uptime_s
    clock.reboot()
    clock.advance(before_s + 55 - clock.uptime_s)
    state(camera, duration_s=None)
    assert hour_of(open_store()).camera.known_s == 0


def test_a_camera_that_gives_no_pictures_is_looked_at_for_nothing(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera = open_store("camera")
    for _ in range(5):
        state(camera, CameraMode.PROBE, 2.0)
        clock.advance(MINUTE)
    store = open_store()
    assert hour_of(store).inference.wh == 0
    assert read_power(store, "demo").total_w == 2.0


def test_analysis_is_unknown_while_nothing_reports_it_and_none_once_inference_reports(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera, inference = open_store("camera"), open_store("inference")
    state(camera)
    clock.advance(MINUTE)
    state(camera)
    store = open_store()
    assert (
        hour_of(store).inference.wh
        is hour_of(store).wh
        is read_power(store, "demo").inference_w
        is None
    )
    assert hour_of(store).camera.wh is not None
    run(inference)
    assert hour_of(store).inference.wh == read_power(store, "demo").inference_w == 0


def test_each_figure_says_whether_meters_stand_behind_it(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera, inference = open_store("camera"), open_store("inference")
    for measured in (True, True):
        state(camera, measured=measured)
        looks(inference, measured=True)
        clock.advance(MINUTE)
    state(camera, measured=True)
    store = open_store()
    assert hour_of(store).measured
    assert read_power(store, "demo").measured
    looks(inference, measured=False)
    assert not read_power(store, "demo").measured
    assert not hour_of(store).measured
    assert hour_of(store).camera.measured, "the camera's own part still is"


def test_an_event_is_priced_with_all_the_watching_around_it(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera, inference = open_store("camera"), open_store("inference")
    for minute in range(60):
        state(camera)
        looks(inference)
        if minute in (10, 20):
            inference.add(filled.event(clock.stamp(), f"e{minute}"))
        clock.advance(MINUTE)
    found = sum_up(open_store(), clock.utc - timedelta(hours=1), clock.utc)["demo"]
    assert found.events == 2
    assert found.wh is not None
    assert found.per_event_wh == pytest.approx(found.wh / 2)


def test_a_time_that_is_over_is_cut_at_both_ends(open_store: OpenStore, clock: FakeClock) -> None:
    camera = open_store("camera")
    began = clock.utc
    for _ in range(120):
        state(camera, CameraMode.LISTEN, 2.0)
        clock.advance(MINUTE)
    since = began + timedelta(minutes=30.5)
    found = sum_up(open_store(), since, since + timedelta(minutes=10))["demo"]
    assert found.camera.known_s == pytest.approx(600)
    assert found.wh == pytest.approx(2.0 / 6)


@pytest.mark.parametrize("reboots", [False, True])
def test_a_clock_that_is_set_back_an_hour_doubles_no_power(
    open_store: OpenStore, clock: FakeClock, *, reboots: bool
) -> None:
    """Each minute of the last hour was there twice by the wall clock."""
    camera, inference = open_store("camera"), open_store("inference")
    for minute in range(121):
        if minute == 60:
            clock.set_wall_clock(clock.utc - timedelta(hours=1))
            if reboots:
                clock.reboot(down_s=0)
        state(camera, power_w=3.0 if minute < 60 else 2.0)
        looks(inference)
        clock.advance(MINUTE)
    hour = hour_of(open_store())
    assert hour.camera.mean_w == pytest.approx(2.0)
    assert hour.inference.mean_w == pytest.approx(1.2, abs=0.02)
    assert hour.wh == pytest.approx(3.2, abs=0.04)


def test_of_the_time_before_a_clock_was_set_back_no_minute_counts_twice(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera = open_store("camera")
    for minute in range(90):
        if minute == 60:
            clock.set_wall_clock(clock.utc - timedelta(hours=1))
        state(camera, power_w=3.0)
        clock.advance(MINUTE)
    hour = hour_of(open_store()).camera
    assert hour.mean_w == pytest.approx(3.0)
    assert 1800 <= hour.known_s <= 3601


def test_many_rows_of_many_cameras_are_read_page_by_page(
    open_store: OpenStore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.store.pages.BACK_ROWS", 7)
    camera = open_store("camera")
    for _ in range(61):
        for number in range(3):
            state(camera, CameraMode.LISTEN, 1.0 + number, name=f"camera-{number}")
        clock.advance(MINUTE)
    hour = sum_up_last_hour(open_store())
    assert [one.camera.wh for one in hour.values()] == pytest.approx([1.0, 2.0, 3.0])


def test_a_camera_and_inference_are_counted_once_each_in_what_the_unit_draws(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera, inference = open_store("camera"), open_store("inference")
    for name in ("front", "back"):
        state(camera, name=name, measured=name == "front")
        looks(inference, 0.6, name)
    run(inference, 1.2)
    loads = read_loads(open_store(), ("front", "back"))
    assert [(load.name, load.power_w, load.measured) for load in loads] == [
        ("camera front", 3.0, True),
        ("camera back", 3.0, False),
        ("inference", 1.2, False),
    ]


def test_a_camera_that_fell_silent_costs_an_unknown_amount(
    open_store: OpenStore, clock: FakeClock
) -> None:
    state(open_store("camera"))
    clock.advance(181)
    assert read_power(open_store(), "demo").camera_w is None
    assert hour_of(open_store()).camera.wh is None, "one row alone tells of no time"
