"""After wrong tries the next one waits: longer each time, over reboots and jumps of the clock."""

from datetime import UTC, datetime

import pytest

from appliance.access.waits import Attempts, Limit, carry_over, count_wrong, measure_wait_s
from tests.stand_ins.fakes import FakeClock

LIMIT = Limit(5, 30, 900)


def try_wrong(clock: FakeClock, times: int, found: Attempts | None = None) -> Attempts:
    for _ in range(times):
        found = count_wrong(found, clock.stamp(), LIMIT)
    assert found is not None
    return found


def test_four_wrong_tries_cost_no_wait_and_the_fifth_half_a_minute(clock: FakeClock) -> None:
    assert measure_wait_s(None, clock.stamp(), LIMIT) == 0
    assert measure_wait_s(try_wrong(clock, 4), clock.stamp(), LIMIT) == 0
    assert measure_wait_s(try_wrong(clock, 5), clock.stamp(), LIMIT) == 30


def test_each_further_one_doubles_the_wait_up_to_the_limit(clock: FakeClock) -> None:
    waits = [measure_wait_s(try_wrong(clock, n), clock.stamp(), LIMIT) for n in (6, 7, 10, 500)]
    assert waits == [60, 120, 900, 900]


def test_the_wait_passes_with_the_time(clock: FakeClock) -> None:
    found = try_wrong(clock, 5)
    clock.advance(29)
    assert measure_wait_s(found, clock.stamp(), LIMIT) == pytest.approx(1)
    clock.advance(2)
    assert measure_wait_s(found, clock.stamp(), LIMIT) == 0


@pytest.mark.parametrize("year", [1970, 2020, 2100, 2190])
def test_a_wall_clock_that_jumps_neither_ends_nor_prolongs_it(clock: FakeClock, year: int) -> None:
    found = try_wrong(clock, 5)
    clock.set_wall_clock(datetime(year, 1, 1, tzinfo=UTC))
    assert measure_wait_s(found, clock.stamp(), LIMIT) == 30
    clock.advance(31)
    assert measure_wait_s(found, clock.stamp(), LIMIT) == 0


@pytest.mark.parametrize("year", [1970, 2100])
def test_a_reboot_does_not_shorten_it_and_it_ends_all_the_same(clock: FakeClock, year: int) -> None:
    found = try_wrong(clock, 10)
    clock.reboot()
    clock.set_wall_clock(datetime(year, 1, 1, tzinfo=UTC))
    assert measure_wait_s(found, clock.stamp(), LIMIT) == 900 - clock.uptime_s
    clock.advance(900)
    assert measure_wait_s(found, clock.stamp(), LIMIT) == 0


def test_boots_that_are_shorter_than_the_wait_end_it_together(clock: FakeClock) -> None:
    found = try_wrong(clock, 10)
    boots = 0
    while measure_wait_s(found, clock.stamp(), LIMIT):
        clock.reboot()
        clock.advance(300)
        found = carry_over(found, clock.stamp(), LIMIT)
        boots += 1
    assert boots == 3


def test_wrong_tries_of_the_day_before_are_forgotten(clock: FakeClock) -> None:
    found = try_wrong(clock, 4)
    clock.advance(25 * 3600)
    assert try_wrong(clock, 1, found).failures == 1


def test_wrong_tries_are_not_forgotten_by_a_reboot(clock: FakeClock) -> None:
    found = try_wrong(clock, 4)
    clock.reboot(down_s=30 * 86_400)
    assert measure_wait_s(try_wrong(clock, 1, found), clock.stamp(), LIMIT) == 30


@pytest.mark.parametrize("wait_s", [1e300, float("inf"), -5.0])
def test_a_damaged_wait_lasts_no_longer_than_the_limit(clock: FakeClock, wait_s: float) -> None:
    found = Attempts(10**9, wait_s, clock.stamp())
    assert 0 <= measure_wait_s(found, clock.stamp(), LIMIT) <= 900
    assert measure_wait_s(try_wrong(clock, 1, found), clock.stamp(), LIMIT) == 900


def test_an_uptime_of_the_future_counts_as_no_time_passed(clock: FakeClock) -> None:
    found = try_wrong(clock, 5)
    clock.uptime_s -= 500
    assert measure_wait_s(found, clock.stamp(), LIMIT) == 30
