"""The first record of the unit's time is not made by a wall clock that nobody has confirmed."""

from datetime import timedelta

import pytest

from appliance.errors import CameraError
from appliance.model import PowerReading
from appliance.store.retention import retain, take_turn
from appliance.store.store import Store
from appliance.store.trusted_time import FIRST_TIME
from appliance.store.unit_time import record_time
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

AHEAD = timedelta(days=730)
HOUR_S = 3600.0
UPGRADE = ("DELETE FROM unit_time", "DELETE FROM boot")
UNREADABLE = ("UPDATE unit_time SET epoch = 'never'",)
NONE_OF_THEM: tuple[str, ...] = ()


@pytest.fixture
def power(open_store: OpenStore, clock: FakeClock) -> Store:
    """A unit that has worked for ten days, with a time server."""
    store, clock.synchronized = open_store("power"), True
    for hour in range(24 * 10):
        store.add(filled.reading(clock.stamp()))
        clock.advance(HOUR_S)
        if hour % 12 == 0:
            retain(store)
    retain(store)
    clock.synchronized = False
    return store


def count_means(store: Store) -> int:
    return int(store.query("SELECT count(*) FROM power_reading_mean WHERE step_s = 300")[0][0])


@pytest.mark.parametrize("damage", [UPGRADE, UNREADABLE, NONE_OF_THEM])
@pytest.mark.parametrize("polled_first", [True, False])
def test_one_boot_two_years_ahead_without_a_record_deletes_no_means(
    power: Store, clock: FakeClock, damage: tuple[str, ...], polled_first: bool
) -> None:
    before, right = count_means(power), clock.utc
    with power.housekeeping() as execute:
        for sql in damage:
            execute(sql, ())
    clock.set_wall_clock(right + AHEAD)
    clock.reboot()
    if polled_first:  # the power service stores readings before anybody tidies up
        power.add(filled.reading(clock.stamp()))
    take_turn(power)
    assert record_time(power).trusted_utc < right + timedelta(days=1)
    clock.set_wall_clock(right)
    clock.advance(HOUR_S)
    take_turn(power)
    assert count_means(power) >= before


def test_a_fresh_unit_begins_at_the_first_hour_that_may_be_right(
    open_store: OpenStore, clock: FakeClock
) -> None:
    store = open_store("power")
    clock.set_wall_clock(clock.utc + AHEAD)
    store.add(filled.reading(clock.stamp()))
    assert record_time(store).trusted_utc == FIRST_TIME
    clock.advance(HOUR_S)
    assert record_time(store).trusted_utc == FIRST_TIME + timedelta(hours=1)
    clock.synchronized = True
    assert record_time(store).trusted_utc == clock.utc, "a time server is believed"


def test_readings_of_a_dead_clock_begin_no_epoch_before_this_software_was_written(
    open_store: OpenStore, clock: FakeClock
) -> None:
    store = open_store("power")
    clock.set_wall_clock(FIRST_TIME - timedelta(days=20_000))
    store.add(filled.reading(clock.stamp()))
    clock.reboot()
    clock.set_wall_clock(FIRST_TIME + AHEAD)
    assert record_time(store).trusted_utc == FIRST_TIME
    assert len(store.rows(PowerReading)) == 1


def test_a_clock_ahead_deletes_no_means(power: Store, clock: FakeClock) -> None:
    before = count_means(power)
    clock.set_wall_clock(clock.utc + AHEAD)
    retain(power)
    assert count_means(power) >= before > 0


def test_a_clock_ahead_deletes_no_old_fault_that_was_over_only_yesterday(
    power: Store, clock: FakeClock
) -> None:
    power.raise_fault("power", CameraError("gone for more than a year"))
    clock.advance(400 * 24 * HOUR_S)
    power.clear_faults("power")
    clock.advance(24 * HOUR_S)
    retain(power)
    clock.set_wall_clock(clock.utc + AHEAD)
    retain(power)
    assert len(power.query("SELECT 1 FROM fault")) == 1


def test_a_clock_ahead_makes_no_mean_of_a_step_that_has_only_begun(
    power: Store, clock: FakeClock
) -> None:
    retain(power)
    power.add(filled.reading(clock.stamp()))
    before, right = count_means(power), clock.utc
    clock.set_wall_clock(right + AHEAD)
    retain(power)
    assert count_means(power) == before, "a step of this minute may still get rows"
