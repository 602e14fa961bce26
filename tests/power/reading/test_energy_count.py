"""Energy that only rises: counted between readings, never over a gap, and held against a sum."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import EnergyTotal, PowerReading, Quality
from power.reading.energy_count import MOST_APART_S, EnergyCount
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

HOUR_S = 3600


def read_at(clock: FakeClock, **values: object) -> PowerReading:
    own: dict[str, object] = {
        "pv_power_w": 100.0,
        "battery_voltage_v": 50.0,
        "battery_current_a": 1.0,
    }
    own |= {"load_power_w": 40.0, "quality": {}} | values
    return replace(filled.reading(clock.stamp()), **own)  # type: ignore[arg-type]


def count_wh(count: EnergyCount, clock: FakeClock) -> dict[str, float]:
    return {one.meter: one.energy_wh for one in count.list_totals(clock.stamp())}


def test_an_hour_of_steady_power_is_its_energy(clock: FakeClock) -> None:
    count = EnergyCount()
    for _ in range(361):
        count.add(read_at(clock))
        clock.advance(10)
    found = count_wh(count, clock)
    assert found == pytest.approx(
        {"sun": 100.0, "battery-in": 50.0, "battery-out": 0.0, "load": 40.0}
    )


def test_a_battery_that_gives_counts_as_out_alone(clock: FakeClock) -> None:
    count = EnergyCount()
    for _ in range(361):
        count.add(read_at(clock, battery_current_a=-2.0))
        clock.advance(10)
    found = count_wh(count, clock)
    assert found["battery-in"] == 0.0
    assert found["battery-out"] == pytest.approx(100.0)


@pytest.mark.parametrize("gap_s", [MOST_APART_S + 1, 600, 14 * HOUR_S])
def test_over_a_gap_nothing_is_counted(clock: FakeClock, gap_s: float) -> None:
    count = EnergyCount()
    count.add(read_at(clock))
    clock.advance(gap_s)
    count.add(read_at(clock))
    assert set(count_wh(count, clock).values()) == {0.0}
    clock.advance(36)
    count.add(read_at(clock))
    assert count_wh(count, clock)["sun"] == pytest.approx(1.0)


def test_between_two_boots_nothing_is_counted(clock: FakeClock) -> None:
    count = EnergyCount()
    count.add(read_at(clock))
    clock.reboot(down_s=20)
    count.add(read_at(clock))
    assert count_wh(count, clock)["sun"] == 0.0


def test_what_is_unknown_once_is_not_counted_and_the_others_are(clock: FakeClock) -> None:
    count = EnergyCount()
    for pv_w in (100.0, None, 100.0):
        count.add(read_at(clock, pv_power_w=pv_w))
        clock.advance(36)
    stale = {"battery_current_a": Quality.STALE}
    count.add(read_at(clock, quality=stale))
    found = count_wh(count, clock)
    assert found["sun"] == pytest.approx(1.0), "between the last two readings"
    assert found["load"] == pytest.approx(1.2)
    assert found["battery-in"] == pytest.approx(1.0)


def test_what_was_stored_is_gone_on_from_also_where_it_comes_late(clock: FakeClock) -> None:
    count = EnergyCount()
    count.add(read_at(clock))
    clock.advance(36)
    count.add(read_at(clock))
    damaged = [EnergyTotal(clock.stamp(), "load", wh) for wh in (-5.0, math.inf, 1e12)]
    count.resume([EnergyTotal(clock.stamp(), "sun", 7000.0), *damaged])
    assert count_wh(count, clock)["sun"] == pytest.approx(7001.0)
    assert count_wh(count, clock)["load"] == pytest.approx(0.4)


NUMBERS = st.none() | st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(st.floats(0, 5000), NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=20))
def test_whatever_is_read_no_count_falls_and_none_is_endless(
    readings: list[tuple[float, float | None, float | None, float | None, float | None]],
) -> None:
    clock, count = FakeClock(), EnergyCount()
    before: dict[str, float] = {}
    for apart_s, pv_w, volts, amps, load_w in readings:
        clock.advance(apart_s)
        count.add(
            read_at(
                clock,
                pv_power_w=pv_w,
                battery_voltage_v=volts,
                battery_current_a=amps,
                load_power_w=load_w,
            )
        )
        after = count_wh(count, clock)
        assert all(math.isfinite(wh) and wh >= before.get(name, 0.0) for name, wh in after.items())
        before = after
