"""What cameras use in all: counted from rows, once each, over restarts, and never down."""

from datetime import timedelta
from itertools import pairwise

import pytest

from appliance.model_cameras import CameraMode, CameraState
from appliance.mqtt.camera_energy import CameraEnergyCounter
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock

POWER_W = 6.0


def run(open_store: OpenStore, clock: FakeClock, minutes: int) -> None:
    """A camera that reports each minute."""
    camera = open_store("camera")
    for _ in range(minutes):
        clock.advance(60)
        state = CameraState(clock.stamp(), "demo", CameraMode.LISTEN, POWER_W, 0, 0, "SENTINEL")
        camera.add(state)


def test_an_hour_of_a_camera_is_its_power_and_no_more_after_restarts(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    counter = CameraEnergyCounter(open_store("mqtt"), settings)
    seen = []
    for _ in range(16):
        run(open_store, clock, 4)
        counter.follow()
        seen.append(counter.energy_wh.get("demo", 0.0))
        counter = CameraEnergyCounter(open_store("mqtt"), settings)  # killed and started again
    assert all(after >= before - 1e-6 for before, after in pairwise(seen)), "stored to 1e-6 Wh"
    assert seen[-1] == pytest.approx(POWER_W, rel=0.12), "an hour, less what is not counted yet"


def test_what_came_while_the_service_was_away_is_counted_and_a_gap_is_not(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    counter = CameraEnergyCounter(open_store("mqtt"), settings)
    run(open_store, clock, 10)
    counter.follow()
    run(open_store, clock, 60)
    clock.advance(8 * 3600)  # nobody reports
    run(open_store, clock, 60)
    for _ in range(20):
        counter.follow()
    assert counter.energy_wh["demo"] == pytest.approx(2 * POWER_W, rel=0.15)


def test_a_clock_that_goes_back_takes_nothing_away(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    counter = CameraEnergyCounter(open_store("mqtt"), settings)
    run(open_store, clock, 30)
    counter.follow()
    before = counter.energy_wh["demo"]
    clock.set_wall_clock(clock.stamp().utc - timedelta(hours=2))
    run(open_store, clock, 30)
    counter.follow()
    counter.follow()
    assert counter.energy_wh["demo"] >= before


def test_a_clock_that_was_a_year_ahead_for_a_while_keeps_nothing_from_being_counted(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    counter = CameraEnergyCounter(open_store("mqtt"), settings)
    run(open_store, clock, 30)
    counter.follow()
    for ahead in (timedelta(days=365), -timedelta(days=365)):
        clock.set_wall_clock(clock.stamp().utc + ahead)
        run(open_store, clock, 30)
        counter.follow()
    counter = CameraEnergyCounter(open_store("mqtt"), settings)
    before = counter.energy_wh.get("demo", 0.0)
    for _ in range(30):
        run(open_store, clock, 4)
        counter.follow()
    assert counter.energy_wh["demo"] - before > POWER_W, "two hours were watched"
    assert counter.energy_wh["demo"] < 4.5 * POWER_W, "and nothing counts twice"


def test_a_clock_that_goes_back_by_a_day_and_comes_again_counts_nothing_twice(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    counter = CameraEnergyCounter(open_store("mqtt"), settings)
    for _ in range(13):
        run(open_store, clock, 20)
        counter.follow()
    clock.set_wall_clock(clock.stamp().utc - timedelta(hours=4))
    for _ in range(30):
        run(open_store, clock, 20)
        counter.follow()
    assert counter.energy_wh["demo"] <= 14.5 * POWER_W, "it was watched for 14 h 20 min"
