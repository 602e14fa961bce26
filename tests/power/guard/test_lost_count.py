"""A count that is lost: loads stop, and the voltage says whether the computer may stay on."""

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
