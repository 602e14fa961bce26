"""The DDI face in the check-in's own process: loaded only where a server is named, and paced."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from appliance.model_updates import CheckIn
from appliance.settings_file import load_settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.conftest import ROOT
from tests.stand_ins.ddi_server import UNIT, DdiServer

FACE = "ota.ddi.face"


@pytest.fixture
def unit_toml(tmp_path: Path) -> Path:
    """A unit with a mirror that is empty."""
    for name in ("mirror", "ota"):
        (tmp_path / name).mkdir()
    file = tmp_path / "unit.toml"
    file.write_text(
        f'[unit]\nname = "{UNIT}"\ndata_dir = "{tmp_path}/data"\nrun_dir = "{tmp_path}/run"\n'
        f'[update]\ndir = "{tmp_path}/ota"\nmirrors = ["file://{tmp_path}/mirror"]\n'
    )
    prepare_database(load_settings(file).database)
    return file


def check_in(file: Path) -> set[str]:
    """The modules that a check-in with work has imported."""
    command = [sys.executable, "-X", "importtime", "-m", "ota.checkin", "--settings", str(file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_a_unit_without_such_a_server_does_not_load_the_face(unit_toml: Path) -> None:
    imported = check_in(unit_toml)
    assert "ota.checkin.parts" in imported
    assert not [name for name in imported if name.startswith("ota.ddi")]


def test_a_server_is_polled_and_told_when_it_is_time_to_and_a_rest_costs_nothing(
    unit_toml: Path, server: DdiServer
) -> None:
    with unit_toml.open("a") as file:
        file.write(f'[ddi]\nurl = "{server.address}"\n')
    number = server.deploy("2026.11.1")
    assert FACE in check_in(unit_toml)
    assert server.actions[number].executions == ["rejected"]
    assert "no-root-director" in server.actions[number].details
    settings = load_settings(unit_toml)
    with closing(Store(settings.database, settings.make_clock())) as store:
        row = store.last(CheckIn)
    assert row is not None
    assert row.received_bytes > 0, "what the server gives counts for the day of a metered link"
    asked = len(server.asked)
    assert FACE not in check_in(unit_toml)
    assert len(server.asked) == asked
