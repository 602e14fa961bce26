"""A count that is lost: loads stop, and the voltage says whether the computer may stay on."""

from appliance.model import EnergyLevel
from tests.power.guard.test_guard import GuardRun
from tests.stand_ins.fakes import FakeClock


def test_a_count_that_is_lost_powers_off_no_battery_of_sound_voltage(clock: FakeClock) -> None:
    """One of two BMSs is silent: no current is known for a day, and the other pack is charged."""
    run = GuardRun(clock)
    for _ in range(30):
        run.clock.advance(60)
        verdict = run.look(volts=13.2, amps=None, charge=5.0, sigma=29.0)
        assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)
    run.clock.advance(60)
    assert run.look(volts=12.7, amps=None, charge=5.0, sigma=29.0).power_off
