"""The bench's batteries behave like batteries, and some days of them under the unit's estimator."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.estimator.cases import AGM_CHARGER, CASES, LFP_CHARGER
from tests.bench.estimator.cells import Cell, LeadCell, LfpCell
from tests.bench.estimator.plant import Charger, Plant, Setup
from tests.bench.estimator.run import run_case


def charge_for(hours: float, cell: Cell, charger: Charger, cells: int) -> Plant:
    plant = Plant(Setup(cell=cell, cells=cells, charger=charger), charge=0.8)
    for _ in range(int(hours * 120)):
        plant.step(sun_w=300.0, load_w=5.0, celsius=20.0)
    return plant


@pytest.mark.parametrize(
    ("cell", "charger", "cells"), [(LfpCell(), LFP_CHARGER, 4), (LeadCell(), AGM_CHARGER, 6)]
)
def test_a_sun_long_enough_fills_a_battery_to_its_charger_s_float(
    cell: Cell, charger: Charger, cells: int
) -> None:
    plant = charge_for(10, cell, charger, cells)
    assert plant.charge > 0.97
    assert plant.stage.value == "float"
    assert 0 <= plant.current_a < 0.01 * 200


def test_lead_acid_loses_charge_by_gassing_and_lfp_none() -> None:
    assert LeadCell().loss(2.45, 40.0) > 5 * LeadCell().loss(2.30, 25.0) > 0
    assert LfpCell().loss(3.6, 40.0) == 0


def test_the_cells_know_nothing_of_the_unit_s_tables() -> None:
    for name in ("cells.py", "plant.py"):
        assert "import appliance.chemistry" not in (Path(__file__).parent / name).read_text()
        assert "from appliance.chemistry" not in (Path(__file__).parent / name).read_text()


@pytest.mark.parametrize(
    "name", ["LFP, FLOAT reported all day", "LFP, charge path open for three days, no probe"]
)
def test_two_days_of_a_case_disconnect_nothing_and_end_honest(name: str) -> None:
    result = run_case(replace(CASES[name], seed=3), days=2)
    assert result.cuts == 0
    assert result.within >= 0.9 * result.readings
