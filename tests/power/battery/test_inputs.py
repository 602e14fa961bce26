"""Which values of a reading the estimator uses: none that are frozen, torn, or a 0 for absent."""

from dataclasses import replace

import pytest

from appliance.model import ChargeStage
from power.battery import estimator
from power.battery.estimate import (
    Estimate,
    find_plausible_current_a,
)
from power.battery.estimator import update
from power.battery.synchronise import SYNCHRONISED_FULL
from tests.power.battery.estimates import PACK, after, make_estimate, night
from tests.stand_ins.fakes import FakeClock


@pytest.mark.parametrize(("sun_w", "amps"), [(300.0, 20.0), (0.0, -4.0)])
def test_values_that_stand_still_are_no_longer_counted_and_synchronise_nothing(
    clock: FakeClock, sun_w: float, amps: float
) -> None:
    estimate: Estimate | None = make_estimate(clock, 50, 2)
    for _ in range(24):
        clock.advance(300)
        stuck = night(clock, volts=13.3, amps=amps, pv_power_w=sun_w, load_power_w=40.0)
        estimate = update(estimate, stuck, PACK)
    assert estimate is not None
    counted_s = 7200 - (clock.uptime_s - estimate.counted_at.uptime_s)
    assert counted_s <= 2100
    state = estimator.report_state(estimate, None, PACK, clock.stamp())
    assert state.sigma_pct is not None
    assert state.sigma_pct > estimate.sigma_pct + 0.3
    assert state.state_of_charge_pct is not None
    assert state.state_of_charge_pct < estimate.charge_pct  # the load goes on, the sun is not known


def test_a_floating_charger_that_stands_still_at_some_current_is_not_taken_for_full(
    clock: FakeClock,
) -> None:
    estimate: Estimate | None = make_estimate(clock, 70, 2)
    for _ in range(24):
        clock.advance(300)
        floating = {"charge_stage": ChargeStage.FLOAT, "pv_power_w": 60.0, "load_power_w": 40.0}
        estimate = update(estimate, night(clock, volts=13.6, amps=0.9, **floating), PACK)
    assert estimate is not None
    assert estimate.method != SYNCHRONISED_FULL


def test_a_torn_current_is_not_counted_and_a_real_jump_is(clock: FakeClock) -> None:
    """120 A at 300 s would be 5 %. A real one moves the voltage, or is said again."""
    start = after(make_estimate(clock, 50, 2), clock, 0.5, load_power_w=None)
    clock.advance(300)
    torn = update(start, night(clock, amps=120.0, load_power_w=None), PACK)
    torn = after(torn, clock, 0.5, load_power_w=None)
    assert torn.charge_pct == pytest.approx(start.charge_pct, abs=1)
    real = after(start, clock, 0.5, amps=60.0, volts=14.3, load_power_w=None)
    assert real.charge_pct > start.charge_pct + 10
    silent = after(start, clock, 0.5, amps=60.0, load_power_w=None)
    assert silent.charge_pct > start.charge_pct + 10


def test_a_torn_current_that_sun_and_load_contradict_is_not_counted(clock: FakeClock) -> None:
    start = after(make_estimate(clock, 50, 2), clock, 0.5)
    clock.advance(300)
    torn = update(start, night(clock, volts=14.3, amps=120.0), PACK)
    assert torn is not None
    assert torn.counted_at == start.counted_at


def test_a_zero_current_beside_sun_or_load_is_replaced_by_what_they_leave(
    clock: FakeClock,
) -> None:
    small = after(make_estimate(clock, 50, 2), clock, 2, amps=0.0005, load_power_w=130.0)
    assert small.charge_pct == pytest.approx(50, abs=0.1)  # 0.001 A is a measurement
    estimate: Estimate | None = make_estimate(clock, 50, 2)
    for _ in range(24):
        clock.advance(300)
        estimate = update(estimate, night(clock, amps=0.0, load_power_w=130.0), PACK)
    assert estimate is not None
    assert estimate.charge_pct == pytest.approx(50 - 10, abs=1)  # 10 A of 200 Ah for 2 h


def test_a_zero_current_beside_a_small_load_stays_zero(clock: FakeClock) -> None:
    estimate: Estimate | None = replace(make_estimate(clock, 50, 2), current_a=0.0)
    for _ in range(10):
        clock.advance(300)
        estimate = update(estimate, night(clock, amps=0.0, load_power_w=8.0), PACK)
    assert estimate is not None
    assert estimate.charge_pct == 50


def test_zero_beside_an_absent_voltage_is_no_current(clock: FakeClock) -> None:
    assert find_plausible_current_a(night(clock, volts=0.0, amps=0.0), PACK) is None
    assert find_plausible_current_a(night(clock, volts=13.0, amps=0.0), PACK) == 0


@pytest.mark.parametrize(("sign", "is_turned"), [(1.0, False), (-1.0, True)])
def test_a_current_that_is_the_mirror_image_of_sun_less_load_is_counted_the_other_way(
    clock: FakeClock, sign: float, is_turned: bool
) -> None:
    estimate = after(make_estimate(clock, 80.0, 3.0), clock, 3, amps=-2.0 * sign)
    assert estimate.inputs.is_turned is is_turned
    assert estimate.charge_pct < 80


def test_a_load_that_its_meter_does_not_see_is_no_wrong_sign(clock: FakeClock) -> None:
    estimate = after(make_estimate(clock, 80.0, 3.0), clock, 5, amps=-8.0)
    assert not estimate.inputs.is_turned
    assert estimate.charge_pct == pytest.approx(60, abs=0.5)
