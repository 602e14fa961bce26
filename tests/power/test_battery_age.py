"""The battery's age over restarts of the power service: stored, restored, and reported."""

from dataclasses import replace

import pytest

from appliance.model import BatteryAge
from tests.power.test_cycle import Unit, unit
from tests.stand_ins.fakes import FakeClock

__all__ = ["unit"]  # a fixture
DAY_S = 86_400.0


def last_age(unit: Unit) -> BatteryAge:
    found = unit.store.last(BatteryAge)
    assert found is not None
    return found


def an_age(unit: Unit, **changed: float) -> BatteryAge:
    stamp = unit.clock.stamp()
    age = BatteryAge(stamp, stamp.utc, charged_ah=0.0, discharged_ah=0.0, since_full_s=0.0)
    return replace(age, **changed)  # type: ignore[arg-type]


def discharge(unit: Unit, hours: float) -> None:
    """Ten ampere out, with the noise of a meter."""
    for minute in range(int(hours * 60)):
        unit.meter.amps, unit.meter.volts = -10.0 + 0.01 * (minute % 3), 13.1 + 0.01 * (minute % 2)
        unit.pass_time(60.0, every_s=60.0)


def test_a_service_that_was_restarted_goes_on_counting(unit: Unit) -> None:
    discharge(unit, 1.1)
    before = last_age(unit)
    assert before.discharged_ah == pytest.approx(10.0, abs=1.2)
    unit.restart()
    discharge(unit, 2.1)
    assert last_age(unit).discharged_ah == pytest.approx(before.discharged_ah + 20.0, abs=1.5)
    assert last_age(unit).since == before.since
    assert len(unit.store.rows(BatteryAge)) < 8, "an hour's count may be lost, flash is spared"


def test_a_stored_age_is_never_replaced_by_one_that_begins_anew(unit: Unit) -> None:
    unit.store.add(an_age(unit, discharged_ah=5000.0))
    unit.restart()
    unit.pass_time(60.0)
    assert last_age(unit).discharged_ah >= 5000.0


@pytest.mark.parametrize(("confirmed", "days"), [(True, 41), (False, 31)])
def test_the_time_without_power_counts_where_the_clock_has_gone_on(
    unit: Unit, clock: FakeClock, confirmed: bool, days: float
) -> None:
    unit.store.add(an_age(unit, since_full_s=31 * DAY_S))
    clock.reboot(down_s=10 * DAY_S)
    clock.synchronized = confirmed
    unit.restart()
    unit.pass_time(60.0)
    assert last_age(unit).since_full_s == pytest.approx(days * DAY_S, abs=200.0)


def test_a_battery_that_is_not_full_for_too_long_is_a_fault_of_the_power_service(
    unit: Unit,
) -> None:
    unit.store.add(an_age(unit, since_full_s=91 * DAY_S))
    unit.restart()
    unit.pass_time(60.0)
    (fault,) = unit.store.list_open_faults()
    assert (fault.source, fault.code) == ("power", "not-full")
    assert "not been full for 91 days" in fault.text
