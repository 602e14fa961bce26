"""Packs of 24 and 32 cells: their settings are taken and their values are right."""

from pathlib import Path

import pytest

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.settings import BatterySettings, EnergySettings, Settings
from power.devices import BATTERIES
from power.guard.limits import derive_limits
from provisioning.simulated.devices.models import SIMULATORS
from tests.scenes.truth import find_wrong_values
from tests.stand_ins.rig import make_meter, make_sunny_noon

CELL_V = 3.2
BIG_PACKS = ("jk-pb", "jbd", "daly", "daly-d2", "daly-a5", "victron-shunt", "victron-gx-battery")


@pytest.mark.parametrize("cells", [24, 32])
@pytest.mark.parametrize("name", [*BIG_PACKS, "sunspec-battery"])
def test_a_pack_of_many_cells_is_read(name: str, cells: int) -> None:
    plant = make_sunny_noon(Settings(battery=BatterySettings(nominal_voltage_v=cells * CELL_V)))
    device = SIMULATORS[name](plant, (), None, 1.0)
    reading = make_meter(BATTERIES[name], device).read()
    assert reading.voltage_v == pytest.approx(cells * CELL_V, rel=0.1)
    assert find_wrong_values(BATTERIES[name], plant, reading) == {}


@pytest.mark.parametrize(("volts", "fits"), [(76.8, True), (102.4, True), (153.6, False)])
def test_the_settings_take_what_the_packs_have(volts: float, fits: bool, tmp_path: Path) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(f"[battery]\nnominal_voltage_v = {volts}\n")
    if fits:
        assert settings_file.load_settings(path).battery.nominal_voltage_v == volts
        return
    with pytest.raises(SettingsError, match="from 12 to 105"):
        settings_file.load_settings(path)


@pytest.mark.parametrize("cells", [24, 32])
def test_the_guard_counts_the_cells(cells: int) -> None:
    battery = BatterySettings(nominal_voltage_v=cells * CELL_V)
    limits = derive_limits(battery, EnergySettings())
    assert limits.cells == cells
    assert limits.lowest_v < 2.9 * cells < 3.6 * cells < limits.highest_v
