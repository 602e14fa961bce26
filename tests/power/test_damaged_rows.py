"""Rows of the power service that are damaged: its cycles go on, and none of them is believed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from appliance.model import BatteryAge, BatteryState, EnergyLevel
from tests.power.test_cycle import Unit, unit

__all__ = ["unit"]  # a fixture


def named(field: str, figure: float) -> dict[str, Any]:
    return {field: figure}


def an_age(unit: Unit) -> BatteryAge:
    stamp = unit.clock.stamp()
    return BatteryAge(
        stamp,
        stamp.utc,
        charged_ah=100.0,
        discharged_ah=100.0,
        since_full_s=3600.0,
        drawn_since_full_ah=10.0,
        capacity_ah=180.0,
        capacity_sigma_ah=10.0,
        capacity_at=stamp.utc,
    )


@pytest.mark.parametrize("figure", [0.0, -1.0, 1e-300, -1e11, 1e11])
@pytest.mark.parametrize(
    "field", ["capacity_ah", "capacity_sigma_ah", "since_full_s", "charged_ah", "discharged_ah"]
)
def test_the_guard_goes_on_beside_a_damaged_age(unit: Unit, field: str, figure: float) -> None:
    """A capacity of 0 stopped every cycle, after each restart anew."""
    unit.store.add(replace(an_age(unit), **named(field, figure)))
    unit.restart()
    for _ in range(3):
        unit.clock.advance(10)
        unit.cycle()
    assert unit.budget().level is EnergyLevel.FULL
    charge_pct = unit.store.last(BatteryState).state_of_charge_pct  # type: ignore[union-attr]
    assert charge_pct == pytest.approx(90, abs=2)


@pytest.mark.parametrize(
    ("field", "figure"),
    [
        ("sigma_pct", -1e11),
        ("sigma_pct", 1e11),
        ("state_of_charge_pct", 1e11),
        ("state_of_charge_pct", -1e11),
        ("resistance_ohm", -1e11),
        ("resistance_ohm", 1e11),
    ],
)
def test_a_charge_that_no_battery_can_have_is_not_known(
    unit: Unit, field: str, figure: float
) -> None:
    stored = unit.store.last(BatteryState)
    assert stored is not None
    unit.store.add(replace(stored, stamp=unit.clock.stamp(), **named(field, figure)))
    unit.restart()
    for _ in range(3):
        unit.clock.advance(10)
        unit.cycle()
    state = unit.store.last(BatteryState)
    assert state is not None
    assert state.sigma_pct is not None
    assert field == "resistance_ohm" or state.sigma_pct > 10


def test_a_clock_a_century_ahead_makes_no_battery_overdue_for_a_full_charge(unit: Unit) -> None:
    unit.store.add(an_age(unit))
    unit.clock.reboot(down_s=600)
    unit.clock.utc += timedelta(days=36_500)
    unit.restart()
    unit.pass_time(60.0)
    age = unit.store.last(BatteryAge)
    assert age is not None
    assert age.since_full_s < 86_400
