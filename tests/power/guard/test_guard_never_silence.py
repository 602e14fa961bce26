"""In no silence does a load run on an empty battery: at any charge, old, cold, badly wired, with a
count that lies, a current of the wrong sign or of zero, while dead reckoning lets loads go on.
"""

from typing import Any

import pytest

from appliance.model import ChargeStage, EnergyLevel
from tests.power.guard.never_world import TRUE_MV, UNITS, Phase, World

SILENCES = ("silent", "frozen", "late", "zeros", "no cells")
NOTHING: dict[str, Any] = {}
DEAD_SENSORS: dict[str, Any] = {
    "battery_current_a": 0.0,
    "pv_power_w": 0.0,
    "pv_voltage_v": 0.0,
    "load_power_w": 0.0,
}
DISCHARGES: dict[str, Any] = {**DEAD_SENSORS, "battery_current_a": -2.0}
FLOATS: dict[str, Any] = {"charge_stage": ChargeStage.FLOAT, "battery_current_a": 0.01}


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("left", [0.085, 0.12, 0.2, 0.3, 0.6, 1.0])
@pytest.mark.parametrize(("health", "celsius"), [(1.0, 25.0), (0.6, 25.0), (0.6, -20.0)])
@pytest.mark.parametrize("behaviour", SILENCES)
def test_no_silence_of_days_empties_a_battery_that_is_believed_full(
    behaviour: str, health: float, celsius: float, left: float, name: str
) -> None:
    world = World(
        UNITS[name],
        "lowest cell" if behaviour == "no cells" else "voltage",
        left,
        celsius,
        300.0,
        TRUE_MV,
        charge_from="full",
        health=health,
        ohm_times=3.0,
    )
    world.run(Phase(12, 0, "answers", NOTHING))
    world.run(Phase(72, 0, behaviour, NOTHING))
    if behaviour != "no cells":  # the charger still answers
        assert world.level <= EnergyLevel.HIBERNATE


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("lies", [NOTHING, DEAD_SENSORS, DISCHARGES, FLOATS])
@pytest.mark.parametrize("sun", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("hours", [0.2, 2.0, 12.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_battery_that_was_charged_through_much_resistance_is_not_taken_for_full(
    sign: float, hours: float, sun: float, lies: dict[str, Any], name: str
) -> None:
    """The sun shone, the voltage rose; then it is dark, and nobody reports."""
    world = World(
        UNITS[name],
        "voltage",
        0.085,
        2.0,
        60.0,
        TRUE_MV,
        charge_from="full",
        health=0.6,
        ohm_times=3.0,
        sign=sign,
    )
    world.run(Phase(2, 0, "answers", NOTHING))
    world.run(Phase(hours, sun, "answers", lies))
    world.run(Phase(48, 0, "silent", NOTHING))
    assert world.level <= EnergyLevel.HIBERNATE


@pytest.mark.parametrize("behaviour", ["silent", "frozen", "zeros"])
@pytest.mark.parametrize("left", [0.2, 0.35, 0.6, 1.0])
def test_a_load_that_nobody_measures_as_large_as_the_unit_empties_no_sound_battery(
    left: float, behaviour: str
) -> None:
    world = World(
        UNITS["trailer"], "voltage", left, 15.0, 300.0, TRUE_MV, charge_from="full", hidden_w=25.0
    )
    world.run(Phase(1, 0, "answers", NOTHING))
    world.run(Phase(72, 0, behaviour, NOTHING))


@pytest.mark.parametrize("lie_v", [3.33, 3.6])
@pytest.mark.parametrize("left", [0.3, 0.4, 0.5, 0.6, 1.0])
@pytest.mark.parametrize("name", UNITS)
def test_an_honest_count_bounds_a_silence_where_the_voltage_lies(
    name: str, left: float, lie_v: float
) -> None:
    volts = lie_v / 3.2 * UNITS[name].battery.nominal_voltage_v
    lies = {"battery_voltage_v": volts, "lowest_cell_voltage_v": lie_v}
    world = World(
        UNITS[name], "charge", left, -8.0, 300.0, 0.0, error_pct=8, sigma_pct=8, health=0.6
    )
    for behaviour in ("answers", "silent", "answers", "frozen"):
        world.run(Phase(48, 0, behaviour, lies))
    assert world.level <= EnergyLevel.HIBERNATE


@pytest.mark.parametrize("behaviour", ["silent", "zeros", "frozen"])
def test_the_loads_of_a_charged_battery_go_on_for_hours_without_a_meter(behaviour: str) -> None:
    world = World(UNITS["trailer"], "voltage", 0.95, 15.0, 300.0, 0.0, charge_from="full")
    world.run(Phase(24, 0, "answers", NOTHING))
    world.run(Phase(8, 1, "answers", NOTHING))
    world.run(Phase(12, 0, behaviour, NOTHING))
    assert world.level is EnergyLevel.FULL
    world.run(Phase(13, 0, behaviour, NOTHING))
    assert world.level <= EnergyLevel.HIBERNATE
