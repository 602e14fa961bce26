"""`unitctl fleet claim`: what it starts on the unit."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.settings import Settings
from ota.commands.fleet_claim import start_push


@pytest.fixture
def unit(settings: Settings, tmp_path: Path) -> Settings:
    """One whose PID 1 keeps what it is asked."""
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/orders\n')
    program.chmod(0o755)
    return replace(settings, host=replace(settings.host, systemctl=str(program)))


def test_a_unit_that_has_entered_hears_hints_at_once(unit: Settings, tmp_path: Path) -> None:
    start_push(replace(unit, fleet=replace(unit.fleet, push="fleet.example.org")))
    assert (tmp_path / "orders").read_text() == "--no-block restart appliance-push.service\n"


def test_without_a_broker_nothing_is_started(unit: Settings, tmp_path: Path) -> None:
    start_push(unit)
    assert not (tmp_path / "orders").exists()


def test_a_pid_1_that_refuses_is_told_and_the_unit_has_entered_all_the_same(
    unit: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "systemctl").write_text("#!/bin/sh\nexit 1\n")
    start_push(replace(unit, fleet=replace(unit.fleet, push="fleet.example.org")))
    assert "hints are heard after a restart" in capsys.readouterr().err
