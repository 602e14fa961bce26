"""Pause, mute and off of cameras: which order holds, and when it ends, by the unit's own time."""

from datetime import timedelta

import pytest

from appliance.model_cameras import CameraHold, HoldKind
from appliance.store.camera_holds import (
    ALL,
    HoldReader,
    Order,
    add_holds,
    find_holds_at,
    make_hold,
)
from appliance.store.store import Store
from appliance.store.unit_time import record_time
from appliance.strict_json import InputError
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock

HOUR = timedelta(hours=1)
PAUSE, MUTE, OFF = HoldKind.PAUSE, HoldKind.MUTE, HoldKind.OFF


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store("camera")


def order(
    store: Store, camera: str, kind: HoldKind = PAUSE, hours: float | None = None
) -> CameraHold:
    """An order of anna's, for some hours or until further notice."""
    span = None if hours is None else hours * HOUR
    row = make_hold(camera, kind, Order(who="anna", via="unitctl", span=span), store.clock.stamp())
    add_holds(store, row)
    return row


def end(store: Store, camera: str, kind: HoldKind = PAUSE) -> None:
    own = Order(who="anna", via="unitctl")
    add_holds(store, make_hold(camera, kind, own, store.clock.stamp(), holds=False))


def list_held(store: Store, camera: str) -> list[HoldKind]:
    return list(HoldReader(store).find(camera))


def test_a_hold_ends_by_itself_after_its_time(store: Store, clock: FakeClock) -> None:
    order(store, "gate", hours=2)
    reader = HoldReader(store)
    clock.advance(7190)
    assert list(reader.find("gate")) == [PAUSE]
    assert list(reader.find("yard")) == []
    clock.advance(11)
    assert list(reader.find("gate")) == []


def test_an_order_is_seen_at_once_by_a_loop_that_has_read_before(
    store: Store, clock: FakeClock
) -> None:
    reader = HoldReader(store)
    assert reader.find("gate") == {}
    order(store, "gate", OFF)
    assert list(reader.find("gate")) == [OFF]
    end(store, "gate", OFF)
    assert reader.find("gate") == {}


@pytest.mark.parametrize("days", [-400, 400])
def test_a_wall_clock_that_nobody_confirmed_neither_ends_nor_prolongs_a_hold(
    store: Store, clock: FakeClock, days: int
) -> None:
    order(store, "gate", hours=2)
    clock.set_wall_clock(clock.utc + timedelta(days=days))
    clock.advance(3600)
    assert list_held(store, "gate") == [PAUSE]
    clock.advance(3601)
    assert list_held(store, "gate") == []


def test_a_hold_survives_a_restart_and_a_night_without_power_counts(
    store: Store, clock: FakeClock
) -> None:
    clock.advance(86_400)
    order(store, "gate", hours=10)
    clock.reboot(down_s=6 * 3600)
    assert list_held(store, "gate") == [PAUSE]
    clock.advance(4 * 3600)
    assert list_held(store, "gate") == []


def test_a_clock_that_leaps_over_a_restart_ends_nothing(store: Store, clock: FakeClock) -> None:
    order(store, "gate", hours=10)
    clock.reboot(down_s=300 * 86_400)
    assert list_held(store, "gate") == [PAUSE], "nobody can tell how long it was off"
    clock.advance(10 * 3600)
    assert list_held(store, "gate") == [], "the time that surely passed is enough in the end"


def test_a_boot_that_is_not_recorded_prolongs_a_hold_by_no_more_than_its_time(
    store: Store, clock: FakeClock
) -> None:
    store.add(
        make_hold("gate", PAUSE, Order(who="anna", via="", span=2 * HOUR), store.clock.stamp())
    )
    clock.reboot()
    record_time(store)
    assert list_held(store, "gate") == [PAUSE]
    clock.advance(7200)
    assert list_held(store, "gate") == []


def test_a_named_moment_is_that_of_a_right_clock(store: Store, clock: FakeClock) -> None:
    until = clock.utc + 3 * HOUR
    row = make_hold("gate", OFF, Order(who="anna", via="unitctl", until=until), clock.stamp())
    add_holds(store, row)
    clock.set_wall_clock(clock.utc - 3 * HOUR)  # it was three hours ahead, as a server says now
    clock.synchronized = True
    clock.advance(4 * 3600)
    assert list_held(store, "gate") == [OFF], "it is one hour past the start on the right clock"
    clock.advance(2 * 3600)
    assert list_held(store, "gate") == []


@pytest.mark.parametrize("days", [-3000, -2, 2, 3000])
def test_a_time_of_day_that_was_named_on_a_wrong_date_is_the_next_one_all_the_same(
    store: Store, clock: FakeClock, days: int
) -> None:
    right = clock.utc
    clock.set_wall_clock(right + timedelta(days=days))
    until = clock.utc + 3 * HOUR
    order = Order(who="anna", via="unitctl", until=until)
    add_holds(store, make_hold("gate", OFF, order, clock.stamp()))
    clock.set_wall_clock(right)
    clock.synchronized = True
    clock.advance(2 * 3600)
    assert list_held(store, "gate") == [OFF]
    clock.advance(2 * 3600)
    assert list_held(store, "gate") == []


def test_a_date_that_was_named_by_a_wrong_clock_is_that_date(
    store: Store, clock: FakeClock
) -> None:
    right = clock.utc
    clock.set_wall_clock(right - timedelta(days=3000))
    order = Order(who="anna", via="unitctl", until=right + 3 * HOUR)
    add_holds(store, make_hold("gate", OFF, order, clock.stamp()))
    clock.set_wall_clock(right)
    clock.synchronized = True
    clock.advance(2 * 3600)
    assert list_held(store, "gate") == [OFF]
    clock.advance(2 * 3600)
    assert list_held(store, "gate") == []


def test_an_order_for_all_cameras_leaves_the_one_for_a_camera_as_it_was(
    store: Store, clock: FakeClock
) -> None:
    order(store, "gate")
    order(store, ALL, hours=1)
    assert (list_held(store, "gate"), list_held(store, "yard")) == ([PAUSE], [PAUSE])
    clock.advance(3601)
    assert (list_held(store, "gate"), list_held(store, "yard")) == ([PAUSE], [])


def test_one_camera_is_resumed_while_the_others_stay_paused(store: Store) -> None:
    order(store, ALL)
    end(store, "gate")
    assert (list_held(store, "gate"), list_held(store, "yard")) == ([], [PAUSE])
    end(store, ALL)
    assert list_held(store, "yard") == []


def test_until_further_notice_ends_by_no_number_of_other_orders(
    store: Store, clock: FakeClock
) -> None:
    order(store, "gate", OFF)
    order(store, ALL, PAUSE)
    before = clock.utc
    clock.advance(10)
    store.add(*(make_hold("yard", MUTE, Order(who="hub", via=""), store.clock.stamp()),) * 600)
    assert list_held(store, "gate") == [OFF, PAUSE]
    end(store, "gate", OFF)
    store.add(*(make_hold("yard", MUTE, Order(who="hub", via=""), store.clock.stamp()),) * 600)
    assert list_held(store, "gate") == [PAUSE]
    assert [one.kind for one in find_holds_at(store, "gate", before)] == [OFF, PAUSE]


def test_kinds_stand_side_by_side(store: Store) -> None:
    order(store, "gate", MUTE)
    order(store, "gate", OFF)
    end(store, "gate", OFF)
    assert list_held(store, "gate") == [MUTE]


def test_a_later_order_takes_the_place_of_the_one_before(store: Store, clock: FakeClock) -> None:
    order(store, "gate", hours=24)
    order(store, "gate", hours=1)
    clock.advance(3601)
    assert list_held(store, "gate") == []


def test_an_end_that_is_over_is_refused(clock: FakeClock) -> None:
    late = Order(who="anna", via="unitctl", until=clock.utc)
    with pytest.raises(InputError, match="over already"):
        make_hold("gate", PAUSE, late, clock.stamp())


@pytest.mark.parametrize("years", [101, 900])
def test_an_end_that_no_row_can_hold_is_refused(clock: FakeClock, years: int) -> None:
    until = clock.utc + timedelta(days=366 * years)
    with pytest.raises(InputError, match="until further notice"):
        make_hold("gate", OFF, Order(who="anna", via="", until=until), clock.stamp())


def test_what_held_at_a_moment_of_the_past_is_found(store: Store, clock: FakeClock) -> None:
    began = clock.utc
    order(store, "gate", hours=1)
    clock.advance(86_400)
    assert [one.kind for one in find_holds_at(store, "gate", began + HOUR / 2)] == [PAUSE]
    assert find_holds_at(store, "gate", began + 2 * HOUR) == []
    assert find_holds_at(store, "gate", began - HOUR) == []
