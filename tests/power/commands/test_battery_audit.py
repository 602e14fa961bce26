"""`unitctl battery audit`: a table of each device, an exit code, and JSON; all of stored rows."""

import json

import pytest

from appliance.model import BatteryReading
from power.devices import CHARGERS
from power.reading.meters import Device, Meters
from provisioning.simulated.devices.lead_acid import LEAD_ACID
from provisioning.simulated.devices.models import SIMULATORS
from tests.power.commands.energy_unit import Unit
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_meter, make_sunny_noon

READABLE = ["epever-tracer", "renogy-rover", "victron-mppt-hex", "victron-mppt-load-hex"]
MUTE = sorted(set(CHARGERS) - {*READABLE, "renogy-rover-no-load", "tristar-mppt", "prostar-mppt"})


def name_charger(unit: Unit, model: str) -> None:
    text = unit.settings.read_text()
    unit.settings.write_text(f'{text}\n[charger.roof]\nmodel = "{model}"\n')


def store_set_points(unit: Unit, model: str, *quirks: str) -> None:
    """What the power service stores of that simulated controller."""
    clock = FakeClock()
    device = SIMULATORS[model](make_sunny_noon(), quirks, None, 1.0)
    meters = Meters([Device("charger", "roof", make_meter(CHARGERS[model], device, clock))], clock)
    unit.open_as("power").add(*meters.read().set_points)


@pytest.mark.parametrize("model", READABLE)
def test_a_controller_that_is_set_to_lead_acid_is_told_with_what_to_set(
    unit: Unit, model: str
) -> None:
    name_charger(unit, model)
    store_set_points(unit, model, LEAD_ACID)
    code, out, _ = unit.type("audit", command="battery")
    assert code == 1
    assert f"charger roof ({model}), read 2026" in out
    assert "temperature compensation  " in out
    assert "WRONG: it charges too high in the cold and too low in the heat" in out
    assert "should be 13.80 to 14.60 V" in out


@pytest.mark.parametrize("model", READABLE)
def test_nothing_wrong_is_exit_code_0(unit: Unit, model: str) -> None:
    name_charger(unit, model)
    store_set_points(unit, model)
    code, out, _ = unit.type("audit", command="battery")
    assert "WRONG" not in out
    assert "nothing is wrong" in out
    assert code == 0


@pytest.mark.parametrize("model", MUTE)
def test_a_controller_that_gives_nothing_has_its_table_too(unit: Unit, model: str) -> None:
    name_charger(unit, model)
    code, out, _ = unit.type("audit", command="battery")
    assert code == 0
    assert f"charger roof ({model})\n" in out
    assert "absorption" in out
    assert "not readable" in out
    assert "compare by hand" in out


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("epever-tracer", "not read yet"),
        ("victron-mppt", "this model gives no set-points"),
        ("victron-gx-system", "this model gives no set-points"),
    ],
)
def test_a_model_that_never_gives_set_points_is_told_apart_from_one_not_read_yet(
    unit: Unit, model: str, said: str
) -> None:
    name_charger(unit, model)
    assert said in unit.type("audit", command="battery")[1]


def test_a_bms_that_gives_nothing_is_named_too(unit: Unit) -> None:
    unit.settings.write_text(f'{unit.settings.read_text()}\n[bms.pack]\nmodel = "jbd"\n')
    out = unit.type("audit", command="battery")[1]
    assert "bms pack (jbd)" in out
    assert "this model gives no set-points" in out


def test_json_has_each_finding(unit: Unit) -> None:
    name_charger(unit, "epever-tracer")
    store_set_points(unit, "epever-tracer", LEAD_ACID)
    document = json.loads(unit.type("audit", "--json", command="battery")[1])
    assert document["wrong"] == 7
    (charger,) = (one for one in document["devices"] if one["device"].startswith("charger roof"))
    found = {one["name"]: one for one in charger["findings"]}
    assert found["low-voltage disconnect"] == {
        "name": "low-voltage disconnect",
        "set_to": "11.10 V",
        "should_be": "11.20 to 11.80 V",
        "result": "wrong",
        "harm": "it protects nothing: the battery is empty, or its BMS disconnects first",
    }


def test_a_bms_with_another_number_of_cells_is_told(unit: Unit) -> None:
    unit.settings.write_text(f"{unit.settings.read_text()}\n[bms.pack]\nmodel = 'jk-pb'\n")
    cells = {str(number): 3.3 for number in range(1, 9)}
    unit.open_as("power").add(BatteryReading(unit.stamp, "pack", 26.4, cell_voltages_v=cells))
    code, out, _ = unit.type("audit", command="battery")
    assert code == 1
    assert "measured by bms pack" in out
