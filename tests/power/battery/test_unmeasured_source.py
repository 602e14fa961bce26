"""A generator or an alternator on the battery that nobody measures: seen from the voltage."""

from typing import Any

import pytest

from appliance.model import ChargeStage
from appliance.settings import BatterySettings
from power.battery.estimate import FROM_VOLTAGE, Estimate
from power.battery.unmeasured_source import find_source_faults
from tests.power.battery.estimates import LEAD, PACK, after, make_estimate
from tests.stand_ins.fakes import FakeClock

NIGHT: dict[str, Any] = {"pv_power_w": 0.0, "load_power_w": None, "charge_stage": ChargeStage.OFF}
DAY: dict[str, Any] = {"pv_power_w": None, "load_power_w": None, "charge_stage": ChargeStage.BULK}


def run(
    estimate: Estimate, clock: FakeClock, minutes: float, pack: BatterySettings = PACK, **more: Any
) -> Estimate:
    return after(estimate, clock, minutes / 60, pack, 10.0, **more)


@pytest.mark.parametrize(("pack", "before_v", "volts"), [(PACK, 13.15, 14.2), (LEAD, 12.2, 13.8)])
def test_a_generator_at_night_is_a_fault_and_makes_the_charge_uncertain(
    clock: FakeClock, pack: BatterySettings, before_v: float, volts: float
) -> None:
    quiet = run(make_estimate(clock, 60, 3), clock, 30, pack, volts=before_v, amps=-2.0, **NIGHT)
    assert find_source_faults(quiet) == []
    hour = run(quiet, clock, 60, pack, volts=volts, amps=-2.0, **NIGHT)
    (fault,) = find_source_faults(hour)
    assert fault.code == "battery-source"
    assert "add a shunt" in str(fault)
    assert hour.charge_pct == pytest.approx(60, abs=6)
    assert hour.sigma_pct > 15
    assert hour.full_at is None
    after_it = run(hour, clock, 5, pack, volts=before_v + 0.1, amps=-2.0, **NIGHT)
    assert find_source_faults(after_it) == []
    assert after_it.sigma_pct > 10


def test_an_alternator_beside_a_weak_sun_makes_no_full_battery(clock: FakeClock) -> None:
    """At 60 % it lifts the battery from 13.3 to 14.2 V within seconds, beside 3 A of sun."""
    sun = run(make_estimate(clock, 60, 3), clock, 30, volts=13.3, amps=3.0, **DAY)
    driven = run(sun, clock, 90, volts=14.2, amps=3.0, **DAY)
    assert len(find_source_faults(driven)) == 1
    assert driven.full_at is None
    assert driven.charge_pct - 2 * driven.sigma_pct < 60
    assert driven.method != FROM_VOLTAGE


@pytest.mark.parametrize(("pack", "start_v"), [(PACK, 13.0), (LEAD, 12.0)])
def test_measured_sun_a_load_that_ends_and_the_rest_after_it_are_no_source(
    clock: FakeClock, pack: BatterySettings, start_v: float
) -> None:
    found = make_estimate(clock, 90, 3)
    faults = 0
    for volts, amps, minutes, parts in (
        (start_v, -30.0, 20, NIGHT),  # an inverter
        (start_v + 0.55, -1.0, 20, NIGHT),  # it ends
        (start_v + 0.65, -1.0, 60, NIGHT),  # and the battery rests
        (start_v + 0.9, 5.0, 10, DAY),  # the sun rises
        (start_v + 1.2, 30.0, 30, DAY),
        *((start_v + 1.2 + step / 20, 30.0 - step, 0.5, DAY) for step in range(20)),
        (start_v + 1.8, 0.2, 30, DAY),  # float
    ):
        found = run(found, clock, minutes, pack, volts=volts, amps=amps, **parts)
        faults += len(find_source_faults(found))
    assert faults == 0


def test_a_nearly_full_battery_whose_voltage_rises_by_itself_by_day_is_no_source(
    clock: FakeClock,
) -> None:
    found = run(make_estimate(clock, 97, 2), clock, 10, volts=13.4, amps=20.0, **DAY)
    for step in range(24):
        found = run(found, clock, 0.5, volts=13.4 + 0.04 * step, amps=20.0, **DAY)
        assert find_source_faults(found) == []


def test_a_measured_charging_current_at_night_is_no_unmeasured_source(clock: FakeClock) -> None:
    quiet = run(make_estimate(clock, 60, 3), clock, 10, volts=13.15, amps=-2.0, **NIGHT)
    driven = run(quiet, clock, 60, volts=13.9, amps=40.0, **NIGHT)
    assert find_source_faults(driven) == []
    assert driven.charge_pct == pytest.approx(80, abs=3)


@pytest.mark.parametrize("c_rate", [0.2, 0.37, 0.5, 1.0])
@pytest.mark.parametrize("volts_per_pct", [0.25, 0.4])
def test_the_steep_end_of_a_fast_charge_is_no_source(
    clock: FakeClock, c_rate: float, volts_per_pct: float
) -> None:
    amps, volts = 200.0 * c_rate, 13.4
    found = run(make_estimate(clock, 90, 3), clock, 30, volts=volts, amps=amps, **DAY)
    for _ in range(60):
        volts = min(14.4, volts + 4 * volts_per_pct * c_rate / 3.6)
        found = run(found, clock, 1 / 6, volts=volts, amps=amps, **DAY)
        assert find_source_faults(found) == []
