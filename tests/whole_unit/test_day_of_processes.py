"""A simulated day of the unit's real processes, and a run with other power devices.

These start processes and wait for what they do; time runs fast, nothing sleeps for its own sake.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.model import BatteryReading, EnergyBudget, PowerReading
from appliance.model_cameras import Event
from appliance.settings_file import load_settings
from appliance.store.store import Store
from tests.conftest import ROOT

pytestmark = [pytest.mark.processes, pytest.mark.slow]


def provisioning(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "provisioning", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_day_of_the_real_processes_brings_events_levels_and_no_fault(tmp_path: Path) -> None:
    run = tmp_path / "day"
    done = provisioning("--day", "36s", "--days", "1", "--port", "0", "--dir", str(run))
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    settings = load_settings(run / "unit.toml")
    store = Store(settings.database, SystemClock())
    assert told["faults"] == 0, done.stdout + done.stderr
    assert len(set(told["levels"])) >= 3, told
    assert told["events"] > 0
    events = store.rows(Event)
    assert {event.label for event in events} == {"person"}
    assert all((settings.unit.data_dir / str(event.snapshot)).exists() for event in events)
    assert all(budget.reason for budget in store.rows(EnergyBudget))


def test_the_unit_runs_with_other_power_devices_as_well(tmp_path: Path) -> None:
    run = tmp_path / "run"
    devices = ("--charger", "victron-mppt", "--bms", "pylontech")
    done = provisioning(
        *("--day", "60s", "--days", "0.2", "--port", "0", "--dir", str(run)), *devices
    )
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
