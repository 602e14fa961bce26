"""The unit's real processes with other power devices than the usual ones."""

import json
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.model import BatteryReading, PowerReading
from appliance.settings_file import load_settings
from appliance.store.store import Store
from tests.stand_ins.run_unit import run_unit

pytestmark = [pytest.mark.processes, pytest.mark.long]


def test_the_unit_runs_with_other_power_devices_as_well(tmp_path: Path) -> None:
    run = tmp_path / "run"
    devices = ("--charger", "victron-mppt", "--bms", "pylontech")
    done = run_unit(*("--day", "60s", "--days", "0.2", "--port", "0", "--dir", str(run)), *devices)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["faults"] == 0, done.stdout + done.stderr
    store = Store(load_settings(run / "unit.toml").database, SystemClock())
    reading = store.last(PowerReading)
    assert reading is not None
    assert reading.device == "victron-mppt + pylontech"
    assert reading.battery_current_a is not None
    assert reading.lowest_cell_voltage_v is not None
    pack = store.last(BatteryReading, device="pack")
    assert pack is not None
    assert pack.quality == {}
