"""A simulated day of the unit's real processes.

These start processes and wait for what they do; time runs fast, nothing sleeps for its own sake.
"""

import json
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.model import EnergyBudget
from appliance.model_cameras import Event
from appliance.settings_file import load_settings
from appliance.store.store import Store
from tests.stand_ins.run_unit import run_unit

pytestmark = [pytest.mark.processes, pytest.mark.slow]


def test_a_day_of_the_real_processes_brings_events_levels_and_no_fault(tmp_path: Path) -> None:
    run = tmp_path / "day"
    done = run_unit("--day", "36s", "--days", "1", "--port", "0", "--dir", str(run))
    assert done.returncode == 0, done.stdout + done.stderr
    reported = json.loads(done.stdout.splitlines()[-1])
    settings = load_settings(run / "unit.toml")
    store = Store(settings.database, SystemClock())
    assert reported["faults"] == 0, done.stdout + done.stderr
    assert len(set(reported["levels"])) >= 3, reported
    assert reported["events"] > 0
    events = store.rows(Event)
    assert {event.label for event in events} == {"person"}
    assert all((settings.unit.data_dir / str(event.snapshot)).exists() for event in events)
    assert all(budget.reason for budget in store.rows(EnergyBudget))
