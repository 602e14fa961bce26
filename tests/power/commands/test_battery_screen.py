"""`unitctl battery`: everything about the battery on one screen, and what is not known said so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.errors import BusError
from appliance.model import BatteryAge, BatteryReading
from tests.power.commands.energy_unit import Unit
from tests.power.plan.site_days import a_reading, a_state
from tests.scenes import filled


@pytest.fixture
def battery(unit: Unit) -> Unit:
    """The same unit with a BMS."""
    unit.settings.write_text(f'{unit.settings.read_text()}\n[bms.pack]\nmodel = "jk-pb"\n')
    return unit


def type_battery(unit: Unit, *words: str) -> tuple[int, str, str]:
    return unit.type(*words, command="battery")


def report(unit: Unit, age: BatteryAge | None = None) -> None:
    now = unit.stamp
    full = replace(a_state(now, 72.0, 2.0), full_at=now.utc - timedelta(days=3))
    cells = {"1": 3.301, "2": 3.304, "3": 3.299, "4": 3.303}
    pack = BatteryReading(
        now, "pack", 13.21, -2.1, 70.0, cell_voltages_v=cells, cycles=31.0,
        lowest_cell_voltage_v=3.299, highest_cell_voltage_v=3.304,
    )  # fmt: skip
    unit.open_as("power").add(full, a_reading(now, 40.0), pack, age or filled.battery_age(now))


def test_one_screen_has_charge_cells_capacity_health_cycles_and_the_last_full_charge(
    battery: Unit,
) -> None:
    report(battery)
    code, out, err = type_battery(battery)
    assert (code, err) == (0, "")
    for words in (
        "Lithium iron phosphate (LFP), 2560 Wh rated at 25 C, 12.8 V, 4 cells in series",
        "72 +- 2 % (one standard deviation), counted",
        "13.20 V, +1.0 A, 12 C",
        "3.0 days ago (at least each 90)",
        "180 +- 6 Ah of 200 rated",
        "90 +- 3 %",
        "40.0 equivalent full (8000 Ah out, 8100 Ah in",
        "3.301 3.304 3.299 3.303",
    ):
        assert words in out, words


def test_what_was_not_learned_is_said_and_no_figure_stands_for_it(battery: Unit) -> None:
    stamp = battery.stamp
    report(battery, BatteryAge(stamp, stamp.utc, 0.0, 0.0, 0.0))
    out = type_battery(battery)[1]
    assert "200 Ah rated; not learned yet" in out
    assert "health" not in out


def test_lead_acid_is_told_how_often_it_should_be_full(battery: Unit) -> None:
    text = battery.settings.read_text()
    battery.settings.write_text(f'{text}\n[battery]\nchemistry = "agm"\nnominal_voltage_v = 12\n')
    report(battery)
    assert "(at least each 30, each 7 days is better)" in type_battery(battery)[1]


def test_a_fault_of_the_batterys_side_stands_on_top(battery: Unit) -> None:
    report(battery)
    battery.open_as("power").raise_fault("power", BusError("bms pack does not answer"))
    code, out, _ = type_battery(battery)
    assert code == 1
    assert out.index("bms pack does not answer") < out.index("72 +- 2 %")


def test_a_unit_that_has_reported_nothing_says_so(battery: Unit) -> None:
    code, out, _ = type_battery(battery)
    assert code == 1
    assert "nothing reported yet" in out


def test_json_has_the_same(battery: Unit) -> None:
    report(battery)
    found = type_battery(battery, "--json")[1]
    assert '"health_pct": 90.0' in found
    assert '"packs"' in found
