"""The capacity that the count takes for 100 %: doubted until it is learned, then used."""

from dataclasses import replace

import pytest

from power.battery.ageing import AgeCounter
from power.battery.capacity import Capacity
from power.battery.estimate import UNKNOWN_CAPACITY, Estimate
from power.battery.estimator import report_state, restore, update
from tests.power.battery.estimates import PACK, after, make_estimate, night
from tests.stand_ins.fakes import FakeClock


def full(clock: FakeClock) -> Estimate:
    """A full battery whose capacity nothing has shown."""
    return replace(make_estimate(clock, 100.0, 1.0), capacity=UNKNOWN_CAPACITY)


def test_a_discharge_is_as_uncertain_as_a_battery_of_60_percent_of_its_capacity_needs(
    clock: FakeClock,
) -> None:
    drawn = after(full(clock), clock, 8, volts=13.1, amps=-10.0)  # 40 % of 200, 67 % of 120 Ah
    assert drawn.charge_pct - 2 * drawn.sigma_pct < 34


def test_what_is_charged_again_is_certain_again(clock: FakeClock) -> None:
    drawn = after(full(clock), clock, 8, volts=13.1, amps=-10.0)
    back = after(drawn, clock, 7.6, volts=13.4, amps=10.0)
    assert back.sigma_pct < drawn.sigma_pct / 2


def test_a_known_capacity_makes_no_discharge_uncertain(clock: FakeClock) -> None:
    drawn = after(make_estimate(clock, 100.0, 1.0), clock, 8, volts=13.1, amps=-10.0)
    assert drawn.sigma_pct < 3


def test_a_learned_capacity_is_counted_with_and_is_what_can_be_drawn(clock: FakeClock) -> None:
    estimate, learned = full(clock), Capacity(140.0, 5.0)
    for step in range(600):
        clock.advance(60)
        reading = night(clock, 13.2, -7.0 + 0.001 * (step % 2))
        estimate = update(estimate, reading, PACK, capacity=learned) or estimate
    assert estimate.charge_pct == pytest.approx(50, abs=1)
    assert estimate.sigma_pct < 4
    state = report_state(estimate, None, PACK, clock.stamp())
    assert state.capacity_wh == pytest.approx(0.7 * 2560)
    assert state.energy_wh == pytest.approx(0.35 * 2560, rel=0.12)  # it is 18 C


def test_what_has_flowed_before_it_was_learned_is_another_part_of_it(clock: FakeClock) -> None:
    drawn = after(full(clock), clock, 8, volts=13.1, amps=-10.0)
    clock.advance(10)
    learned = update(drawn, night(clock, 13.1, -10.0), PACK, capacity=Capacity(140.0, 5.0))
    assert learned is not None
    assert learned.charge_pct == pytest.approx(100 - 80 / 1.4, abs=2)
    assert learned.sigma_pct < drawn.sigma_pct / 2


@pytest.mark.parametrize(
    ("full_ah", "is_heard"), [(140.0, True), (200.0, False), (20.0, False), (None, False)]
)
def test_a_bms_that_has_learned_its_capacity_is_heard_and_one_that_was_told_it_is_not(
    full_ah: float | None, is_heard: bool
) -> None:
    counter = AgeCounter(PACK)
    counter.note_full_ah(full_ah)
    assert (counter.capacity is not None) is is_heard


def test_a_small_stored_sigma_is_not_put_down_to_the_capacity_and_taken_off_by_charging(
    clock: FakeClock,
) -> None:
    """The battery has 60 % of its capacity: 5 % by the count are 8 % of it."""
    state = report_state(make_estimate(clock, 60.0, 1.0), None, PACK, clock.stamp())
    restored = restore(state, clock.stamp(), clock_went_on=True)
    charged = after(restored, clock, 1, volts=13.3, amps=10.0)
    moved_pct = charged.charge_pct - 60
    assert moved_pct == pytest.approx(5, abs=0.3)
    assert charged.charge_pct + 2 * charged.sigma_pct > 60 + moved_pct / 0.6
