"""A release on trial that broke the database, or keeps it locked: it is taken back all the same."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.model_updates import UpdateStep
from appliance.settings_file import load_settings
from ota.disk import Disk
from ota.machine.journal import JOURNAL, Journal
from ota.machine.progress import Progress, Record
from tests.conftest import ROOT


def block_by_directory(database: Path) -> None:
    (database / "in the way").mkdir(parents=True)


def block_by_link(database: Path) -> None:
    database.parent.mkdir()
    database.symlink_to("/nowhere/unit.db")


@pytest.mark.parametrize("metered", ["false", "true"])
@pytest.mark.parametrize("step", [UpdateStep.TRIAL, UpdateStep.HEALTH])
@pytest.mark.parametrize("block", [block_by_directory, block_by_link])
def test_it_is_taken_back(
    block: Callable[[Path], None], step: UpdateStep, metered: str, tmp_path: Path
) -> None:
    systemctl = tmp_path / "systemctl"
    systemctl.write_text("#!/bin/sh\nexit 0\n")
    systemctl.chmod(0o755)
    file = tmp_path / "unit.toml"
    file.write_text(
        f'[unit]\nname = "u1"\ndata_dir = "{tmp_path}/data"\nrun_dir = "{tmp_path}/run"\n'
        f'[update]\ndir = "{tmp_path}/ota"\nmirrors = ["file://{tmp_path}"]\n'
        f'metered = {metered}\n[host]\nsystemctl = "{systemctl}"\n'
    )
    settings = load_settings(file)
    block(settings.database)
    current = put_on_trial(settings.update.dir)
    journal = Journal(Disk(), settings.update.dir / JOURNAL)
    now = settings.make_clock().stamp()
    journal.append(Record(replace(now, uptime_s=now.uptime_s - 900), step, "r1", "ab" * 32, ""))
    check_in(file)
    progress = Progress.fold(journal.read())
    assert progress.failures["ab" * 32].release == "r1"
    assert not current.is_symlink()


def put_on_trial(directory: Path) -> Path:
    sha256 = "cd" * 32
    (directory / "content" / sha256).mkdir(parents=True)
    current = directory / "pointers/app/current"
    current.parent.mkdir(parents=True)
    current.symlink_to(f"../../content/{sha256}")
    return current


def check_in(file: Path) -> None:
    command = [sys.executable, "-m", "ota.checkin", "--settings", str(file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
