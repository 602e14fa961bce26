"""A load that comes and goes hides no empty battery: low time is summed, good time taken off."""

import pytest

from appliance.model import EnergyLevel
from tests.power.guard.test_guard import GuardRun
from tests.stand_ins.fakes import FakeClock

EMPTY_V, LOW_V, GOOD_V = 11.8, 12.3, 12.44  # of four LFP cells: below the floor, low, just not low


@pytest.fixture
def run(clock: FakeClock) -> GuardRun:
    made = GuardRun(clock)
    made.look(13.0)
    return made


def cycle(run: GuardRun, volts: float, low_s: int, good_s: int, for_s: float) -> float | None:
    """Seconds until the guard forbids loads, polled each second; None where it never does."""
    began_s = run.clock.uptime_s
    while run.clock.uptime_s - began_s < for_s:
        for step in range(low_s + good_s):
            run.clock.advance(1)
            wobble_v = 0.001 * (run.clock.uptime_s % 7)
            verdict = run.look((volts if step < low_s else GOOD_V) + wobble_v, charge=45)
            if verdict.max_level <= EnergyLevel.HIBERNATE:
                return run.clock.uptime_s - began_s
    return None


def test_loads_stop_on_a_cell_that_is_empty_for_most_of_the_time(run: GuardRun) -> None:
    """25 s below the floor, 3 s good, with a charge that says 45 %."""
    stopped_s = cycle(run, EMPTY_V, 25, 3, for_s=3600)
    assert stopped_s is not None
    assert stopped_s <= 40


def test_loads_stop_on_a_voltage_that_is_low_for_most_of_the_time(run: GuardRun) -> None:
    stopped_s = cycle(run, LOW_V, 200, 20, for_s=3600)
    assert stopped_s is not None
    assert stopped_s <= 360


@pytest.mark.parametrize(("low_s", "good_s"), [(25, 60), (5, 10), (14, 15)])
def test_surges_with_longer_pauses_stop_nothing(run: GuardRun, low_s: int, good_s: int) -> None:
    assert cycle(run, EMPTY_V, low_s, good_s, for_s=1200) is None


def test_a_silence_counts_as_no_low_time(run: GuardRun) -> None:
    run.clock.advance(1)
    run.look(EMPTY_V, charge=45)
    run.clock.advance(1)
    run.look(GOOD_V, charge=45)
    run.clock.advance(50)
    run.look(EMPTY_V + 0.01, charge=45)
    assert run.state.empty_sum_s == 0
