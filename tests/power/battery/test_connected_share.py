"""The charge while a pack is away: what the others have, and the whole when it is back."""

from dataclasses import replace

import pytest

from appliance.model import ChargeStage, PowerReading
from appliance.settings import BatterySettings
from power.battery import estimator
from power.battery.estimate import CountCapacity, Estimate
from tests.scenes.readings import charger_reading
from tests.stand_ins.fakes import FakeClock

BATTERY = BatterySettings(capacity_wh=2560.0)  # 200 Ah: two packs of 100


def reading(clock: FakeClock, amps: float, share: float | None) -> PowerReading:
    return charger_reading(
        clock,
        battery_voltage_v=13.1,
        battery_current_a=amps,
        pv_power_w=0.0,
        load_power_w=None,
        charge_stage=None,
        battery_temperature_c=20.0,
        discharge_share=share,
    )


def draw(
    clock: FakeClock, estimate: Estimate, hours: float, amps: float, share: float | None
) -> Estimate:
    for step in range(round(hours * 60)):
        clock.advance(60)
        seen = reading(clock, amps + step % 3 / 100, share)
        after = estimator.update(estimate, seen, BATTERY)
        assert after is not None
        estimate = after
    return estimate


def begin(clock: FakeClock) -> Estimate:
    known = CountCapacity(1.0, 0.02)
    return Estimate(clock.stamp(), charge_pct=60.0, sigma_pct=3.0, method="counted", capacity=known)


def test_the_pack_that_is_left_is_emptied_twice_as_fast(clock: FakeClock) -> None:
    after = draw(clock, begin(clock), 2, -10.0, 0.5)
    assert after.charge_pct == pytest.approx(40, abs=1.0)
    state = estimator.report_state(after, None, BATTERY, clock.stamp())
    assert state.capacity_wh == 1280
    assert state.energy_wh == pytest.approx(0.4 * 1280, rel=0.1)


def test_the_whole_is_right_again_when_the_pack_is_back(clock: FakeClock) -> None:
    away = draw(clock, begin(clock), 2, -10.0, 0.5)
    back = draw(clock, away, 0.1, -10.0, 1.0)
    assert back.charge_pct == pytest.approx(49.5, abs=1.0)
    assert estimator.report_state(back, None, BATTERY, clock.stamp()).capacity_wh == 2560


def test_packs_that_leave_one_after_the_other_take_their_own_charge_along(
    clock: FakeClock,
) -> None:
    estimate = draw(clock, begin(clock), 1, -10.0, 0.5)  # 50 % are left in half of it
    estimate = draw(clock, estimate, 1, -5.0, 0.25)  # 40 % in a quarter
    assert estimate.charge_pct == pytest.approx(40, abs=1.5)
    back = draw(clock, estimate, 1 / 60, 0.0, 1.0)
    assert back.charge_pct == pytest.approx(0.25 * 40 + 0.25 * 50 + 0.5 * 60, abs=1.5)


@pytest.mark.parametrize("share", [None, 0.0])
def test_an_unknown_share_or_none_changes_nothing(clock: FakeClock, share: float | None) -> None:
    away = draw(clock, begin(clock), 1, -10.0, 0.5)
    assert draw(clock, away, 0.1, -10.0, share).share == 0.5


def test_the_others_are_known_less_surely(clock: FakeClock) -> None:
    alone = draw(clock, begin(clock), 0.1, -10.0, 0.5)
    assert alone.sigma_pct > 10


def test_a_pack_that_returns_after_the_others_were_full_is_not_known_surely(
    clock: FakeClock,
) -> None:
    """It left empty, and the other one had nearly all: with that one full, both have 52 %."""
    away = draw(clock, begin(clock), 0.5, -10.0, 0.5)
    for step in range(60):
        clock.advance(60)
        full = replace(
            reading(clock, 0.5 + step % 3 / 100, 0.5),
            battery_voltage_v=14.2,
            charge_stage=ChargeStage.ABSORPTION,
            pv_power_w=10.0,
        )
        away = estimator.update(away, full, BATTERY) or away
    assert (away.charge_pct, away.sigma_pct) == (100, 1)
    back = draw(clock, away, 0.1, -10.0, 1.0)
    assert back.charge_pct - 2 * back.sigma_pct < 52


def test_a_pack_that_comes_and_goes_makes_no_count_uncertain(clock: FakeClock) -> None:
    estimate = begin(clock)
    for number in range(100):
        amps = -10 - number % 3 / 100
        estimate = draw(clock, estimate, 1 / 60, amps, 0.5)
        estimate = draw(clock, estimate, 1 / 60, amps, 1.0)
    assert estimate.sigma_pct < 5
    assert estimate.charge_pct == pytest.approx(60 - 10 * 200 / 60 / 2, abs=1.0)
