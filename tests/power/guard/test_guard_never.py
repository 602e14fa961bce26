"""No sequence of readings, absent, frozen, torn or lying, lets a load run on an empty battery.

A true battery, hypothesis between it and the unit, and the unit's own code: estimator, guard,
ladder, arbiter. Whatever is reported, one source is true whenever it is reported: the
voltage, the lowest cell, or the charge. See power/guard/guard.py for what is promised.
"""

from dataclasses import replace

import pytest
from hypothesis import event, given, settings, target

from appliance.model import ChargeStage, EnergyLevel
from tests.power.guard.never_world import TRUE_MV, UNITS, Phase, World, sequences, worlds


def play(world: World, sequence: list[Phase]) -> None:
    for phase in sequence:
        world.run(phase)
    target(-min(world.least_wh, 1e6) / world.settings.battery.capacity_wh)
    event(f"{world.true_source}: ended at {world.level.name}")


@settings(max_examples=30, deadline=None)
@given(worlds, sequences())
def test_no_sequence_lets_a_load_run_on_an_empty_battery(
    world: World, sequence: list[Phase]
) -> None:
    play(world, sequence)


# --- sequences that go wrong without one rule or another
# -------------------------------------------

DARK = Phase(60, 0, "answers", {})
CLOSE = 0.085  # of the capacity: a little above the voltage at which loads stop
SEQUENCES = {
    "the charger falls silent": [Phase(1, 0, "answers", {}), replace(DARK, behaviour="silent")],
    "the meter freezes": [Phase(1, 0, "answers", {}), replace(DARK, behaviour="frozen")],
    "it says the same old thing": [Phase(1, 0, "answers", {}), replace(DARK, behaviour="late")],
    "it answers once in ten hours": [
        Phase(0.1, 0, "answers", {}),
        Phase(10, 0, "silent", {}),
    ]
    * 6,
    "the night is long": [DARK],
    "it freezes whenever it is believed": [
        Phase(0.5, 0, "answers", {}),
        Phase(8, 0, "frozen", {}),
    ]
    * 6,
    "it says that the sun charges": [
        replace(DARK, lies={"battery_current_a": 20.0, "charge_stage": ChargeStage.FLOAT})
    ],
    "the BMS sees sound cells": [replace(DARK, lies={"lowest_cell_voltage_v": 3.3})],
    "the voltage is lost": [
        Phase(1, 0, "answers", {}),
        replace(DARK, lies={"battery_voltage_v": 0.0, "lowest_cell_voltage_v": None}),
    ],
    "the service starts anew again and again": [Phase(0.1, 0, "answers", {}, "restart")] * 200,
    "the computer starts anew again and again": [Phase(0.2, 0, "answers", {}, "lost")] * 200,
}


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("celsius", [25.0, -20.0])
@pytest.mark.parametrize("sequence", SEQUENCES)
def test_a_load_never_runs_on_an_empty_battery_that_is_reported_full(
    sequence: str, celsius: float, name: str
) -> None:
    world = World(UNITS[name], "voltage", CLOSE, celsius, 300.0, TRUE_MV, charge_from="full")
    for phase in SEQUENCES[sequence]:
        world.run(phase)
    assert world.least_wh < 1e9, "no load ever ran: this shows nothing"
    assert world.level <= EnergyLevel.HIBERNATE


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("lie", [None, 13.3, 14.4, 0.0])
def test_an_honest_count_is_enough_where_the_voltage_lies(name: str, lie: float | None) -> None:
    per_cell = None if lie is None else lie / 12.8 * UNITS[name].battery.nominal_voltage_v
    lies = {"battery_voltage_v": per_cell, "lowest_cell_voltage_v": 3.3}
    world = World(UNITS[name], "charge", 0.3, -8.0, 300.0, 0.0, error_pct=8, sigma_pct=8)
    for behaviour in ("answers", "flickers", "silent", "answers"):
        world.run(Phase(48, 0, behaviour, lies))
    assert world.least_wh > 0
    assert world.level <= EnergyLevel.HIBERNATE


def test_a_unit_with_sun_and_sensors_works() -> None:
    """The promise is of use only if an honest unit is not held down."""
    world = World(UNITS["trailer"], "voltage", 0.5, 15.0, 300.0, 0.0)
    world.run(Phase(6, 1, "answers", {}))
    assert world.level is EnergyLevel.FULL
