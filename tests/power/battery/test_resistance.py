"""The resistance up to where the voltage is measured: learned from steps, and what it changes."""

import random
from dataclasses import replace
from typing import Any

import pytest

from appliance.chemistry import find_resistance_ohm
from appliance.model import ChargeStage
from power.battery import estimator
from power.battery.estimate import Estimate
from power.battery.estimator import update
from power.battery.resistance import FEWEST
from power.battery.synchronise import SYNCHRONISED_EMPTY
from power.battery.voltage_curve import Resistance
from tests.power.battery.estimates import PACK, after, make_estimate, night
from tests.stand_ins.fakes import FakeClock

OPEN_V = 13.15  # rested, the middle of the plateau
DAY: dict[str, Any] = {"pv_power_w": None, "load_power_w": None}


def cloudy(
    estimate: Estimate, clock: FakeClock, ohm: float, minutes: int = 30, **more: Any
) -> Estimate:
    """Clouds that change the current each half minute, a meter with 10 mV of noise."""
    chance, amps = random.Random(3), 5.0
    for step in range(minutes * 6):
        clock.advance(10)
        amps = chance.uniform(-4, 36) if step % 3 == 0 else amps
        volts = OPEN_V + ohm * amps + chance.gauss(0, 0.01)
        reading = night(clock, volts=volts, amps=amps + chance.gauss(0, 0.05), **DAY, **more)
        found = update(estimate, reading, PACK)
        assert found is not None
        estimate = found
    return estimate


@pytest.mark.parametrize("ohm", [0.008, 0.02, 0.1])
def test_steps_of_the_current_teach_the_resistance(clock: FakeClock, ohm: float) -> None:
    found = cloudy(make_estimate(clock, 50, 3), clock, ohm).resistance
    assert found.ohm == pytest.approx(ohm, rel=0.15)
    assert found.sigma_ohm <= 0.3 * ohm


def test_a_few_steps_a_held_voltage_or_values_of_two_moments_teach_nothing(
    clock: FakeClock,
) -> None:
    start = make_estimate(clock, 50, 3)
    assert cloudy(start, clock, 0.05, minutes=1).resistance.ohm is None
    held = cloudy(start, clock, 0.05, charge_stage=ChargeStage.ABSORPTION)
    apart = cloudy(start, clock, 0.05, ages_s={"battery_current_a": 8.0})
    assert held.resistance == apart.resistance == Resistance()


def test_wild_steps_move_the_resistance_little(clock: FakeClock) -> None:
    known = cloudy(make_estimate(clock, 50, 3), clock, 0.02).resistance
    assert known.ohm is not None
    wild = replace(known, steps_ohm=(*known.steps_ohm[: -FEWEST + 3], 0.2, 0.2, 0.2, 0.2))
    again = cloudy(replace(make_estimate(clock, 50, 3), resistance=wild), clock, 0.02, minutes=2)
    assert again.resistance.ohm == pytest.approx(known.ohm, rel=0.2)


def test_a_thin_wire_makes_a_charged_battery_no_fuller(clock: FakeClock) -> None:
    """At 40 % and 30 A a wire of 80 mohm lifts the controller's voltage to that of a full one."""
    day: dict[str, Any] = {**DAY, "charge_stage": ChargeStage.BULK, "amps": 30.0, "step_s": 10.0}
    known = cloudy(make_estimate(clock, 38, 3), clock, 0.1, minutes=10)
    start = replace(make_estimate(clock, 40, 3), resistance=known.resistance)
    later = after(start, clock, 0.5, volts=OPEN_V + 0.1 * 30, **day)
    assert later.charge_pct == pytest.approx(47.5, abs=3)


def test_a_thin_wire_that_is_known_makes_no_battery_empty_under_load(clock: FakeClock) -> None:
    thin = Resistance((), 0.1, 0.01)
    load: dict[str, Any] = {"volts": 11.4, "amps": -18.0}
    unknown = after(make_estimate(clock, 50, 3), clock, 0.1, **load)
    assert unknown.method == SYNCHRONISED_EMPTY
    known = after(replace(make_estimate(clock, 50, 3), resistance=thin), clock, 0.1, **load)
    assert known.method != SYNCHRONISED_EMPTY
    reported = after(
        replace(make_estimate(clock, 50, 3), resistance=thin),
        clock,
        0.1,
        lowest_cell_voltage_v=2.85,
        **load,
    )
    assert reported.method == SYNCHRONISED_EMPTY, "an empty cell stays an empty cell"


def test_a_resistance_survives_a_restart_less_certain(clock: FakeClock) -> None:
    known = cloudy(make_estimate(clock, 50, 3), clock, 0.06)
    state = estimator.report_state(known, None, PACK, clock.stamp())
    assert state.resistance_ohm == pytest.approx(0.06, rel=0.1)
    restored = estimator.restore(state, clock.stamp(), clock_went_on=True)
    assert restored is not None
    assert restored.resistance.ohm == state.resistance_ohm
    assert restored.resistance.sigma_ohm > known.resistance.sigma_ohm
    none = estimator.restore(replace(state, resistance_ohm=None), clock.stamp(), clock_went_on=True)
    assert none is not None
    assert none.resistance.ohm is None


def test_a_resistance_is_never_far_from_what_a_battery_can_have(clock: FakeClock) -> None:
    found = cloudy(make_estimate(clock, 50, 3), clock, 30 * find_resistance_ohm(PACK))
    assert found.resistance.ohm is None
