"""Counted energy over restarts of the power service: stored each minute, and it never falls."""

import pytest

from appliance.model import EnergyTotal
from tests.power.test_cycle import Unit, unit

__all__ = ["unit"]  # a fixture


def read_wh(unit: Unit) -> dict[str, float]:
    return {row.meter: row.energy_wh for row in unit.store.rows(EnergyTotal)}


def run_hour(unit: Unit) -> None:
    for minute in range(360):
        unit.meter.amps, unit.meter.volts = -10.0 + 0.01 * (minute % 3), 13.0
        unit.pass_time(10.0, every_s=10.0)


def test_energy_is_counted_stored_and_gone_on_from_after_a_restart(unit: Unit) -> None:
    run_hour(unit)
    before = read_wh(unit)
    assert before["battery-out"] == pytest.approx(130.0, rel=0.03)
    unit.restart()
    run_hour(unit)
    after = read_wh(unit)
    assert after["battery-out"] == pytest.approx(260.0, rel=0.03)
    assert all(after[name] >= wh for name, wh in before.items())


def test_a_total_of_before_is_never_replaced_by_one_that_begins_anew(unit: Unit) -> None:
    unit.store.add(EnergyTotal(unit.clock.stamp(), "sun", 5000.0))
    unit.restart()
    unit.pass_time(120.0, every_s=10.0)
    assert read_wh(unit)["sun"] >= 5000.0
