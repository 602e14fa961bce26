"""A count that is lost: what it was when a current was last measured, less what the loads can have
drawn, holds for a day; then they stop, and the voltage says whether the computer may stay on.
"""

import pytest

from appliance.model import EnergyLevel
from tests.power.guard.test_guard import GuardRun
from tests.stand_ins.fakes import FakeClock


@pytest.mark.parametrize(("amps", "sigma"), [(None, 29.0), (None, 15.0), (-2.0, 29.0)])
def test_a_count_that_is_lost_powers_off_no_battery_of_sound_voltage(
    clock: FakeClock, amps: float | None, sigma: float
) -> None:
    """One of two BMSs is silent, or a shunt's current was found wrong: what is reckoned for the
    loads empties the count in hours, while the battery is charged.
    """
    run = GuardRun(clock)
    for _ in range(30):
        run.clock.advance(60)
        verdict = run.look(volts=13.2, amps=amps, charge=5.0, sigma=sigma)
        assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)
    run.clock.advance(60)
    assert run.look(volts=12.7, amps=amps, charge=5.0, sigma=sigma).power_off


@pytest.mark.parametrize(("amps", "hours"), [(None, 22.0), (None, 26.0), (-1.5, 22.0)])
def test_a_count_that_only_reckons_is_bounded_by_what_the_loads_can_draw(
    clock: FakeClock, amps: float | None, hours: float
) -> None:
    """A wrong current was rejected, or one of two BMSs is silent: the estimator goes on with what
    was drawn, doubled, or with what was wrong. It empties a full battery in four hours.
    """
    run = GuardRun(clock)
    for _ in range(60):
        run.clock.advance(60)
        run.look(volts=13.2, amps=-1.5, charge=90.0)
    for minute in range(round(hours * 60)):
        run.clock.advance(60)
        charge = max(10.0, 90.0 - minute / 3)
        verdict = run.look(volts=13.2 + minute % 2 / 1000, amps=amps, charge=charge, sigma=5.0)
    is_bounded = amps is None and hours < 24
    assert (verdict.max_level is EnergyLevel.FULL) == is_bounded
    assert is_bounded or verdict.max_level <= EnergyLevel.HIBERNATE
